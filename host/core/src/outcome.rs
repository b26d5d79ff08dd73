//! What a call comes back with: its outcome, what it logged, what it used.

use crate::{CallId, Digest, Fault, Incarnation, RateLevel, SessionId, UnixMs};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The result of a tool: JSON text, passed on as it came, never parsed again on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output(Bytes);

impl Output {
    /// Takes what is known to be JSON text.
    pub fn json(text: impl Into<Bytes>) -> Self {
        Self(text.into())
    }

    /// The JSON text.
    pub fn as_bytes(&self) -> &Bytes {
        &self.0
    }

    /// The JSON value.
    pub fn value(&self) -> Result<serde_json::Value, serde_json::Error> {
        serde_json::from_slice(&self.0)
    }
}

/// How a call ended.
pub type Outcome = Result<Output, Fault>;

/// Severity of a log record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// For whoever follows each step.
    Trace,
    /// For whoever looks for a mistake.
    Debug,
    /// What a guest prints to standard output.
    Info,
    /// What a guest prints to standard error.
    Warn,
    /// Something failed.
    Error,
}

/// One line that a guest printed or logged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogRecord {
    /// The call it belongs to.
    pub call: CallId,
    /// When it came.
    pub at: UnixMs,
    /// Its severity.
    pub level: Level,
    /// Where it came from: `stdout`, `stderr`, or the context a guest named.
    pub source: String,
    /// The line.
    pub text: String,
}

/// How far a call is, as its guest reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Progress {
    /// The call it belongs to.
    pub call: CallId,
    /// Units done.
    pub done: u64,
    /// Units in all, if known.
    pub total: Option<u64>,
    /// A word to show.
    pub message: Option<String>,
}

/// What a call used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Usage {
    /// Wall time in the sandbox, in microseconds.
    pub wall_us: u64,
    /// CPU ticks of 10 ms that found the guest computing.
    pub cpu_ticks: u64,
    /// Most linear memory and tables held at once, in bytes.
    pub memory_peak: u64,
}

/// The answer to a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The call that is answered.
    pub id: CallId,
    /// How it ended.
    pub outcome: Outcome,
    /// Its log, cut at the limit.
    pub logs: Vec<LogRecord>,
    /// What it used.
    pub usage: Usage,
    /// The host that served it, if one did.
    pub served_by: Option<Incarnation>,
    /// The digest that served it, if one was resolved.
    pub digest: Option<Digest>,
    /// The version that served it, if one was resolved.
    pub version: Option<semver::Version>,
    /// The session that it belongs to, if the skill keeps sessions: name it in the next call.
    pub session: Option<SessionId>,
    /// What the rate of who asked leaves, if they have one; known to the host that accepted the call.
    pub rate: Option<RateLevel>,
}

impl Reply {
    /// The reply to a call that no host served.
    pub fn unserved(id: CallId, outcome: Outcome) -> Self {
        let (logs, usage) = (Vec::new(), Usage::default());
        let (served_by, digest, version) = (None, None, None);
        Self { id, outcome, logs, usage, served_by, digest, version, session: None, rate: None }
    }
}
