//! Calls: what a client sends beside the input, and what comes back.

use super::Problem;
use serde::Deserialize;
use serde_json::value::RawValue;
use skep_core::{CallId, Digest, Incarnation, LogRecord, Progress, SessionId, Usage, VersionText};
use utoipa::ToSchema;

/// How long a caller waits at most, as in `10s`.
pub const HEADER_TIMEOUT: &str = "skep-timeout";
/// The priority of a call: `hi`, `no` or `lo`.
pub const HEADER_LANE: &str = "skep-lane";
/// The caller's key for a piece of work.
pub const HEADER_IDEMPOTENCY: &str = "idempotency-key";
/// The session that a call belongs to, as the first call's answer named it.
pub const HEADER_SESSION: &str = "skep-session";
/// The caller's W3C trace context.
pub const HEADER_TRACE: &str = "traceparent";
/// What goes along with it.
pub const HEADER_TRACE_STATE: &str = "tracestate";
/// The answer's: the step of the trace that the request was.
pub const HEADER_TRACE_ANSWER: &str = "traceresponse";
/// The media type of an answer in lines, [`CallLine`]s.
pub const NDJSON: &str = "application/x-ndjson";
/// Stands for the tool of a skill that has only one.
pub const ONLY_TOOL: &str = "-";

/// The answer to a call that ended well.
#[derive(Debug, Deserialize, ToSchema)]
pub struct CallAnswer {
    /// The call.
    pub id: CallId,
    /// The tool's result, as it came.
    #[schema(value_type = Value)]
    pub output: Box<RawValue>,
    /// The version that served it.
    #[schema(value_type = Option<VersionText>)]
    pub version: Option<semver::Version>,
    /// The digest that served it.
    pub digest: Option<Digest>,
    /// The host that served it.
    pub served_by: Option<Incarnation>,
    /// The session that it belongs to, if the skill keeps sessions.
    #[serde(default)]
    pub session: Option<SessionId>,
    /// What it used.
    pub usage: Usage,
    /// What its guest printed, cut at the limit.
    pub logs: Vec<LogRecord>,
}

/// One line of an answer in [`NDJSON`]: any number of `progress`, then one of the others.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CallLine {
    /// How far the call is.
    Progress(Progress),
    /// It ended well.
    Result(CallAnswer),
    /// It didn't.
    Fault(Problem),
}
