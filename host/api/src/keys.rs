//! API keys: made, listed, revoked. Nobody makes, sees or revokes a key that reaches further than they do.

use crate::Api;
use crate::auth::Who;
use crate::error::Refusal;
use crate::request::{At, By, DomainOnly, Json};
use crate::types::{KeyCreated, KeyInfo, KeyList, KeyRequest};
use axum::extract::State;
use axum::http::StatusCode;
use skep_core::{Allowance, Fault, KeyId, KeyTerms, Quota, Scope, UnixMs};
use skep_router::KeyRow;
use std::time::Duration;

/// Longest name, in characters.
const NAME_CHARS_MAX: usize = 64;
/// Skills that a key names at most.
const SKILLS_MAX: usize = 64;
/// Longest life of a key that ends.
const LIFE_MAX: Duration = Duration::from_secs(3650 * 86_400);

/// Lists the API keys that reach no further than who asks.
#[utoipa::path(get, path = "/keys", operation_id = "key_list", tag = "keys", params(DomainOnly),
    responses((status = OK, description = "The keys", body = KeyList)))]
pub(crate) async fn list(State(api): State<Api>, _: By, who: Who) -> Result<axum::Json<KeyList>, Refusal> {
    let rows = api.router().key_list().await?.into_iter();
    let seen =
        rows.map(info).filter(|key| key.as_ref().map_or(true, |key| who.identity.scope.covers(&scope(key))));
    Ok(axum::Json(KeyList { keys: seen.collect::<Result<_, _>>()? }))
}

/// Makes an API key. It is shown this once.
#[utoipa::path(post, path = "/keys", operation_id = "key_create", tag = "keys", params(DomainOnly),
    request_body = KeyRequest,
    responses((status = CREATED, description = "The key", body = KeyCreated)))]
pub(crate) async fn create(
    State(api): State<Api>,
    By(by): By,
    who: Who,
    Json(request, _room): Json<KeyRequest>,
) -> Result<(StatusCode, axum::Json<KeyCreated>), Refusal> {
    let terms = terms(&who, &request)?;
    api.router().within(&who.domain).await?;
    let (key, row) = api.keyring().make(request.name, &terms, &by)?;
    api.router().key_create(&by, &row).await?;
    Ok((StatusCode::CREATED, axum::Json(KeyCreated { key: key.reveal(), info: info(row)? })))
}

/// Revokes an API key: no host takes it any more, and the calls that it made are stopped.
#[utoipa::path(delete, path = "/keys/{id}", operation_id = "key_revoke", tag = "keys",
    params(("id" = KeyId, Path, description = "The public part of the key"), DomainOnly),
    responses((status = NO_CONTENT, description = "It is gone")))]
pub(crate) async fn revoke(
    State(api): State<Api>,
    By(by): By,
    who: Who,
    At(id): At<KeyId>,
) -> Result<StatusCode, Refusal> {
    let found = api.router().key_load(&id).await?.map(info).transpose()?;
    if found.is_none_or(|key| !who.identity.scope.covers(&scope(&key))) {
        return Err(
            Fault::not_found(format!("no API key `{id}`: `skep key list` shows what there is")).into()
        );
    }
    api.router().key_revoke(&by, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What the key is for, within the reach of who makes it.
fn terms(who: &Who, request: &KeyRequest) -> Result<KeyTerms, Fault> {
    let KeyRequest { name, role, all_domains, skills, quota, expires_in } = request;
    if !is_name(name) {
        let form = format!(
            "at most {NAME_CHARS_MAX} letters, digits, spaces and `._@-`, the first a letter or digit"
        );
        return Err(Fault::invalid_input(format!("`name`: write {form}")));
    }
    if skills.as_ref().is_some_and(|skills| !(1..=SKILLS_MAX).contains(&skills.len())) {
        return Err(Fault::invalid_input(format!(
            "`skills`: name 1 to {SKILLS_MAX}, or leave it out for all"
        )));
    }
    if expires_in.is_some_and(|life| life.0.is_zero() || life.0 > LIFE_MAX) {
        return Err(Fault::invalid_input("`expires_in`: write 1s to 3650d, or leave it out for never"));
    }
    let domain = (!all_domains).then(|| who.domain.clone());
    let skills = skills.clone().or_else(|| who.identity.scope.skills.clone());
    let scope = Scope { domain, skills };
    if !who.identity.scope.covers(&scope) {
        let why =
            "a key can't reach further than who makes it: leave out `all_domains`, and name your own skills";
        return Err(Fault::denied(why));
    }
    let expires = expires_in.map(|life| UnixMs::now().after(life.0));
    Ok(KeyTerms { role: *role, scope, quota: quota_within(who, *quota)?, expires })
}

/// The quota of a key that somebody makes: what they have themselves where it says nothing.
fn quota_within(who: &Who, asked: Quota) -> Result<Quota, Fault> {
    let Allowance::Metered(own) = who.identity.allowance else { return Ok(asked) };
    let quota = asked.over(own);
    if own.covers(&quota) {
        return Ok(quota);
    }
    Err(Fault::denied(format!("a key can't use up more than who makes it: `quota` is at most {own}")))
}

fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || " ._@-".contains(c);
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.len() <= NAME_CHARS_MAX
        && text.chars().all(fits)
}

fn scope(key: &KeyInfo) -> Scope {
    Scope { domain: key.domain.clone(), skills: key.skills.clone() }
}

fn info(row: KeyRow) -> Result<KeyInfo, Fault> {
    let KeyRow { id, name, terms, created, created_by, used, .. } = row;
    let read = serde_json::from_str(&terms);
    let terms: KeyTerms =
        read.map_err(|e| Fault::internal(format!("the terms of key {id} can't be read: {e}")))?;
    let KeyTerms { role, scope: Scope { domain, skills }, quota, expires } = terms;
    Ok(KeyInfo { id, name, role, domain, skills, quota, created, created_by, expires, last_used: used })
}
