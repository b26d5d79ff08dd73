//! Sessions, as operators see them.

use serde::{Deserialize, Serialize};
use skep_core::{Incarnation, Principal, SessionId, SkillName, VersionText};
use utoipa::ToSchema;

/// One session of this host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionSummary {
    /// Its id.
    pub id: SessionId,
    /// The skill.
    pub skill: SkillName,
    /// The version that it was opened with.
    #[schema(value_type = VersionText)]
    pub version: semver::Version,
    /// Who opened it.
    pub origin: Option<Principal>,
    /// Whether a call uses it now.
    pub in_use: bool,
    /// How long it has rested, in milliseconds.
    pub idle_ms: u64,
}

/// The answer to `GET /v1/sessions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionList {
    /// The host that holds them. Others list their own.
    pub host: Incarnation,
    /// Its sessions in the domain.
    pub sessions: Vec<SessionSummary>,
}
