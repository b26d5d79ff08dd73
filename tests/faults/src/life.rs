//! Whether a job's life makes sense, and which of its attempts a fault may have hit.

use crate::books::{Job, Step};
use crate::effects::Effect;

/// A host that was killed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kill {
    /// When, in Unix milliseconds.
    pub at: u64,
    /// The host.
    pub host: String,
}

/// One attempt at a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The life of the host that held it.
    pub life: String,
    /// When it was started, in Unix milliseconds.
    pub began: u64,
    /// When that was over, by the system's own words.
    pub over: Option<u64>,
    /// When the job was started again.
    pub again: Option<u64>,
    /// Whether the host that had it died, by the system's own words.
    pub interrupted: bool,
}

/// What is wrong with a life: its steps are numbered without gaps, each attempt is started once and ended once,
/// by whoever had the job then, and nothing follows the end.
pub fn defect(job: &Job) -> Option<String> {
    let steps = &job.steps;
    let (mut running, mut attempts, mut over) = (None, 0, None);
    for (step, expected) in steps.iter().zip(1..) {
        let wrong =
            |what: &str| Some(format!("{what}: step {} ({}, attempt {})", step.seq, step.step, step.attempt));
        if step.seq != expected {
            return wrong("a gap before");
        }
        if let Some(over) = over {
            return wrong(&format!("{over}, and then"));
        }
        match step.step.as_str() {
            "accepted" if expected == 1 => {}
            "started" if running.is_none() && step.attempt == attempts + 1 => {
                (running, attempts) = (Some(step.attempt), step.attempt);
            }
            "failed" | "interrupted" | "deferred" if running == Some(step.attempt) => running = None,
            "done" if running == Some(step.attempt) => over = Some("done"),
            "dead" => over = Some("dead"),
            "cancelled" => over = Some("cancelled"),
            "cancelling" => {}
            _ => return wrong("out of turn"),
        }
    }
    (over.is_none_or(|over| over != job.state))
        .then(|| format!("{} by its row, {over:?} by its steps", job.state))
}

/// The attempts at a job.
pub fn attempts(steps: &[Step]) -> Vec<Attempt> {
    let mut attempts = Vec::<Attempt>::new();
    for step in steps {
        match (step.step.as_str(), attempts.last_mut()) {
            ("started", last) => {
                if let Some(last) = last {
                    last.again = Some(step.at);
                }
                let life = step.detail.clone();
                attempts.push(Attempt { life, began: step.at, over: None, again: None, interrupted: false });
            }
            ("accepted" | "cancelling", _) | (_, None) => {}
            (name, Some(last)) => {
                last.over = last.over.or(Some(step.at));
                last.interrupted |= name == "interrupted";
            }
        }
    }
    attempts
}

