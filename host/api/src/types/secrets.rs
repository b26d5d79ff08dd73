//! Secrets on the wire. A value goes in and never comes out.

use serde::{Deserialize, Serialize};
use skep_core::{SecretName, SecretValue, UnixMs};
use utoipa::ToSchema;

/// `PUT /v1/secrets/{name}`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretPut {
    /// The value: 8 to 8192 visible ASCII characters.
    pub value: SecretValue,
}

/// What may be known of a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SecretSummary {
    /// Its name.
    pub name: SecretName,
    /// 1 for its first value, one more for each.
    pub version: u64,
    /// When it got its first value.
    pub created: UnixMs,
    /// When it got this one.
    pub updated: UnixMs,
    /// Who gave it this one.
    pub set_by: String,
}

/// The answer to `GET /v1/secrets`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SecretList {
    /// All secrets of the domain, by name.
    pub secrets: Vec<SecretSummary>,
}
