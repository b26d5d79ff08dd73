//! What an attempt at a job came to, and whether there is another one.

use super::{INTERRUPTIONS_MAX, Job, JobStep, STARTS_MAX};
use crate::{Fault, FaultCode, UnixMs};
use bytes::Bytes;
use std::time::Duration;

/// How long a job waits that failed.
const AFTER_FAILURE: Backoff = Backoff { first: Duration::from_secs(1), most: Duration::from_secs(300) };
/// How long a job waits whose host died: it isn't to blame.
const AFTER_DEATH: Backoff = Backoff { first: Duration::from_millis(200), most: Duration::from_secs(5) };
/// How long a job waits that could not run. As often as it may be started, that takes more than a day.
const AFTER_DEFERRAL: Backoff = Backoff { first: Duration::from_millis(200), most: Duration::from_secs(180) };
/// Longest text of a fault that is kept, in bytes.
const FAULT_BYTES_MAX: usize = 64 << 10;

/// Why an attempt came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setback {
    /// It ran and failed.
    Failed,
    /// The host that ran it died.
    Interrupted,
    /// It could not run, or its end was lost on the way; nobody's fault.
    Deferred,
}

impl Setback {
    /// What it is called among the steps of a job.
    pub fn step(self) -> JobStep {
        match self {
            Self::Failed => JobStep::Failed,
            Self::Interrupted => JobStep::Interrupted,
            Self::Deferred => JobStep::Deferred,
        }
    }
}

/// What an attempt came to.
#[derive(Debug, Clone, PartialEq)]
pub enum JobEnd {
    /// It is done, with this output.
    Done(Bytes),
    /// It came to nothing and is tried again, not before this.
    Again(Setback, Fault, UnixMs),
    /// It came to nothing, and trying again won't mend it.
    Dead(Setback, Fault),
    /// It was stopped because somebody wanted it so.
    Cancelled,
}

impl Job {
    /// What an attempt comes to that came to nothing: another one after a while, unless its bounds are reached.
    /// `chance` is evenly spread from 0 to 1.
    pub fn set_back(&self, setback: Setback, mut fault: Fault, now: UnixMs, chance: f64) -> JobEnd {
        fault.message.truncate(fault.message.floor_char_boundary(FAULT_BYTES_MAX));
        if self.cancelling {
            return JobEnd::Cancelled;
        }
        if let Some(why) = self.gives_up(setback, &fault) {
            return JobEnd::Dead(setback, Fault { message: format!("{}; {why}", fault.message), ..fault });
        }
        let wait = match setback {
            Setback::Failed => AFTER_FAILURE.after(self.failures + 1, chance),
            Setback::Interrupted => AFTER_DEATH.after(self.interruptions + 1, chance),
            Setback::Deferred => AFTER_DEFERRAL.after(self.starts(), chance),
        };
        let asked = Duration::from_millis(fault.retry_after_ms.unwrap_or(0)).min(AFTER_FAILURE.most);
        let due = now.after(wait.max(asked));
        match due < self.expires {
            true => JobEnd::Again(setback, fault, due),
            false => {
                let message = format!("{}; its time is over", fault.message);
                JobEnd::Dead(setback, Fault { message, ..fault })
            }
        }
    }

    /// Why there is no further attempt, if so.
    fn gives_up(&self, setback: Setback, fault: &Fault) -> Option<String> {
        match setback {
            Setback::Failed if !self.may_run_again(fault.code) => {
                Some("trying again alone won't mend it".to_owned())
            }
            Setback::Failed if self.failures + 1 >= self.terms.attempts_max => {
                Some(format!("it failed {} times, as often as it may", self.failures + 1))
            }
            Setback::Interrupted if self.interruptions + 1 >= INTERRUPTIONS_MAX => {
                Some(format!("{INTERRUPTIONS_MAX} hosts died while they ran it: it may be what kills them"))
            }
            // A host of before there were `attempts_before` lets it be tried again as well: that's beyond the bound.
            _ if self.starts().is_multiple_of(STARTS_MAX) => {
                Some(format!("it was started {} times", self.starts()))
            }
            _ => None,
        }
    }

    /// How often it was started since somebody last let it be tried again.
    fn starts(&self) -> u32 {
        self.attempt.saturating_sub(self.attempts_before)
    }

    fn may_run_again(&self, code: FaultCode) -> bool {
        code.retryable(self.terms.idempotent)
    }
}

/// The chance of the `nth` job of those that are set back together, if the first has `chance`: evenly spread however
/// many there are, in steps of the golden ratio.
pub fn spread(chance: f64, nth: usize) -> f64 {
    (chance + nth as f64 * 0.618_033_988_75).fract()
}

/// How long a job waits before it is tried again: exponential, with full jitter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Backoff {
    /// The longest wait after the first attempt; it doubles with each.
    first: Duration,
    /// The longest wait of all.
    most: Duration,
}

