//! State of skills, as operators see it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A page of the keys of a bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatePage {
    /// The keys.
    pub keys: Vec<String>,
    /// Give it as `from` to get the next page; none on the last one.
    pub next: Option<u64>,
}
