//! How a job stands, and the steps of its life.

use crate::UnixMs;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use utoipa::ToSchema;

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
    /// It could not run and waits for another attempt.
    Deferred,
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
    pub const ALL: [Self; 10] = [
        Self::Accepted,
        Self::Started,
        Self::Failed,
        Self::Interrupted,
        Self::Deferred,
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
            Self::Deferred => "deferred",
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
}
