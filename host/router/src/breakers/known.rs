//! What this host knows of breakers, by what it did itself and by asking the bus each second.

use parking_lot::RwLock;
use skep_bus::BreakerOf;
use skep_core::{BreakerSeen, BreakerState, CallId, DomainName, SkillName, millis};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How often a host asks the bus which skills fail.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What this host knows of the breakers that aren't as new.
#[derive(Default)]
pub(crate) struct Breakers(RwLock<HashMap<DomainName, HashMap<SkillName, Known>>>);

/// A breaker, and when it was seen so.
#[derive(Clone, Copy)]
struct Known {
    seen: BreakerSeen,
    at: Instant,
    /// The call of this host that tries the skill.
    trial: Option<CallId>,
}

impl Known {
    /// What was seen just now, after what was known before. While it is half open, a try goes on.
    fn following(before: Option<&Self>, seen: BreakerSeen) -> Self {
        let trial = before.and_then(|known| known.trial).filter(|_| seen.state == BreakerState::HalfOpen);
        Self { seen, at: Instant::now(), trial }
    }

    /// How it stands by now, as far as time alone changed it.
    fn now(self) -> BreakerSeen {
        let Self { mut seen, at, .. } = self;
        let passed_ms = millis(at.elapsed());
        seen.wait_ms = seen.wait_ms.saturating_sub(passed_ms);
        if seen.state == BreakerState::Open && seen.wait_ms == 0 {
            seen.state = BreakerState::HalfOpen;
        }
        seen
    }

    fn is_open(self) -> bool {
        self.now().state == BreakerState::Open
    }
}

impl Breakers {
    /// How a breaker stands, if it isn't as new.
    pub(crate) fn of(&self, domain: &DomainName, skill: &SkillName) -> Option<BreakerSeen> {
        let known = self.0.read().get(domain)?.get(skill)?.now();
        (known.failures > 0).then_some(known)
    }

    /// Remembers how a breaker was seen just now.
    pub(super) fn learn(&self, domain: &DomainName, skill: &SkillName, seen: BreakerSeen) {
        let mut all = self.0.write();
        let of_domain = all.entry(domain.clone()).or_default();
        let known = of_domain.get(skill);
        // Notes overtake each other, and none but the last of many failures was told that it opened.
        let older = seen.state == BreakerState::Closed && seen.failures > 0;
        if !(older && known.is_some_and(|known| known.is_open())) {
            let known = Known::following(known, seen);
            of_domain.insert(skill.clone(), known);
        }
    }

    /// Takes over what the bus was asked for at `asked`, but for what was learnt since.
    pub(super) fn learn_all(&self, asked: Instant, listed: Vec<BreakerOf>) {
        let mut all = self.0.write();
        let before = std::mem::take(&mut *all);
        for BreakerOf { domain, skill, seen } in listed {
            let known = before.get(&domain).and_then(|of_domain| of_domain.get(&skill));
            let known = Known::following(known, seen);
            all.entry(domain).or_default().insert(skill, known);
        }
        for (domain, of_domain) in before {
            for (skill, known) in of_domain.into_iter().filter(|(_, known)| known.at > asked) {
                all.entry(domain.clone()).or_default().insert(skill, known);
            }
        }
    }

    /// A call of this host tries a skill: until more is known, others need not ask.
    pub(super) fn tries(&self, domain: &DomainName, skill: &SkillName, call: CallId) {
        if let Some(known) = self.0.write().get_mut(domain).and_then(|of_domain| of_domain.get_mut(skill)) {
            known.seen.wait_ms = LOOK_EVERY.as_millis() as u64;
            (known.seen.state, known.at, known.trial) = (BreakerState::HalfOpen, Instant::now(), Some(call));
        }
    }

    /// Whether this call of this host is the one that tries a skill.
    pub(super) fn is_tried_by(&self, domain: &DomainName, skill: &SkillName, call: CallId) -> bool {
        let all = self.0.read();
        let known = all.get(domain).and_then(|of_domain| of_domain.get(skill));
        known.is_some_and(|known| known.trial == Some(call))
    }

    /// How many are open.
    pub(crate) fn open(&self) -> usize {
        self.0.read().values().flat_map(HashMap::values).filter(|known| known.is_open()).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skep_core::FaultCode;

    fn seen(state: BreakerState, failures: u32, wait_ms: u64) -> BreakerSeen {
        BreakerSeen { state, failures, why: Some(FaultCode::Trapped), wait_ms }
    }

    fn names() -> (DomainName, SkillName) {
        (DomainName::default(), "weak".parse().unwrap())
    }

    #[test]
    fn what_is_known_ages_and_newer_knowledge_stands() {
        let (breakers, (domain, skill)) = (Breakers::default(), names());
        let of = || breakers.of(&domain, &skill).map(|seen| seen.state);
        let listed = |seen| vec![BreakerOf { domain: domain.clone(), skill: skill.clone(), seen }];
        let early = Instant::now();
        breakers.learn(&domain, &skill, seen(BreakerState::Open, 3, 60_000));
        breakers.learn(&domain, &skill, seen(BreakerState::Closed, 2, 0));
        assert_eq!((of(), breakers.open()), (Some(BreakerState::Open), 1));
        // What was asked for before that is older.
        breakers.learn_all(early, listed(seen(BreakerState::Closed, 2, 0)));
        assert_eq!(of(), Some(BreakerState::Open));
        breakers.learn_all(Instant::now(), listed(seen(BreakerState::Open, 3, 0)));
        assert_eq!((of(), breakers.open()), (Some(BreakerState::HalfOpen), 0));
        let early = Instant::now();
        breakers.learn(&domain, &skill, BreakerSeen::CLEAR);
        breakers.learn_all(early, listed(seen(BreakerState::Open, 3, 60_000)));
        assert_eq!(of(), None);
        breakers.learn(&domain, &skill, seen(BreakerState::HalfOpen, 3, 0));
        let call = CallId::fresh();
        breakers.tries(&domain, &skill, call);
        breakers.learn_all(Instant::now(), listed(seen(BreakerState::HalfOpen, 3, 500)));
        assert!(breakers.is_tried_by(&domain, &skill, call));
        breakers.learn(&domain, &skill, BreakerSeen::CLEAR);
        assert!(!breakers.is_tried_by(&domain, &skill, call));
        breakers.learn_all(Instant::now(), Vec::new());
        assert!(breakers.0.read().is_empty());
    }
}
