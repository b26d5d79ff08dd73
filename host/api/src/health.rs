//! Whether the host lives, and whether it can serve. Both answer without a token: they tell nothing else.

use crate::Api;
use crate::error::RETRY_AFTER;
use crate::types::Health;
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use skep_core::Fault;
use std::collections::BTreeMap;

/// How a part stands that is there.
const OK: &str = "ok";
/// How one stands that isn't. Why, the log says.
const AWAY: &str = "unavailable";

/// Says that the process answers, and that its loops turn.
#[utoipa::path(get, path = "/healthz", operation_id = "health_alive", tag = "health", responses(
    (status = OK, description = "It lives", body = Health),
    (status = SERVICE_UNAVAILABLE, description = "It hangs: start it again", body = Health)))]
pub(crate) async fn alive(State(api): State<Api>) -> Response {
    answer(api.router().alive(), BTreeMap::new())
}

/// Says whether a call would be served, and how each part stands that serving needs.
#[utoipa::path(get, path = "/readyz", operation_id = "health_ready", tag = "health", responses(
    (status = OK, description = "It would", body = Health),
    (status = SERVICE_UNAVAILABLE, description = "It wouldn't: some part is away", body = Health)))]
pub(crate) async fn ready(State(api): State<Api>) -> Response {
    let health = api.router().health().await;
    let parts = parts(&health).map(|(part, state)| {
        if let Err(fault) = state {
            tracing::debug!(part, %fault, "not ready");
        }
        (part.to_owned(), if state.is_ok() { OK } else { AWAY }.to_owned())
    });
    answer(health.ready().is_ok(), BTreeMap::from(parts))
}

/// The parts that serving needs, under the names that `/metrics` gives them too.
pub(crate) fn parts(health: &skep_router::Health) -> [(&'static str, Result<(), &Fault>); 4] {
    [
        ("host", health.host.as_ref().map(drop)),
        ("bus", health.bus.as_ref().map(drop)),
        ("database", health.database.as_ref().map(drop)),
        ("audit", health.audit.as_ref().map(drop)),
    ]
}

fn answer(well: bool, parts: BTreeMap<String, String>) -> Response {
    let health = Json(Health { version: env!("CARGO_PKG_VERSION").to_owned(), parts });
    if well {
        return health.into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, RETRY_AFTER)], health).into_response()
}
