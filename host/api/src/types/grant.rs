//! Grants, as clients give them.

use serde::{Deserialize, Serialize};
use skep_core::{FileRule, Grants, SkillName};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// `POST /v1/skills/{skill}/grants`: what to grant. Host paths must be absolute.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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
