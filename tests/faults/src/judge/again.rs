//! What was interrupted by kills, how soon it was started elsewhere, and what was executed again.

use super::case::{Case, found};
use crate::life::Kill;
use crate::verdict::{Times, Verdict};
use std::time::Duration;

/// How attempts end that come to nothing.
const SETBACKS: [&str; 3] = ["interrupted", "deferred", "failed"];

/// Judges what was executed again, and `again`, how soon what was under way at a kill was started again; says how
/// many kills interrupted something that the killed host held.
pub(super) fn judge(
    verdict: &mut Verdict,
    cases: &[Case<'_>],
    kills: &[Kill],
    again: Option<Duration>,
) -> usize {
    let attempts = || cases.iter().flat_map(|case| &case.attempts);
    let steps = || cases.iter().filter_map(|case| case.job).flat_map(|job| &job.steps);
    let told = SETBACKS.map(|name| format!("{} {name}", steps().filter(|step| step.step == name).count()));
    verdict.figure("attempts set back", told.join(", "));
    let hit = attempts().filter(|attempt| attempt.hit(kills).is_some()).count();
    verdict.figure("attempts interrupted by a kill", hit);
    verdict.figure("executed again", cases.iter().map(Case::more).sum::<usize>());
    let redelivered = attempts().filter_map(|attempt| {
        Some(Duration::from_millis(attempt.again?.saturating_sub(attempt.hit(kills)?.at)))
    });
    let (name, redelivered) = ("started again after a kill", redelivered.collect::<Times>());
    match again {
        Some(bound) => verdict.within(name, &redelivered, 99, bound),
        None => verdict.figure(name, redelivered),
    }
    if kills.is_empty() {
        return 0;
    }
    verdict.none("executed again without a kill", &found(cases, |case| case.unexcused(kills)));
    let hits = kills.iter().filter(|kill| cases.iter().any(|case| case.fell_with(kill))).count();
    verdict.figure("kills that interrupted something", hits);
    hits
}

impl Case<'_> {
    /// Executed again more often than kills can have been why.
    fn unexcused(&self, kills: &[Kill]) -> Option<String> {
        let held = self.attempts.iter().zip(&self.holders);
        let excused =
            held.filter(|(attempt, holder)| attempt.is_excused(holder.as_deref(), kills, self.effects));
        let (count, excused) = (self.effects.len(), excused.count());
        (self.more() > excused).then(|| {
            let effects: Vec<_> = self.effects.iter().map(|effect| (effect.at_ms, effect.over_ms)).collect();
            format!("{count} effects, {excused} attempts ended by kills; {effects:?}; {}", self.told())
        })
    }

    /// Whether an attempt at it was interrupted since the host that held it was killed then.
    fn fell_with(&self, kill: &Kill) -> bool {
        let mut held = self.attempts.iter().zip(&self.holders);
        held.any(|(attempt, holder)| attempt.fell_with(holder.as_deref(), kill))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::effects::Effect;
    use crate::ledger::Entry;
    use crate::life::Attempt;
    use std::time::Instant;

    #[test]
    fn each_execution_beside_the_first_needs_a_kill_of_its_own() {
        let attempt = |began| Attempt {
            life: String::new(),
            began,
            over: Some(began + 50),
            again: Some(began + 100),
            interrupted: began < 300,
        };
        let effect = |at_ms| Effect { at: Instant::now(), at_ms, over_ms: Some(at_ms) };
        let (entry, effects) = (Entry::default(), [110, 210, 310].map(effect));
        let attempts = [100, 200, 300].map(attempt).into();
        let holders = ["a", "b", "c"].map(|host| Some(host.to_owned())).into();
        let case = Case { key: "k", entry: &entry, job: None, attempts, holders, rows: 1, effects: &effects };
        let kill = |at, host: &str| Kill { at, host: host.to_owned() };
        assert_eq!(case.unexcused(&[kill(120, "a"), kill(220, "b")]), None);
        let said = case.unexcused(&[kill(120, "a"), kill(320, "b")]).unwrap();
        assert!(said.starts_with("3 effects, 1 attempts ended by kills"), "{said}");
        assert!(case.fell_with(&kill(120, "a")) && !case.fell_with(&kill(120, "b")));
    }
}
