//! The audit, as clients read it.

use serde::{Deserialize, Serialize};
use skep_core::{AuditEvent, AuditFlaw, Incarnation};
use utoipa::ToSchema;

/// One record of the audit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AuditPage {
    /// The records, the newest first.
    pub records: Vec<AuditEntry>,
    /// Give it as `before` to get the next page; none on the last one.
    pub before: Option<u64>,
}

/// The answer to `POST /v1/audit/verify`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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