impl Backoff {
    /// The wait after so many attempts; `chance` is evenly spread from 0 to 1.
    fn after(self, attempts: u32, chance: f64) -> Duration {
        let doubled = 2_u32.saturating_pow(attempts.saturating_sub(1));
        self.first.saturating_mul(doubled).min(self.most).mul_f64(chance.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{JobId, JobState, JobTerms, Lane, Target};

    #[test]
    fn waits_double_up_to_a_bound_and_are_spread_from_nothing() {
        let backoff = Backoff { first: Duration::from_secs(1), most: Duration::from_secs(10) };
        let most: Vec<_> = (1..6).map(|n| backoff.after(n, 1.0).as_secs()).collect();
        assert_eq!(most, [1, 2, 4, 8, 10]);
        assert_eq!(backoff.after(u32::MAX, 1.0), Duration::from_secs(10));
        assert_eq!(backoff.after(3, 0.0), Duration::ZERO);
    }

    fn job(idempotent: bool) -> Job {
        let target = Target {
            domain: "main".parse().unwrap(),
            skill: "echo".parse().unwrap(),
            version: None,
            tool: None,
        };
        let terms = JobTerms {
            chain: Vec::new(),
            timeout_ms: None,
            within_ms: 3_600_000,
            attempts_max: 3,
            allowance: crate::Allowance::Unmetered,
            idempotent,
            task: false,
            trace: None,
        };
        Job {
            id: JobId::fresh(),
            to: target,
            lane: Lane::No,
            state: JobState::Running,
            accepted: UnixMs(0),
            due: UnixMs(0),
            expires: UnixMs(3_600_000),
            attempt: 1,
            attempts_before: 0,
            fence: 1,
            failures: 0,
            interruptions: 0,
            host: None,
            cancelling: false,
            ended: None,
            idempotency_key: None,
            result: None,
            terms,
        }
    }

    fn after(job: &Job, setback: Setback, fault: Fault) -> JobEnd {
        job.set_back(setback, fault, UnixMs(1_000), 1.0)
    }

    #[test]
    fn only_what_may_run_again_does_and_only_so_often() {
        let trap = || Fault::new(FaultCode::Trapped, "t");
        assert!(matches!(after(&job(false), Setback::Failed, trap()), JobEnd::Dead(..)));
        assert!(matches!(after(&job(false), Setback::Failed, Fault::tool_error("e")), JobEnd::Dead(..)));
        let mut job = job(true);
        assert_eq!(
            after(&job, Setback::Failed, trap()),
            JobEnd::Again(Setback::Failed, trap(), UnixMs(2_000))
        );
        job.failures = 2;
        let JobEnd::Dead(_, fault) = after(&job, Setback::Failed, trap()) else { panic!("a third failure") };
        assert!(fault.message.contains("3 times"), "{fault}");
        job.cancelling = true;
        assert_eq!(after(&job, Setback::Failed, trap()), JobEnd::Cancelled);
    }

    #[test]
    fn hosts_that_die_are_borne_a_few_times_and_what_is_nobodys_fault_until_time_is_over() {
        let mut job = job(false);
        let died = || Fault::interrupted("d");
        assert!(matches!(after(&job, Setback::Interrupted, died()), JobEnd::Again(..)));
        job.interruptions = INTERRUPTIONS_MAX - 1;
        assert!(matches!(after(&job, Setback::Interrupted, died()), JobEnd::Dead(..)));
        let away = || Fault { retry_after_ms: Some(60_000), ..Fault::unavailable("a") };
        assert_eq!(
            after(&job, Setback::Deferred, away()),
            JobEnd::Again(Setback::Deferred, away(), UnixMs(61_000))
        );
        job.expires = UnixMs(60_000);
        assert!(matches!(after(&job, Setback::Deferred, away()), JobEnd::Dead(..)));
        job.expires = UnixMs(3_600_000);
        job.attempt = STARTS_MAX;
        assert!(matches!(after(&job, Setback::Deferred, away()), JobEnd::Dead(..)));
    }

    #[test]
    fn who_is_let_be_tried_again_is_started_as_often_again_and_waits_as_at_first() {
        let away = || Fault::unavailable("a");
        let mut job = job(false);
        let first = after(&job, Setback::Deferred, away());
        (job.attempt, job.attempts_before) = (301, 300);
        assert_eq!(after(&job, Setback::Deferred, away()), first);
        for last in [STARTS_MAX, 300 + STARTS_MAX - 1] {
            job.attempt = last;
            assert!(matches!(after(&job, Setback::Deferred, away()), JobEnd::Again(..)), "{last}");
        }
        job.attempt = 300 + STARTS_MAX;
        let JobEnd::Dead(_, fault) = after(&job, Setback::Deferred, away()) else { panic!("{job:?}") };
        assert!(fault.message.contains("started 1000 times"), "{fault}");
        // It was let be tried again by a host that doesn't note when.
        job.attempt += 1;
        assert!(matches!(after(&job, Setback::Deferred, away()), JobEnd::Again(..)));
    }

    #[test]
    fn what_cannot_run_is_put_off_for_longer_than_a_day() {
        let half = |attempt| AFTER_DEFERRAL.after(attempt, 0.5);
        assert!((1..STARTS_MAX).map(half).sum::<Duration>() > Duration::from_secs(24 * 3600));
    }

    #[test]
    fn long_words_of_a_fault_are_cut() {
        let end = after(&job(false), Setback::Failed, Fault::tool_error("ä".repeat(FAULT_BYTES_MAX)));
        let JobEnd::Dead(_, fault) = end else { panic!("{end:?}") };
        assert!(fault.message.starts_with('ä') && fault.message.len() < FAULT_BYTES_MAX + 100);
    }
}
