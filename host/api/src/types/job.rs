//! Jobs: what a client submits, and how what it submitted stands.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use skep_core::{
    FaultCode, Incarnation, JobEvent, JobId, JobState, Lane, SkillName, SkillRef, Span, ToolName, UnixMs,
    VersionText,
};
use std::num::NonZeroU32;
use utoipa::ToSchema;

/// `POST /v1/jobs`: what is to be done.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JobOrder {
    /// The skill, or one version of it.
    #[schema(value_type = SkillRef)]
    pub skill: SkillRef,
    /// The tool; of a skill with one tool it may be left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<ToolName>,
    /// The input; `{}` if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    pub input: Option<Box<RawValue>>,
    /// The priority.
    #[serde(default)]
    pub lane: Lane,
    /// How long to wait before it is started, as in `10m`.
    #[serde(default, rename = "in", skip_serializing_if = "Option::is_none")]
    pub after: Option<Span>,
    /// Before this it isn't started, instead of `in`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<UnixMs>,
    /// How long one attempt may take; the skill's own limit holds besides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Span>,
    /// How long all of it may take, from when it is due; a day if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Span>,
    /// How often it may fail; what the skill says of its tool if left out, else 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 100)]
    pub attempts: Option<NonZeroU32>,
    /// Whether running it twice does no harm. What traps or is late is tried again only then.
    #[serde(default)]
    pub idempotent: bool,
}

/// How a job stands.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct JobInfo {
    /// Its id.
    pub id: JobId,
    /// The skill that it calls.
    pub skill: SkillName,
    /// The version, if one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<VersionText>)]
    pub version: Option<semver::Version>,
    /// The tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<ToolName>,
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
    /// How often it failed.
    pub failures: u32,
    /// How often it may fail.
    pub attempts: u32,
    /// How often the host that had it died.
    pub interruptions: u32,
    /// The host that has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<Incarnation>,
    /// Whether somebody wants it stopped.
    pub cancelling: bool,
    /// When it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<UnixMs>,
    /// The client's key for this piece of work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    /// Its result, once it is done, where this job alone is asked for: lists and repeated orders leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Value>)]
    pub output: Option<Box<RawValue>>,
    /// Why it came to nothing, the last time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<JobFault>,
}

/// Why an attempt came to nothing.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct JobFault {
    /// Its stable code.
    pub code: FaultCode,
    /// What happened.
    pub message: String,
}

/// The answer to `GET /v1/jobs`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct JobPage {
    /// The jobs, the newest first.
    pub jobs: Vec<JobInfo>,
    /// Give it as `before` to get the next page; none on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<JobId>,
}

/// The answer to `GET /v1/jobs/{id}/events`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct JobEventPage {
    /// The events, the oldest first: numbered 1, 2, 3, without gaps.
    pub events: Vec<JobEvent>,
    /// Whether no more will follow by themselves: the job was over when these were read.
    pub over: bool,
}
