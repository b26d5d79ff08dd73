//! Requests for grants, as clients make and see them.

use super::GrantRequest;
use serde::{Deserialize, Serialize};
use skep_core::{Ask, AskId, SkillName, Span};
use utoipa::ToSchema;

/// `POST /v1/requests`: a grant that somebody wants.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAsk {
    /// The skill that is to have it.
    pub skill: SkillName,
    /// What it is to have.
    pub grants: GrantRequest,
    /// Why, in words for the operator.
    #[schema(max_length = 1000)]
    pub why: String,
    /// How long to wait for an operator, `1m` to `43200m`; a day if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<Span>,
}

/// `POST /v1/requests/{id}/deny`: why, if the operator says.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Denial {
    /// In words for whoever asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 1000)]
    pub reason: Option<String>,
}

/// The answer to `GET /v1/requests`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AskPage {
    /// The requests, the newest first.
    pub requests: Vec<Ask>,
    /// Give it as `before` to get the next page; none on the last one.
    pub next: Option<AskId>,
}
