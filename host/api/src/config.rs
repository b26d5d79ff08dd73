//! How a skill is configured.

use crate::Api;
use crate::error::Refusal;
use crate::request::{At, By, DomainOnly, Json};
use crate::skills;
use crate::types::{ConfigAnswer, ConfigPatch};
use axum::extract::State;
use skep_core::SkillName;
use skep_router::Operator;

/// Shows how a skill is configured.
#[utoipa::path(get, path = "/skills/{skill}/config", operation_id = "config_show", tag = "configuration",
    params(("skill" = SkillName, Path, description = "The skill"), DomainOnly),
    responses((status = OK, description = "The configuration", body = ConfigAnswer)))]
pub(crate) async fn show(
    State(api): State<Api>,
    By(by): By,
    At(skill): At<SkillName>,
) -> Result<axum::Json<ConfigAnswer>, Refusal> {
    answer(&api, &by, &skill).await
}

/// Changes configuration values of a skill; answers what holds then.
#[utoipa::path(patch, path = "/skills/{skill}/config", operation_id = "config_change", tag = "configuration",
    params(("skill" = SkillName, Path, description = "The skill"), DomainOnly), request_body = ConfigPatch,
    responses((status = OK, description = "The configuration now", body = ConfigAnswer)))]
pub(crate) async fn patch(
    State(api): State<Api>,
    By(by): By,
    At(skill): At<SkillName>,
    Json(patch, _room): Json<ConfigPatch>,
) -> Result<axum::Json<ConfigAnswer>, Refusal> {
    api.router().config_set(&by, &skill, &patch).await?;
    answer(&api, &by, &skill).await
}

async fn answer(api: &Api, by: &Operator, skill: &SkillName) -> Result<axum::Json<ConfigAnswer>, Refusal> {
    let row = api.router().registry().get(&by.domain, skill).await?;
    Ok(axum::Json(skills::config_of(&row, skills::foremost(&row)?)?))
}
