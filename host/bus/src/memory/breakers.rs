//! Breakers in memory.

use super::MemoryBus;
use crate::BusError;
use crate::breakers::{BreakerOf, Breakers, Noted};
use async_trait::async_trait;
use skep_core::{
    Admission, Breaker, BreakerRules, BreakerSeen, BreakerState, CallId, DomainName, Ending, SkillName,
};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// The breakers of all skills, and since when there are any.
pub(super) struct Books {
    began: Instant,
    domains: HashMap<DomainName, HashMap<SkillName, Breaker>>,
}

impl Default for Books {
    fn default() -> Self {
        Self { began: Instant::now(), domains: HashMap::new() }
    }
}

impl Books {
    fn now_ms(&self) -> u64 {
        self.began.elapsed().as_millis() as u64
    }

    fn of(&mut self, domain: &DomainName) -> &mut HashMap<SkillName, Breaker> {
        self.domains.entry(domain.clone()).or_default()
    }
}

#[async_trait]
impl Breakers for MemoryBus {
    async fn breaker_ask(
        &self,
        domain: &DomainName,
        skill: &SkillName,
        call: CallId,
        within: Duration,
    ) -> Result<Admission, BusError> {
        self.check_domain(domain)?;
        let mut books = self.breakers.lock();
        let now_ms = books.now_ms();
        let breaker = books.of(domain).get_mut(skill).filter(|breaker| !breaker.is_clear(now_ms));
        let within_ms = within.as_millis() as u64;
        Ok(breaker.map_or(Admission::Free, |breaker| breaker.ask(call, within_ms, now_ms)))
    }

    async fn breaker_note(
        &self,
        domain: &DomainName,
        skill: &SkillName,
        call: CallId,
        ending: Ending,
        rules: &BreakerRules,
    ) -> Result<Noted, BusError> {
        self.check_domain(domain)?;
        let mut books = self.breakers.lock();
        let now_ms = books.now_ms();
        let breakers = books.of(domain);
        let known = breakers.remove(skill).filter(|breaker| !breaker.is_clear(now_ms));
        if known.is_none() && breakers.len() >= self.limits.breakers_max {
            return Ok(Noted { seen: BreakerSeen::CLEAR, became: None });
        }
        let mut breaker = known.unwrap_or_default();
        let became = breaker.note(call, ending, rules, now_ms);
        let seen = breaker.seen(now_ms);
        if !breaker.is_clear(now_ms) {
            breakers.insert(skill.clone(), breaker);
        }
        Ok(Noted { seen, became })
    }

    async fn breaker_reset(&self, domain: &DomainName, skill: &SkillName) -> Result<bool, BusError> {
        self.check_domain(domain)?;
        let mut books = self.breakers.lock();
        let now_ms = books.now_ms();
        let forgotten = books.of(domain).remove(skill);
        Ok(forgotten.is_some_and(|breaker| breaker.seen(now_ms).state != BreakerState::Closed))
    }

    async fn breakers(&self) -> Result<Vec<BreakerOf>, BusError> {
        drop(self.open_state()?);
        let mut books = self.breakers.lock();
        let now_ms = books.now_ms();
        let mut all = Vec::new();
        for (domain, breakers) in &mut books.domains {
            breakers.retain(|_, breaker| !breaker.is_clear(now_ms));
            all.extend(breakers.iter().map(|(skill, breaker)| BreakerOf {
                domain: domain.clone(),
                skill: skill.clone(),
                seen: breaker.seen(now_ms),
            }));
        }
        Ok(all)
    }
}
