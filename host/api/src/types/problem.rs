//! What every answer that isn't a success is made of (RFC 9457).

use serde::{Deserialize, Serialize};
use skep_core::{CallId, FaultCode, LogRecord, TraceId};
use utoipa::ToSchema;

/// The media type of a [`Problem`].
pub const PROBLEM_JSON: &str = "application/problem+json";

/// The body of every answer that isn't a success: a problem of RFC 9457.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// The kind of problem: `urn:skep:fault:` and the code.
    #[serde(rename = "type")]
    #[schema(examples("urn:skep:fault:denied"))]
    pub kind: String,
    /// The kind in words, always the same.
    #[schema(examples("Denied"))]
    pub title: String,
    /// The status of the answer.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// What happened, and the way out.
    pub detail: String,
    /// The stable code.
    pub code: FaultCode,
    /// When to come back, in milliseconds, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 3_600_000)]
    pub retry_after_ms: Option<u64>,
    /// The call, if it got as far as having an id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
    /// The trace that the call belongs to, if it is traced: what to look for at the collector and in the audit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<TraceId>,
    /// What the call's guest printed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub logs: Vec<LogRecord>,
}
