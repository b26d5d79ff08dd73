//! Circuit breakers: how one stands, and closing it by hand.

use crate::Api;
use crate::error::Refusal;
use crate::request::{At, By, DomainOnly};
use crate::types::BreakerDetail;
use axum::extract::State;
use axum::http::StatusCode;
use skep_core::{BreakerSeen, DomainName, SkillName};

/// Closes the circuit breaker of a skill and forgets its failures, so that calls pass at once.
#[utoipa::path(post, path = "/skills/{skill}/breaker/reset", operation_id = "breaker_reset", tag = "skills",
    params(("skill" = SkillName, Path, description = "The skill"), DomainOnly),
    responses((status = NO_CONTENT, description = "It is closed")))]
pub(crate) async fn reset(
    State(api): State<Api>,
    By(by): By,
    At(skill): At<SkillName>,
) -> Result<StatusCode, Refusal> {
    api.router().breaker_reset(&by, &skill).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How a skill's breaker stands, if it isn't as new.
pub(crate) fn detail(api: &Api, domain: &DomainName, skill: &SkillName) -> Option<BreakerDetail> {
    let BreakerSeen { state, failures, why, wait_ms } = api.router().breaker(domain, skill)?;
    Some(BreakerDetail { state, failures, why, retry_after_ms: wait_ms })
}
