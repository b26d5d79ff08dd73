//! Secrets of a domain: set, listed, deleted. No route gives a value.

use crate::Api;
use crate::error::Refusal;
use crate::request::{At, By, DomainOnly, Json};
use crate::types::{SecretList, SecretPut, SecretSummary};
use axum::extract::State;
use axum::http::StatusCode;
use skep_core::SecretName;
use skep_router::SecretRow;

/// Largest body of a `PUT`: a value with each character escaped.
const PUT_BYTES_MAX: usize = 64 << 10;

/// Lists the secrets of the domain, without their values.
#[utoipa::path(get, path = "/secrets", operation_id = "secret_list", tag = "secrets", params(DomainOnly),
    responses((status = OK, description = "The secrets", body = SecretList)))]
pub(crate) async fn list(State(api): State<Api>, By(by): By) -> Result<axum::Json<SecretList>, Refusal> {
    let rows = api.router().secret_list(&by.domain).await?;
    Ok(axum::Json(SecretList { secrets: rows.into_iter().map(summary).collect() }))
}

/// Sets a secret, in the place of the value that it has.
#[utoipa::path(put, path = "/secrets/{name}", operation_id = "secret_set", tag = "secrets",
    params(("name" = SecretName, Path, description = "The secret"), DomainOnly), request_body = SecretPut,
    responses((status = OK, description = "What may be known of it now", body = SecretSummary)))]
pub(crate) async fn set(
    State(api): State<Api>,
    By(by): By,
    At(name): At<SecretName>,
    Json(put, _room): Json<SecretPut, PUT_BYTES_MAX>,
) -> Result<axum::Json<SecretSummary>, Refusal> {
    Ok(axum::Json(summary(api.router().secret_set(&by, &name, &put.value).await?)))
}

/// Deletes a secret. Skills that it is granted to find it not set.
#[utoipa::path(delete, path = "/secrets/{name}", operation_id = "secret_delete", tag = "secrets",
    params(("name" = SecretName, Path, description = "The secret"), DomainOnly),
    responses((status = NO_CONTENT, description = "It is deleted")))]
pub(crate) async fn delete(
    State(api): State<Api>,
    By(by): By,
    At(name): At<SecretName>,
) -> Result<StatusCode, Refusal> {
    api.router().secret_delete(&by, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn summary(row: SecretRow) -> SecretSummary {
    let SecretRow { name, version, created, updated, set_by } = row;
    SecretSummary { name, version, created, updated, set_by }
}
