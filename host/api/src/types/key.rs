//! API keys, as operators make and see them.

use serde::{Deserialize, Serialize};
use skep_core::{DomainName, KeyId, Quota, Role, SkillName, Span, UnixMs};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// `POST /v1/keys`: what a key is to be for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyRequest {
    /// What people call it: at most 64 letters, digits, spaces and `._@-`.
    #[schema(pattern = "^[A-Za-z0-9][A-Za-z0-9 ._@-]{0,63}$", examples("ci"))]
    pub name: String,
    /// What part its bearer plays; `caller` if left out.
    #[serde(default = "caller")]
    pub role: Role,
    /// Whether it reaches every domain, rather than the one of the request.
    #[serde(default)]
    pub all_domains: bool,
    /// The only skills that it reaches; all if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<SkillName>>, min_items = 1, max_items = 64)]
    pub skills: Option<BTreeSet<SkillName>>,
    /// What its bearer may use up, in each domain, where that isn't the host's usual.
    #[serde(default, skip_serializing_if = "Quota::is_empty")]
    pub quota: Quota,
    /// When it ends, from now; never if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<Span>,
}

fn caller() -> Role {
    Role::Caller
}

/// All that may be known of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeyInfo {
    /// Its public part; its bearer is `key:ID` in the audit.
    pub id: KeyId,
    /// What people call it.
    pub name: String,
    /// What part its bearer plays.
    pub role: Role,
    /// The one domain that it reaches; all of them if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<DomainName>,
    /// The only skills that it reaches; all of them if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skills: Option<BTreeSet<SkillName>>,
    /// What its bearer may use up, in each domain, where that isn't the host's usual.
    #[serde(default, skip_serializing_if = "Quota::is_empty")]
    pub quota: Quota,
    /// When it was made.
    pub created: UnixMs,
    /// By whom.
    pub created_by: String,
    /// When it ends; never if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<UnixMs>,
    /// When it was last used, to the minute; never yet if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used: Option<UnixMs>,
}

/// The answer to `POST /v1/keys`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeyCreated {
    /// The key itself. It is kept nowhere and never shown again.
    #[schema(pattern = "^skep_[0-9a-f]{16}_[0-9a-f]{64}$")]
    pub key: String,
    /// What may be known of it.
    pub info: KeyInfo,
}

/// The answer to `GET /v1/keys`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeyList {
    /// The keys within reach of who asks, the oldest first.
    pub keys: Vec<KeyInfo>,
}
