//! Jobs: messages that are accepted durably. What was accepted is finished, whatever dies meanwhile.

use crate::{CallId, Fault, Incarnation, Lane, Principal, Target, Trace, UnixMs};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use std::{fmt, str::FromStr};
use utoipa::ToSchema;

/// Longest idempotency key, in bytes.
pub const IDEMPOTENCY_KEY_BYTES_MAX: usize = 255;
/// How often a job whose hosts die is started before it counts as what kills them.
pub const INTERRUPTIONS_MAX: u32 = 3;

/// How a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// It runs when its time has come and there is room.
    Waiting,
    /// A host has taken it.
    Running,
    /// It ended well.
    Done,
    /// It ended with a fault that trying again doesn't mend: a dead letter, until somebody retries it.
    Dead,
    /// It was taken back.
    Cancelled,
}

/// A text that names no state of a job.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no state of a job: it is waiting, running, done, dead or cancelled")]
pub struct JobStateError(String);

impl JobState {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Waiting, Self::Running, Self::Done, Self::Dead, Self::Cancelled];

    /// The state as it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing happens to it any more by itself.
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Waiting | Self::Running)
    }
}

impl FromStr for JobState {
    type Err = JobStateError;
    fn from_str(text: &str) -> Result<Self, JobStateError> {
        Self::ALL.into_iter().find(|s| s.as_str() == text).ok_or_else(|| JobStateError(text.to_owned()))
    }
}

impl fmt::Display for JobState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a job is made from, beside its input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobTerms {
    /// Who asked, the origin first.
    pub chain: Vec<Principal>,
    /// How long one attempt may take, in milliseconds; the skill's own limit if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// How often it is started at most.
    pub attempts_max: u32,
    /// Whether running it twice does no harm, by the word of whoever asked.
    #[serde(default)]
    pub idempotent: bool,
    /// The caller's place in its trace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<Trace>,
}

/// A job that is to be accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct NewJob {
    /// Its id, and that of the calls that are made for it.
    pub id: CallId,
    /// What is to be called.
    pub to: Target,
    /// Its priority.
    pub lane: Lane,
    /// The input: JSON text.
    pub input: Bytes,
    /// The caller's key for this piece of work: a second job with it is the first one.
    pub idempotency_key: Option<String>,
    /// When it was accepted.
    pub accepted: UnixMs,
    /// Before this it isn't started.
    pub due: UnixMs,
    /// After this it isn't started any more.
    pub expires: UnixMs,
    /// All else.
    pub terms: JobTerms,
}

/// A job as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Its id.
    pub id: CallId,
    /// What it calls.
    pub to: Target,
    /// Its priority.
    pub lane: Lane,
    /// How it stands.
    pub state: JobState,
    /// When it was accepted.
    pub accepted: UnixMs,
    /// Before this it isn't started.
    pub due: UnixMs,
    /// After this it isn't started any more.
    pub expires: UnixMs,
    /// How often it was started.
    pub attempt: u32,
    /// Raised with every start: who started it last, alone may end it.
    pub fence: u64,
    /// How often the host that had it died.
    pub interruptions: u32,
    /// The host that has it.
    pub host: Option<Incarnation>,
    /// Whether somebody wants it stopped.
    pub cancelling: bool,
    /// When it was over.
    pub ended: Option<UnixMs>,
    /// The caller's key for this piece of work.
    pub idempotency_key: Option<String>,
    /// What it came to last: the output of a job that is done, else the fault.
    pub result: Option<Result<Bytes, Fault>>,
    /// All else.
    pub terms: JobTerms,
}

/// A job that a host has taken, to run it once.
#[derive(Debug, Clone, PartialEq)]
pub struct ClaimedJob {
    /// The job as it stands now: running, on this host.
    pub job: Job,
    /// Its input.
    pub input: Bytes,
}

/// What an attempt came to.
#[derive(Debug, Clone, PartialEq)]
pub enum JobEnd {
    /// It is done, with this output.
    Done(Bytes),
    /// It failed and is tried again, not before this.
    Again(Fault, UnixMs),
    /// It failed, and trying again won't mend it.
    Dead(Fault),
    /// It was stopped because somebody wanted it so.
    Cancelled,
}

/// What happened to a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum JobStep {
    /// It was accepted.
    Accepted,
    /// A host took it.
    Started,
    /// It failed and waits for another attempt.
    Failed,
    /// The host that had it died.
    Interrupted,
    /// It is done.
    Done,
    /// It is a dead letter.
    Dead,
    /// Somebody wants it stopped.
    Cancelling,
    /// It was stopped.
    Cancelled,
    /// Somebody wants a dead letter tried again.
    Retried,
}

impl JobStep {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Accepted,
        Self::Started,
        Self::Failed,
        Self::Interrupted,
        Self::Done,
        Self::Dead,
        Self::Cancelling,
        Self::Cancelled,
        Self::Retried,
    ];

    /// The step as it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Started => "started",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
            Self::Done => "done",
            Self::Dead => "dead",
            Self::Cancelling => "cancelling",
            Self::Cancelled => "cancelled",
            Self::Retried => "retried",
        }
    }
}

impl FromStr for JobStep {
    type Err = JobStepError;
    fn from_str(text: &str) -> Result<Self, JobStepError> {
        Self::ALL.into_iter().find(|s| s.as_str() == text).ok_or_else(|| JobStepError(text.to_owned()))
    }
}

/// A text that names no step of a job.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no step of a job")]
pub struct JobStepError(String);

/// One step in a job's life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct JobEvent {
    /// Its place among the job's events: 1, 2, 3, without gaps.
    pub seq: u64,
    /// When it happened.
    pub at: UnixMs,
    /// What happened.
    pub step: JobStep,
    /// The attempt that it belongs to; 0 before the first.
    pub attempt: u32,
    /// More about it: the host, or the fault.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

/// How long a job waits before it is tried again: exponential, with full jitter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The longest wait after the first attempt; it doubles with each.
    pub first: Duration,
    /// The longest wait of all.
    pub most: Duration,
}

impl Backoff {
    /// The wait after so many attempts; `chance` is evenly spread from 0 to 1.
    pub fn after(self, attempts: u32, chance: f64) -> Duration {
        let doubled = 2_u32.saturating_pow(attempts.saturating_sub(1));
        self.first.saturating_mul(doubled).min(self.most).mul_f64(chance.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_read_as_they_are_written() {
        for state in JobState::ALL {
            assert_eq!(state.to_string().parse(), Ok(state));
        }
        for step in JobStep::ALL {
            assert_eq!(step.as_str().parse(), Ok(step));
        }
        assert!("lost".parse::<JobState>().is_err() && "lost".parse::<JobStep>().is_err());
    }

    #[test]
    fn waits_double_up_to_a_bound_and_are_spread_from_nothing() {
        let backoff = Backoff { first: Duration::from_secs(1), most: Duration::from_secs(10) };
        let most: Vec<_> = (1..6).map(|n| backoff.after(n, 1.0).as_secs()).collect();
        assert_eq!(most, [1, 2, 4, 8, 10]);
        assert_eq!(backoff.after(u32::MAX, 1.0), Duration::from_secs(10));
        assert_eq!(backoff.after(3, 0.0), Duration::ZERO);
    }
}
