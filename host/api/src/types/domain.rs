//! Domains, as operators open and see them.

use serde::{Deserialize, Serialize};
use skep_core::{DomainName, UnixMs};
use utoipa::ToSchema;

/// `POST /v1/domains`: a domain to open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DomainRequest {
    /// Its name.
    pub name: DomainName,
}

/// What may be known of a domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DomainInfo {
    /// Its name.
    pub name: DomainName,
    /// When it was opened; 0 for those from before domains were kept.
    pub created: UnixMs,
    /// By whom.
    pub created_by: String,
}

/// The answer to `GET /v1/domains`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DomainList {
    /// The domains within reach of who asks, by name.
    pub domains: Vec<DomainInfo>,
}
