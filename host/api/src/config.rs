//! How a skill is configured.

use crate::Api;
use crate::error::Refusal;
use crate::etag::{Conditions, IfMatch, IfNoneMatch};
use crate::request::{At, By, DomainOnly, Json};
use crate::skills;
use crate::types::{ConfigAnswer, ConfigPatch};
use axum::extract::State;
use axum::response::Response;
use skep_core::{Fault, SkillName};
use skep_store::SkillRow;

/// Shows how a skill is configured.
#[utoipa::path(get, path = "/skills/{skill}/config", operation_id = "config_show", tag = "configuration",
    params(("skill" = SkillName, Path, description = "The skill"), DomainOnly, IfNoneMatch),
    responses((status = OK, description = "The configuration", body = ConfigAnswer)))]
pub(crate) async fn show(
    State(api): State<Api>,
    By(by): By,
    At(skill): At<SkillName>,
    conditions: Conditions,
) -> Result<Response, Refusal> {
    let row = api.router().registry().get(&by.domain, &skill).await?;
    conditions.answer(&answer(&row)?)
}

/// Changes configuration values of a skill; answers what holds then.
#[utoipa::path(patch, path = "/skills/{skill}/config", operation_id = "config_change", tag = "configuration",
    params(("skill" = SkillName, Path, description = "The skill"), DomainOnly, IfMatch), request_body = ConfigPatch,
    responses((status = OK, description = "The configuration now", body = ConfigAnswer)))]
pub(crate) async fn patch(
    State(api): State<Api>,
    By(by): By,
    At(skill): At<SkillName>,
    conditions: Conditions,
    Json(patch, _room): Json<ConfigPatch>,
) -> Result<Response, Refusal> {
    let seen = |row: &SkillRow| answer(row).is_ok_and(|now| conditions.allow(&now));
    let done = api.router().config_set(&by, &skill, &patch, &seen).await;
    conditions.changed(done.and_then(|row| answer(&row)))
}

fn answer(row: &SkillRow) -> Result<ConfigAnswer, Fault> {
    skills::config_of(row, skills::foremost(row)?)
}
