//! What goes over the wire, in the same types for the server and for its clients.

use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};
use skep_core::{
    AuditEvent, AuditFlaw, CallId, Digest, FaultCode, FileRule, Grants, Incarnation, Limits, LogRecord,
    Progress, Requests, SessionId, SkillName, ToolName, UnixMs, Usage,
};
use std::collections::{BTreeMap, BTreeSet};

pub use crate::base64_bytes::Base64Bytes;
pub use skep_registry::{Added, Match};
pub use skep_sandbox::{Import, Shape};

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
/// The media type of an answer in lines, [`CallLine`]s.
pub const NDJSON: &str = "application/x-ndjson";
/// Stands for the tool of a skill that has only one.
pub const ONLY_TOOL: &str = "-";

/// The body of every answer that isn't a success.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The stable code.
    pub code: FaultCode,
    /// What happened, and the way out.
    pub message: String,
    /// The call, if it got as far as having an id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
    /// What the call's guest printed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub logs: Vec<LogRecord>,
}

/// The answer to a call that ended well.
#[derive(Debug, Deserialize)]
pub struct CallAnswer {
    /// The call.
    pub id: CallId,
    /// The tool's result, as it came.
    pub output: Box<RawValue>,
    /// The version that served it.
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
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CallLine {
    /// How far the call is.
    Progress(Progress),
    /// It ended well.
    Result(CallAnswer),
    /// It didn't.
    Fault(Problem),
}

/// `POST /v1/skills`: a skill from its parts.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstallRequest {
    /// The component.
    pub component: Base64Bytes,
    /// The text of `skill.toml`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<String>,
    /// The text of `SKILL.md`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// The name, for a component without a manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<SkillName>,
    /// What to grant with it.
    #[serde(default)]
    pub grants: GrantRequest,
    /// Another digest may take the place of the same version.
    #[serde(default)]
    pub replace: bool,
}

/// `POST /v1/skills/{skill}/grants`: what to grant. Host paths must be absolute.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GrantRequest {
    /// Files and directories.
    pub files: Vec<FileRule>,
    /// Environment variables.
    pub env: BTreeMap<String, String>,
    /// Skills that it may call.
    pub skills: BTreeSet<SkillName>,
}

impl From<GrantRequest> for Grants {
    fn from(GrantRequest { files, env, skills }: GrantRequest) -> Self {
        Self { files, env, skills, ..Self::default() }
    }
}

impl From<Grants> for GrantRequest {
    fn from(Grants { files, env, skills, .. }: Grants) -> Self {
        Self { files, env, skills }
    }
}

/// `PATCH /v1/skills/{skill}/config`: values to set; `null` takes the operator's value away.
pub type ConfigPatch = BTreeMap<String, Option<String>>;

/// The answer to `GET` and `PATCH /v1/skills/{skill}/config`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigAnswer {
    /// What the skill sees: its manifest's defaults, with the operator's values over them.
    pub effective: BTreeMap<String, String>,
    /// The operator's values.
    pub set: BTreeMap<String, String>,
}

/// The answer to `POST /v1/skills/{skill}/approve`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approved {
    /// The version that serves now.
    pub version: semver::Version,
}

/// One line of `GET /v1/skills`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SkillSummary {
    /// The skill.
    pub name: SkillName,
    /// The version that serves; none while the first one waits for approval.
    pub version: Option<semver::Version>,
    /// The version that waits for approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<semver::Version>,
    /// What it does, in a line.
    pub description: String,
    /// What it offers, in dotted words.
    pub capabilities: Vec<String>,
    /// Its tools.
    pub tools: Vec<ToolName>,
    /// When the version was published.
    pub published: UnixMs,
}

/// The answer to `GET /v1/skills`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SkillList {
    /// All skills of the domain, by name.
    pub skills: Vec<SkillSummary>,
}

/// The answer to `GET /v1/skills?capability=…`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MatchList {
    /// The skills that offer it or something near it, the best first.
    pub matches: Vec<Match>,
}

/// The answer to `GET /v1/skills/{skill}`: the skill, and one version of it in full, which is the
/// one that was named, else the one that serves, else the one that waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SkillDetail {
    /// The skill.
    pub name: SkillName,
    /// All its versions.
    pub versions: Vec<VersionSummary>,
    /// What it is granted; not for callers, as it tells of the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grants: Option<Grants>,
    /// Its configuration; not for callers either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<ConfigAnswer>,
    /// The version that the fields below are about.
    pub version: semver::Version,
    /// What it does, in a line.
    pub description: String,
    /// What it offers, in dotted words.
    pub capabilities: Vec<String>,
    /// How it offers its tools.
    pub shape: Shape,
    /// Its tools.
    pub tools: Vec<ToolDetail>,
    /// What it imports, in words.
    pub imports: Vec<Import>,
    /// Its exports that are no tools, each with the reason.
    pub exports_ignored: Vec<String>,
    /// The tools that it was made with.
    pub producers: Vec<String>,
    /// What it asks for; none without a manifest, then the grants alone decide.
    pub requests: Option<Requests>,
    /// The limits of its calls.
    pub limits: Limits,
    /// The text of `SKILL.md`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
}

/// What a version is to its skill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VersionStanding {
    /// It serves.
    Current,
    /// It waits for approval.
    Waiting,
    /// Another one took its place; it still serves who names it.
    Old,
}

/// One version of a skill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionSummary {
    /// The version.
    pub version: semver::Version,
    /// What it is to its skill.
    pub standing: VersionStanding,
    /// The digest of component and manifest, to which grants are bound.
    pub digest: Digest,
    /// Size of the component.
    pub component_bytes: u64,
    /// When it was published.
    pub published: UnixMs,
}

/// One tool of a skill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolDetail {
    /// Its name.
    pub name: ToolName,
    /// What it does.
    pub description: String,
    /// JSON Schema of its input.
    pub input_schema: Value,
    /// JSON Schema of its output, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_schema: Option<Value>,
}

/// One record of the audit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// The host that made it.
    pub host: Incarnation,
    /// Its number in that host's chain.
    pub seq: u64,
    /// What happened.
    #[serde(flatten)]
    pub event: AuditEvent,
}

/// The answer to `GET /v1/audit`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditPage {
    /// The records, the newest first.
    pub records: Vec<AuditEntry>,
    /// Give it as `before` to get the next page; none on the last one.
    pub before: Option<u64>,
}

/// The answer to `POST /v1/audit/verify`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditVerdict {
    /// Records that were checked.
    pub records: u64,
    /// Chains they belong to, one for each life of each host.
    pub hosts: u64,
    /// How many flaws were found.
    pub flaws_total: u64,
    /// The first of them.
    pub flaws: Vec<AuditFlaw>,
}

/// The answer to `GET /healthz` and, with status 200, to `GET /readyz`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// Skep's version.
    pub version: String,
}
