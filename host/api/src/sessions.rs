//! Sessions that this host holds: which there are, and their end before their time.

use crate::Api;
use crate::auth::Who;
use crate::error::Refusal;
use crate::request::{At, By, DomainOnly};
use crate::types::{SessionList, SessionSummary};
use axum::extract::State;
use axum::http::StatusCode;
use skep_core::{SessionId, millis};
use skep_router::SessionSeen;

/// Lists the sessions that this host holds in a domain.
#[utoipa::path(get, path = "/sessions", operation_id = "sessions_list", tag = "sessions", params(DomainOnly),
    responses((status = OK, description = "The sessions", body = SessionList)))]
pub(crate) async fn list(
    State(api): State<Api>,
    By(by): By,
    who: Who,
) -> Result<axum::Json<SessionList>, Refusal> {
    let mut held = api.router().sessions(&by.domain);
    held.retain(|session| who.sees(&session.skill));
    let sessions = held.into_iter().map(summary).collect();
    Ok(axum::Json(SessionList { host: api.router().incarnation(), sessions }))
}

/// Ends a session that this host holds. A call in it goes on to its end.
#[utoipa::path(delete, path = "/sessions/{id}", operation_id = "session_end", tag = "sessions",
    params(("id" = SessionId, Path, description = "The session"), DomainOnly),
    responses((status = NO_CONTENT, description = "It has ended")))]
pub(crate) async fn end(
    State(api): State<Api>,
    By(by): By,
    who: Who,
    At(id): At<SessionId>,
) -> Result<StatusCode, Refusal> {
    api.router().session_end(&by, id, |skill| who.sees(skill)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn summary(session: SessionSeen) -> SessionSummary {
    let SessionSeen { id, skill, version, origin, in_use, idle } = session;
    let idle_ms = millis(idle);
    SessionSummary { id, skill, version, origin, in_use, idle_ms }
}
