//! Requests for grants: made by whoever may call, seen by whoever made them, decided by operators.

use crate::Api;
use crate::auth::Who;
use crate::error::Refusal;
use crate::grants;
use crate::request::{At, By, DomainOnly, Json, Params, page_limit};
use crate::types::{AskPage, Denial, NewAsk};
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde::de::IgnoredAny;
use skep_core::{Ask, AskId, AskState, DomainName, Fault};
use skep_router::Wish;
use skep_store::{ASKS_PAGE_MAX, AskFilter};
use utoipa::IntoParams;

/// Requests of a page where the client doesn't say.
const PAGE_DEFAULT: u64 = 100;

/// Asks for a grant. It waits for an operator; asking for the same again finds the request that waits.
#[utoipa::path(post, path = "/requests", operation_id = "request_make", tag = "requests", params(DomainOnly),
    request_body = NewAsk,
    responses((status = ACCEPTED, description = "It waits for an operator", body = Ask)))]
pub(crate) async fn make(
    State(api): State<Api>,
    By(_): By,
    who: Who,
    Json(wanted, _room): Json<NewAsk>,
) -> Result<(StatusCode, axum::Json<Ask>), Refusal> {
    Ok((StatusCode::ACCEPTED, axum::Json(ask(&api, &who, wanted).await?)))
}

/// Asks on behalf of somebody, for no more than they may know of.
pub(crate) async fn ask(api: &Api, who: &Who, wanted: NewAsk) -> Result<Ask, Fault> {
    who.must_see(&wanted.skill)?;
    let grants = grants::checked(who, wanted.grants)?;
    let life = wanted.expires_in.map(|span| span.0);
    let wish = Wish { skill: wanted.skill, grants, why: wanted.why, life };
    api.router().grant_request(&who.operator(), wish).await
}

/// What a page of requests is narrowed down to.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AskParams {
    /// The domain; `main` if left out.
    #[serde(rename = "domain")]
    #[param(value_type = Option<DomainName>)]
    _domain: Option<IgnoredAny>,
    /// What is in this state.
    state: Option<AskState>,
    /// Requests of the page; 100 if left out.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u64>,
    /// Only what is older, as the page before said.
    before: Option<AskId>,
}

/// Shows a page of requests, the newest first: callers see their own.
#[utoipa::path(get, path = "/requests", operation_id = "requests_list", tag = "requests", params(AskParams),
    responses((status = OK, description = "A page", body = AskPage)))]
pub(crate) async fn list(
    State(api): State<Api>,
    who: Who,
    Params(params): Params<AskParams>,
) -> Result<axum::Json<AskPage>, Refusal> {
    let limit = page_limit(params.limit, PAGE_DEFAULT, ASKS_PAGE_MAX)?;
    let asked_by = (!who.identity.audits()).then(|| who.identity.principal.clone());
    let filter = AskFilter { asked_by, state: params.state, before: params.before, limit: Some(limit) };
    let mut requests = api.router().registry().asks(&who.domain, &filter).await?;
    let next = requests.last().filter(|_| requests.len() as u64 == limit).map(|ask| ask.id);
    requests.retain(|ask| who.sees(&ask.skill));
    Ok(axum::Json(AskPage { requests, next }))
}

/// Shows a request.
#[utoipa::path(get, path = "/requests/{id}", operation_id = "request_show", tag = "requests",
    params(("id" = AskId, Path, description = "The request"), DomainOnly),
    responses((status = OK, description = "The request", body = Ask)))]
pub(crate) async fn show(
    State(api): State<Api>,
    By(_): By,
    who: Who,
    At(id): At<AskId>,
) -> Result<axum::Json<Ask>, Refusal> {
    Ok(axum::Json(visible(&api, &who, id).await?))
}

/// Grants what a request asks for, by the ordinary rules, if the skill is still the same code.
#[utoipa::path(post, path = "/requests/{id}/approve", operation_id = "request_approve", tag = "requests",
    params(("id" = AskId, Path, description = "The request"), DomainOnly),
    responses((status = OK, description = "It is granted", body = Ask)))]
pub(crate) async fn approve(
    State(api): State<Api>,
    By(by): By,
    who: Who,
    At(id): At<AskId>,
) -> Result<axum::Json<Ask>, Refusal> {
    let ask = visible(&api, &who, id).await?;
    // Nobody gives by a request what they couldn't give by a grant.
    ask.grants.skills.iter().try_for_each(|callee| who.must_see(callee))?;
    Ok(axum::Json(api.router().grant_request_approve(&by, id).await?))
}

/// Refuses what a request asks for.
#[utoipa::path(post, path = "/requests/{id}/deny", operation_id = "request_deny", tag = "requests",
    params(("id" = AskId, Path, description = "The request"), DomainOnly), request_body = Denial,
    responses((status = OK, description = "It is denied", body = Ask)))]
pub(crate) async fn deny(
    State(api): State<Api>,
    By(by): By,
    who: Who,
    At(id): At<AskId>,
    Json(denial, _room): Json<Denial>,
) -> Result<axum::Json<Ask>, Refusal> {
    visible(&api, &who, id).await?;
    Ok(axum::Json(api.router().grant_request_deny(&by, id, denial.reason).await?))
}

/// A request that who asks may see. Others are answered as if they weren't there.
async fn visible(api: &Api, who: &Who, id: AskId) -> Result<Ask, Fault> {
    let ask = api.router().registry().ask_get(&who.domain, id).await?;
    let own = ask.asked_by == who.identity.principal;
    if who.sees(&ask.skill) && (own || who.identity.audits()) {
        return Ok(ask);
    }
    Err(Fault::not_found(format!("no request {id}: `skep requests` shows those there are")))
}
