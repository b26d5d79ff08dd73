//! What a skill is granted.

use crate::Api;
use crate::auth::Who;
use crate::error::Refusal;
use crate::etag::{Conditions, IfMatch, IfNoneMatch};
use crate::request::{At, By, DomainOnly, Json};
use crate::types::{Approved, GrantRequest};
use axum::extract::State;
use axum::response::Response;
use skep_core::{Fault, Grants, Revocation, SkillName, SkillRef};
use skep_store::SkillRow;

/// Shows what is granted to a skill.
#[utoipa::path(get, path = "/skills/{skill}/grants", operation_id = "grants_show", tag = "grants",
    params(("skill" = SkillName, Path, description = "The skill"), DomainOnly, IfNoneMatch),
    responses((status = OK, description = "The grants", body = Grants)))]
pub(crate) async fn list(
    State(api): State<Api>,
    By(by): By,
    At(skill): At<SkillName>,
    conditions: Conditions,
) -> Result<Response, Refusal> {
    conditions.answer(&api.router().registry().get(&by.domain, &skill).await?.grants)
}

/// Grants something to a skill; answers all that is granted then.
#[utoipa::path(post, path = "/skills/{skill}/grants", operation_id = "grants_add", tag = "grants",
    params(("skill" = SkillName, Path, description = "The skill"), DomainOnly, IfMatch), request_body = GrantRequest,
    responses((status = OK, description = "The grants now", body = Grants)))]
pub(crate) async fn add(
    State(api): State<Api>,
    By(by): By,
    who: Who,
    At(skill): At<SkillName>,
    conditions: Conditions,
    Json(more, _room): Json<GrantRequest>,
) -> Result<Response, Refusal> {
    let more = checked(&who, more)?;
    if more.is_empty() {
        let what = "the body names nothing to grant: give `files`, `env`, `network`, `secrets` or `skills`";
        return Err(Fault::invalid_input(what).into());
    }
    let seen = |row: &SkillRow| conditions.allow(&row.grants);
    conditions.changed(api.router().grant(&by, &skill, more, &seen).await)
}

/// Takes grants from a skill; answers what is left. Running calls that use them are stopped.
#[utoipa::path(delete, path = "/skills/{skill}/grants", operation_id = "grants_revoke", tag = "grants",
    params(("skill" = SkillName, Path, description = "The skill"), DomainOnly, IfMatch), request_body = Revocation,
    responses((status = OK, description = "The grants now", body = Grants)))]
pub(crate) async fn revoke(
    State(api): State<Api>,
    By(by): By,
    At(skill): At<SkillName>,
    conditions: Conditions,
    Json(less, _room): Json<Revocation>,
) -> Result<Response, Refusal> {
    let seen = |row: &SkillRow| conditions.allow(&row.grants);
    conditions.changed(api.router().revoke(&by, &skill, &less, &seen).await)
}

/// Lets the waiting version of a skill serve, with the skill's grants. Where several versions wait, one must be named.
#[utoipa::path(post, path = "/skills/{skill}/approve", operation_id = "skill_approve", tag = "skills",
    params(("skill" = SkillRef, Path, description = "The skill, or one version of it"), DomainOnly),
    responses((status = OK, description = "It serves", body = Approved)))]
pub(crate) async fn approve(
    State(api): State<Api>,
    By(by): By,
    At(skill): At<SkillRef>,
) -> Result<axum::Json<Approved>, Refusal> {
    let version = api.router().approve(&by, &skill).await?;
    Ok(axum::Json(Approved { version }))
}

/// The grants that a client asks for. The host's own directory means nothing to a client, so every
/// host path must be absolute. Nobody reaches through a skill what they don't reach themselves.
pub(crate) fn checked(who: &Who, request: GrantRequest) -> Result<Grants, Fault> {
    request.skills.iter().try_for_each(|callee| who.must_see(callee))?;
    if let Some(rule) = request.files.iter().find(|rule| !rule.host.is_absolute()) {
        let path = rule.host.display();
        return Err(Fault::invalid_input(format!("host path `{path}` is not absolute: write it from `/`")));
    }
    Ok(request.into())
}
