//! Health, as probes see it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The answer to `GET /healthz` and, with status 200, to `GET /readyz`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// Skep's version.
    pub version: String,
}