impl Attempt {
    /// The first of these kills that it was under way at, if one interrupted it: any of them may have been of the
    /// host that held it, or of the one that served it.
    pub fn hit<'a>(&self, kills: &'a [Kill]) -> Option<&'a Kill> {
        kills.iter().filter(|kill| self.may_end_by(kill)).min_by_key(|kill| kill.at)
    }

    /// Whether this kill was of `holder`, the host that held it, and interrupted it.
    pub fn fell_with(&self, holder: Option<&str>, kill: &Kill) -> bool {
        self.may_end_by(kill) && holder == Some(&kill.host)
    }

    /// Whether one of these kills is why it came to nothing after one of the job's `effects`: the kill was of its
    /// host, or may have been of whoever served it and had an effect in flight.
    pub fn is_excused(&self, holder: Option<&str>, kills: &[Kill], effects: &[Effect]) -> bool {
        let own = || effects.iter().filter(|effect| effect.at_ms >= self.began);
        let in_flight = |kill: &Kill| own().any(|effect| effect.was_in_flight(kill.at));
        kills.iter().any(|kill| self.fell_with(holder, kill) || (self.may_end_by(kill) && in_flight(kill)))
    }

    /// Whether it was interrupted, and under way at that kill.
    fn may_end_by(&self, kill: &Kill) -> bool {
        self.interrupted && self.over.is_some_and(|over| (self.began..=over).contains(&kill.at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn job(state: &str, steps: &[(&str, u64)]) -> Job {
        let step = |((step, attempt), seq): (&(&str, u64), u64)| Step {
            seq,
            at: seq * 100,
            step: (*step).to_owned(),
            attempt: *attempt,
            detail: "a".to_owned(),
        };
        let steps = steps.iter().zip(1..).map(step).collect();
        Job { state: state.to_owned(), outcome: Value::Null, key: String::new(), steps }
    }

    #[test]
    fn a_life_that_makes_sense_has_no_defect() {
        let good = [("accepted", 0), ("started", 1), ("interrupted", 1), ("started", 2), ("done", 2)];
        assert_eq!(defect(&job("done", &good)), None);
        let poison = [("accepted", 0), ("started", 1), ("interrupted", 1), ("dead", 1)];
        assert_eq!(defect(&job("dead", &poison)), None);
    }

    #[test]
    fn each_kind_of_nonsense_is_named() {
        let twice = [("accepted", 0), ("started", 1), ("done", 1), ("done", 1)];
        assert!(defect(&job("done", &twice)).unwrap().starts_with("done, and then"));
        let stale = [("accepted", 0), ("started", 1), ("interrupted", 1), ("started", 2), ("done", 1)];
        assert!(defect(&job("done", &stale)).unwrap().starts_with("out of turn"));
        let mut gap = job("done", &[("accepted", 0), ("started", 1), ("done", 1)]);
        gap.steps.remove(1);
        assert!(defect(&gap).unwrap().starts_with("a gap before"));
        let open = job("running", &[("accepted", 0), ("started", 1)]);
        assert_eq!(defect(&open).unwrap(), "running by its row, None by its steps");
    }

    #[test]
    fn attempts_know_when_they_were_under_way() {
        let steps = [("accepted", 0), ("started", 1), ("interrupted", 1), ("started", 2), ("done", 2)];
        let attempts = attempts(&job("done", &steps).steps);
        let [first, second] = two();
        assert_eq!(attempts, [first.clone(), second.clone()]);
        let hit = |attempt: &Attempt, at: &[u64]| attempt.hit(&kills("a", at)).map(|kill| kill.at);
        assert_eq!(hit(&first, &[100, 250, 260, 450]), Some(250));
        assert_eq!(hit(&first, &[100, 450]), None);
        assert_eq!(hit(&second, &[450]), None, "it was under way then, and nothing came of it");
    }

    #[test]
    fn only_a_kill_of_who_had_it_excuses_that_it_is_run_again() {
        let [first, second] = two();
        let excused = |attempt: &Attempt, host, at, effects: &[Effect]| {
            attempt.is_excused(Some("a"), &kills(host, &[at]), effects)
        };
        assert!(excused(&first, "a", 250, &[]), "its host");
        assert!(!excused(&first, "a", 350, &[]), "that was over then");
        assert!(!excused(&first, "b", 250, &[]), "another host, and nobody knows of an effect");
        let effect = |at_ms, over_ms| Effect { at: std::time::Instant::now(), at_ms, over_ms };
        assert!(excused(&first, "b", 290, &[effect(250, Some(260))]), "whoever made the effect");
        assert!(excused(&first, "b", 290, &[effect(250, None)]));
        assert!(!excused(&second, "a", 450, &[effect(450, None)]), "nothing interrupted it");
        let long = Attempt { over: Some(9_000), ..first };
        assert!(!excused(&long, "b", 5_000, &[effect(250, Some(260))]), "its result was told long before");
        assert!(!excused(&long, "b", 5_000, &[effect(100, None)]), "that is an effect of an earlier attempt");
    }

    fn two() -> [Attempt; 2] {
        let attempt = |began, again, interrupted| Attempt {
            life: "a".to_owned(),
            began,
            over: Some(began + 100),
            again,
            interrupted,
        };
        [attempt(200, Some(400), true), attempt(400, None, false)]
    }

    fn kills(host: &str, at: &[u64]) -> Vec<Kill> {
        at.iter().map(|at| Kill { at: *at, host: host.to_owned() }).collect()
    }
}
