//! Skills, in short and in full, and how they are installed.

use super::{Base64Bytes, ConfigAnswer, GrantRequest};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use skep_core::{
    BreakerState, Digest, FaultCode, Grants, Limits, Requests, SkillName, ToolName, UnixMs, VersionText,
};
use skep_registry::Match;
use skep_sandbox::{Import, Shape};
use utoipa::ToSchema;

/// `POST /v1/skills`: a skill from its parts.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
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

impl InstallRequest {
    /// A component and nothing else.
    pub fn bare(component: Bytes, name: Option<SkillName>) -> Self {
        let (component, grants) = (Base64Bytes(component), GrantRequest::default());
        Self { component, manifest: None, prompt: None, name, grants, replace: false }
    }
}

/// One line of `GET /v1/skills`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SkillSummary {
    /// The skill.
    pub name: SkillName,
    /// The version that serves; none while the first one waits for approval.
    #[schema(value_type = Option<VersionText>)]
    pub version: Option<semver::Version>,
    /// The version that waits for approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<VersionText>)]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SkillList {
    /// Skills of the domain, by name.
    pub skills: Vec<SkillSummary>,
    /// Give it as `after` to get the next page; none on the last one.
    #[serde(default)]
    pub next: Option<SkillName>,
}

/// The answer to `GET /v1/skills?capability=…`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MatchList {
    /// The skills that offer it or something near it, the best first.
    pub matches: Vec<Match>,
}

/// The answer to `GET /v1/skills/{skill}`: the skill, and one version of it in full, which is the
/// one that was named, else the one that serves, else the one that waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
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
    #[schema(value_type = VersionText)]
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
    /// Its circuit breaker, if it failed lately and has not done well since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breaker: Option<BreakerDetail>,
}

/// A circuit breaker, as the host that is asked knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BreakerDetail {
    /// Whether calls pass.
    pub state: BreakerState,
    /// Failures in a row, over all hosts.
    #[schema(value_type = i64, minimum = 1, maximum = 4_294_967_295_i64)]
    pub failures: u32,
    /// How the last of them failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<FaultCode>,
    /// For how long calls are refused, in milliseconds.
    pub retry_after_ms: u64,
}

/// What a version is to its skill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VersionSummary {
    /// The version.
    #[schema(value_type = VersionText)]
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

/// The answer to `GET /v1/skills/{skill}/versions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VersionList {
    /// All its versions, the latest published first.
    pub versions: Vec<VersionSummary>,
}

/// One tool of a skill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
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

/// The answer to `POST /v1/skills/{skill}/approve`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Approved {
    /// The version that serves now.
    #[schema(value_type = VersionText)]
    pub version: semver::Version,
}
