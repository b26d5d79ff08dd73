//! Whether a job's life makes sense, and which of its attempts a fault may have hit.

use crate::books::{Job, Step};

/// One attempt at a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
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
                attempts.push(Attempt { began: step.at, over: None, again: None, interrupted: false });
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
    /// host that had it, or of the one that served it.
    pub fn hit(&self, kills: &[u64]) -> Option<u64> {
        let over = self.over.filter(|_| self.interrupted)?;
        kills.iter().copied().filter(|kill| (self.began..=over).contains(kill)).min()
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
            detail: String::new(),
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
        let first = Attempt { began: 200, over: Some(300), again: Some(400), interrupted: true };
        let second = Attempt { began: 400, over: Some(500), again: None, interrupted: false };
        assert_eq!(attempts, [first, second]);
        assert_eq!(first.hit(&[100, 250, 260, 450]), Some(250));
        assert_eq!(first.hit(&[100, 450]), None);
        assert_eq!(second.hit(&[450]), None, "it was under way then, and nothing came of it");
    }
}
