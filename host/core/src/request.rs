//! Requests: what a skill's manifest asks for. They are a ceiling, never a grant.

use crate::{Access, FileRule, GuestPath, NetRule, SecretName, SkillName};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A part of the file tree that a skill wants to see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FileRequest {
    /// Where the skill expects it; what is below is asked for too.
    pub path: GuestPath,
    /// What it wants to do there.
    #[serde(default)]
    pub access: Access,
    /// Why, in words for the operator.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// All that a manifest asks for. What is not asked for can't be granted by mistake.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Requests {
    /// Files and folders.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileRequest>,
    /// Environment variables, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// Places on the network, as in `https://api.example.com`; `https://*` asks for any that the
    /// operator names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub network: Vec<NetRule>,
    /// Secrets, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<SecretName>,
    /// Other skills, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skills: Vec<SkillName>,
}

impl Requests {
    /// The most that is asked for at `path`: the access of the requests that cover it.
    pub fn access_at(&self, path: &GuestPath) -> Option<Access> {
        let covering = self.files.iter().filter(|r| r.path.covers(path));
        covering.map(|r| r.access).max()
    }

    /// What of `rule` was asked for: nothing, or the rule with at most the access asked for.
    pub fn narrow(&self, rule: &FileRule) -> Option<FileRule> {
        let access = self.access_at(&rule.guest)?.min(rule.access);
        Some(FileRule { access, ..rule.clone() })
    }

    /// What of `rule` was asked for.
    pub fn narrow_network<'a>(&'a self, rule: &'a NetRule) -> impl Iterator<Item = NetRule> + 'a {
        self.network.iter().filter_map(|request| rule.meet(request))
    }

    /// Whether `self` asks for nothing that `older` didn't ask for.
    pub fn within(&self, older: &Requests) -> bool {
        let covered = |r: &FileRequest| older.access_at(&r.path).is_some_and(|a| a >= r.access);
        let reached = |rule: &NetRule| older.network.iter().any(|old| rule.within(old));
        fn subset<T: PartialEq>(new: &[T], old: &[T]) -> bool {
            new.iter().all(|n| old.contains(n))
        }
        self.files.iter().all(covered)
            && subset(&self.env, &older.env)
            && self.network.iter().all(reached)
            && subset(&self.secrets, &older.secrets)
            && subset(&self.skills, &older.skills)
    }
}
