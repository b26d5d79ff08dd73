//! Configuration, as clients set and see it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// `PATCH /v1/skills/{skill}/config`: values to set; `null` takes the operator's value away.
pub type ConfigPatch = BTreeMap<String, Option<String>>;

/// The answer to `GET` and `PATCH /v1/skills/{skill}/config`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConfigAnswer {
    /// What the skill sees: its manifest's defaults, with the operator's values over them.
    pub effective: BTreeMap<String, String>,
    /// The operator's values.
    pub set: BTreeMap<String, String>,
}
