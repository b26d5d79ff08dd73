//! Grants, as clients give them.

use serde::{Deserialize, Serialize};
use skep_core::{FileRule, Grants, NetRule, SecretRule, SkillName};
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
    /// Where on the network it may reach to.
    pub network: BTreeSet<NetRule>,
    /// Secrets that it may send, each as `NAME=https://HOST`.
    pub secrets: BTreeSet<SecretRule>,
    /// Skills that it may call.
    pub skills: BTreeSet<SkillName>,
}

impl From<GrantRequest> for Grants {
    fn from(GrantRequest { files, env, network, secrets, skills }: GrantRequest) -> Self {
        Self { files, env, network, secrets, skills, ..Self::default() }
    }
}

impl From<Grants> for GrantRequest {
    fn from(Grants { files, env, network, secrets, skills, .. }: Grants) -> Self {
        Self { files, env, network, secrets, skills }
    }
}
