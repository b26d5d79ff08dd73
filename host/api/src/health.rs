//! Whether the host lives, and whether it can serve. Both answer without a token: they tell nothing else.

use crate::Api;
use crate::error::Refusal;
use crate::types::Health;
use axum::Json;
use axum::extract::State;
use skep_core::Fault;

/// Says that the process answers.
#[utoipa::path(get, path = "/healthz", operation_id = "health_alive", tag = "health",
    responses((status = OK, description = "It does", body = Health)))]
pub(crate) async fn alive() -> Json<Health> {
    Json(Health { version: env!("CARGO_PKG_VERSION").to_owned() })
}

/// Says whether the host can serve: bus and database answer, the revision is confirmed, and it isn't stopping.
#[utoipa::path(get, path = "/readyz", operation_id = "health_ready", tag = "health",
    responses((status = OK, description = "It can", body = Health)))]
pub(crate) async fn ready(State(api): State<Api>) -> Result<Json<Health>, Refusal> {
    if let Err(fault) = api.router().ready().await {
        tracing::debug!(%fault, "not ready");
        return Err(Fault::unavailable("this host can't serve now: its log says why").into());
    }
    Ok(alive().await)
}
