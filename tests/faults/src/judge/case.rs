//! One job from all sides, and what may be wrong with it.

use crate::books::{Job, Step};
use crate::effects::{Effect, number};
use crate::ledger::Entry;
use crate::life::{Attempt, attempts};
use std::collections::HashMap;

/// What is known of one job from all sides.
pub(super) struct Case<'a> {
    pub(super) key: &'a str,
    pub(super) entry: &'a Entry,
    pub(super) job: Option<&'a Job>,
    pub(super) attempts: Vec<Attempt>,
    /// The host that held each attempt.
    pub(super) holders: Vec<Option<String>>,
    /// Jobs in the database with its key.
    pub(super) rows: usize,
    pub(super) effects: &'a [Effect],
}

/// The cases of all jobs that were submitted.
pub(super) fn cases<'a>(
    entries: &'a HashMap<String, Entry>,
    jobs: &'a HashMap<String, Job>,
    effects: &'a HashMap<String, Vec<Effect>>,
    host_of: impl Fn(&str) -> Option<String>,
) -> Vec<Case<'a>> {
    let mut rows = HashMap::<&str, usize>::new();
    jobs.values().for_each(|job| *rows.entry(&job.key).or_default() += 1);
    let case = |(key, entry): (&'a String, &'a Entry)| {
        let job = entry.ids.first().and_then(|id| jobs.get(id));
        let attempts = job.map(|job| attempts(&job.steps)).unwrap_or_default();
        let holders = attempts.iter().map(|attempt| host_of(&attempt.life)).collect();
        let rows = rows.get(key.as_str()).copied().unwrap_or(0);
        let effects = effects.get(key).map(Vec::as_slice).unwrap_or_default();
        Case { key, entry, job, attempts, holders, rows, effects }
    };
    entries.iter().map(case).collect()
}

/// What a question finds wrong, with the case's names.
pub(super) fn found<'a>(cases: &[Case<'a>], wrong: impl Fn(&Case<'a>) -> Option<String>) -> Vec<String> {
    let named = |case: &Case<'a>| Some(format!("{} {:?}: {}", case.key, case.entry.ids, wrong(case)?));
    cases.iter().filter_map(named).collect()
}

impl Case<'_> {
    pub(super) fn lost(&self) -> Option<String> {
        match self.job {
            None => (!self.entry.ids.is_empty()).then(|| "no such job".to_owned()),
            Some(job) if job.key != self.key => Some(format!("its key is {}", job.key)),
            Some(job) => ["waiting", "running"].contains(&job.state.as_str()).then(|| job.state.clone()),
        }
    }

    pub(super) fn twice(&self) -> Option<String> {
        (self.entry.ids.len() > 1 || self.rows > 1).then(|| "one key, several jobs".to_owned())
    }

    pub(super) fn changed(&self) -> Option<String> {
        let (seen, now) = (self.entry.seen.as_ref()?, &self.job?.outcome);
        (seen != now).then(|| format!("was {seen}, is {now}"))
    }

    /// A result that isn't that of an execution, or of one that was before the last attempt: it is somebody's who had
    /// the job no more.
    pub(super) fn stale(&self) -> Option<String> {
        let job = self.done()?;
        let said = job.outcome["output"]["body"].as_str();
        let number = said.and_then(|said| number(self.key, said));
        let effect = number.and_then(|number| self.effects.get(number.checked_sub(1)?));
        let began = self.attempts.last().map_or(u64::MAX, |last| last.began);
        match effect {
            None => Some(format!("{}, of {} effects", job.outcome, self.effects.len())),
            Some(effect) => (effect.at_ms < began).then(|| {
                format!("{said:?} is of {}, before the last attempt; {}", effect.at_ms, self.told())
            }),
        }
    }

    pub(super) fn dead(&self) -> Option<String> {
        let job = self.job.filter(|job| job.state != "done")?;
        Some(format!("{}: {}", job.state, self.told()))
    }

    pub(super) fn unstarted(&self) -> Option<String> {
        let (count, starts) = (self.effects.len(), self.attempts.len());
        // What was never accepted for certain may have been all the same.
        (self.job.is_some() && count > starts)
            .then(|| format!("{count} effects, {starts} starts; {}", self.told()))
    }

    /// What the audit must have of it: that it was accepted, which is committed with it; and if `calls` can't be
    /// lost, the one that it was done by.
    pub(super) fn records(&self, calls: bool) -> Vec<String> {
        let submits = self.entry.ids.iter().map(|id| format!("submit job {id}"));
        let done = self.done().filter(|_| calls).zip(self.entry.ids.first());
        let call = done.and_then(|(job, id)| {
            let last = job.steps.iter().rfind(|step| step.step == "started")?;
            Some(format!("call job {id}, attempt {}", last.attempt))
        });
        submits.chain(call).collect()
    }

    /// Its executions beside the first.
    pub(super) fn more(&self) -> usize {
        self.effects.len().saturating_sub(1)
    }

    /// Its life.
    pub(super) fn told(&self) -> String {
        let step = |step: &Step| format!("{} {} {}", step.at, step.step, step.detail);
        self.job.iter().flat_map(|job| &job.steps).map(step).collect::<Vec<_>>().join("; ")
    }

    fn done(&self) -> Option<&Job> {
        self.job.filter(|job| job.state == "done")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::time::Instant;

    fn step(at: u64, step: &str, attempt: u64) -> Step {
        Step { seq: at / 100, at, step: step.to_owned(), attempt, detail: "life".to_owned() }
    }

    /// What `ask` says of a job that was done by its second attempt, which began at 400, and came to `output`.
    fn asked<T>(output: Value, effects: &[u64], ask: impl Fn(&Case<'_>) -> T) -> T {
        let steps = vec![
            step(100, "accepted", 0),
            step(200, "started", 1),
            step(300, "interrupted", 1),
            step(400, "started", 2),
            step(500, "done", 2),
        ];
        let (state, outcome) = ("done".to_owned(), json!({ "state": "done", "output": output }));
        let jobs = HashMap::from([("id".to_owned(), Job { state, outcome, key: "k".to_owned(), steps })]);
        let entries = HashMap::from([("k".to_owned(), Entry { ids: vec!["id".to_owned()], seen: None })]);
        let effect = |at: &u64| Effect { at: Instant::now(), at_ms: *at, over_ms: None };
        let effects = HashMap::from([("k".to_owned(), effects.iter().map(effect).collect())]);
        ask(&cases(&entries, &jobs, &effects, |life| Some(life.to_owned()))[0])
    }

    #[test]
    fn a_result_is_that_of_an_execution_of_the_last_attempt() {
        let stale =
            |body: &str, effects: &[u64]| asked(json!({ "body": body }), effects, |case| case.stale());
        assert_eq!(stale("k 2", &[250, 450]), None);
        assert_eq!(stale("k 1", &[450]), None, "the first attempt made none");
        assert!(stale("k 1", &[250, 450]).unwrap().contains("before the last attempt"));
        for nonsense in ["k 3", "k 0", "other 1", "k"] {
            assert!(stale(nonsense, &[250, 450]).unwrap().contains("of 2 effects"), "{nonsense}");
        }
        assert!(asked(json!({ "error": "ConnectionRefused" }), &[450], |case| case.stale()).is_some());
    }

    #[test]
    fn the_audit_must_tell_of_the_acceptance_and_of_the_last_attempt() {
        let records = |calls| asked(json!(null), &[], |case| case.records(calls));
        assert_eq!(records(true), ["submit job id", "call job id, attempt 2"]);
        assert_eq!(records(false), ["submit job id"]);
    }
}
