//! Health, as probes see it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The answer to `GET /healthz` and to `GET /readyz`; with status 503 where it isn't so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// Skep's version.
    pub version: String,
    /// How each part stands that serving needs: `ok` or `unavailable`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parts: BTreeMap<String, String>,
}
