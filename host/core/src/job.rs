//! Jobs: messages that are accepted durably. What was accepted is finished, whatever dies meanwhile.

mod end;
mod step;

pub use end::{JobEnd, Setback, spread};
pub use step::{JobEvent, JobState, JobStateError, JobStep, JobStepError};

use crate::{Allowance, Fault, Incarnation, Lane, Principal, Target, Trace, UnixMs, millis};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// Longest idempotency key, in bytes.
pub const IDEMPOTENCY_KEY_BYTES_MAX: usize = 255;
/// How often a job whose hosts die is started before it counts as what kills them.
pub const INTERRUPTIONS_MAX: u32 = 3;
/// How often a job may fail at most.
pub const ATTEMPTS_MAX: u32 = 100;
/// How often a job may fail where nobody says otherwise.
const ATTEMPTS: u32 = 3;
/// How long a job may take, from when it is due, where nobody says otherwise.
pub const JOB_WITHIN: Duration = Duration::from_secs(24 * 3600);
/// How often a job is started at most, for whatever reason, until somebody lets it be tried again: what keeps it
/// from running may last for ever.
pub const STARTS_MAX: u32 = 1_000;

/// The id of a job: a UUID, version 7 (RFC 9562), so ids sort by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(pub Uuid);

impl JobId {
    /// A fresh id.
    pub fn fresh() -> Self {
        Self(Uuid::now_v7())
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for JobId {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
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
    /// How long all of it may take, from when it is due, in milliseconds.
    pub within_ms: u64,
    /// How often it may fail; the last time it is a dead letter.
    pub attempts_max: u32,
    /// What who asked may use up.
    pub allowance: Allowance,
    /// Whether running it twice does no harm, by the word of the skill or of whoever asked.
    #[serde(default)]
    pub idempotent: bool,
    /// Whether an MCP client follows it as a task, whose end is final.
    #[serde(default)]
    pub task: bool,
    /// The caller's place in its trace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<Trace>,
}

/// A job that is to be accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct NewJob {
    /// Its id.
    pub id: JobId,
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

impl NewJob {
    /// A job that is due now, on the usual terms: the middle lane, a day's time, three failures, nothing metered.
    pub fn new(to: Target, input: Bytes, chain: Vec<Principal>) -> Self {
        let accepted = UnixMs::now();
        let terms = JobTerms {
            chain,
            timeout_ms: None,
            within_ms: 0,
            attempts_max: ATTEMPTS,
            allowance: Allowance::Unmetered,
            idempotent: false,
            task: false,
            trace: None,
        };
        let job = Self {
            id: JobId::fresh(),
            to,
            lane: Lane::No,
            input,
            idempotency_key: None,
            accepted,
            due: accepted,
            expires: accepted,
            terms,
        };
        job.within(accepted, JOB_WITHIN)
    }

    /// The same job, due at another time and with other time from then on.
    #[must_use]
    pub fn within(mut self, due: UnixMs, within: Duration) -> Self {
        self.due = due;
        self.expires = due.after(within);
        self.terms.within_ms = millis(within);
        self
    }
}

/// A job as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Its id.
    pub id: JobId,
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
    /// How often it had been started when somebody last let it be tried again.
    pub attempts_before: u32,
    /// Raised with every start, and when it is taken from a host: who started it last, alone may end it.
    pub fence: u64,
    /// How often it failed.
    pub failures: u32,
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
