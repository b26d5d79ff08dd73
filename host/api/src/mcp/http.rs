//! `/mcp`: MCP over streamable HTTP. The sessions of older revisions belong to who opened them.

use super::server::Server;
use super::visitor::Visitor;
use crate::Api;
use crate::auth::Who;
use crate::error::Refusal;
use crate::request::{RawBody, query};
use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header, request::Parts};
use axum::response::{IntoResponse, Response};
use rmcp::ErrorData;
use rmcp::model::{ErrorCode, JsonRpcError};
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use serde::Deserialize;
use serde::de::IgnoredAny;
use skep_core::Fault;

/// Largest message that is read; a skill's own limit is checked besides.
pub(super) const MESSAGE_BYTES_MAX: usize = 16 << 20;
/// The header that names a session.
const HEADER_SESSION_ID: &str = "mcp-session-id";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VisitParams {
    #[serde(rename = "domain")]
    _domain: Option<IgnoredAny>,
    profile: Option<String>,
}

impl FromRequestParts<Api> for Visitor {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Refusal> {
        let VisitParams { profile, .. } = query(&parts.uri)?;
        let who = Who::from_request_parts(parts, api).await?;
        let profile = profile.map(|name| api.mcp.profile(&name)).transpose()?;
        Ok(Self { who, profile })
    }
}

/// As much of a message as is needed to let it in.
#[derive(Deserialize)]
struct Message {
    method: Option<String>,
}

/// `/mcp`, whatever the method.
pub(crate) async fn handle(
    State(api): State<Api>,
    visitor: Visitor,
    request: Request,
) -> Result<Response, Refusal> {
    let session = session(request.headers());
    if let Some(id) = &session
        && !api.mcp.owns(&visitor, id)
    {
        let fault = Fault::session_gone("no such session: initialize a new one");
        return Err(Refusal::new(StatusCode::NOT_FOUND, fault));
    }
    let (mut parts, body) = request.into_parts();
    parts.extensions.insert(visitor.clone());
    if parts.method != Method::POST {
        return Ok(pass(&api, visitor, Request::from_parts(parts, Body::empty())).await?);
    }
    let body =
        RawBody::<MESSAGE_BYTES_MAX>::from_request(Request::from_parts(parts.clone(), body), &api).await?;
    let message = match serde_json::from_slice::<Message>(&body.bytes) {
        Err(error) if error.is_syntax() || error.is_eof() => return Ok(no_json(&error)),
        Err(_) => Message { method: None },
        Ok(message) => message,
    };
    let opens = session.is_none() && message.method.as_deref() == Some("initialize");
    let request = Request::from_parts(parts, Body::from(body.bytes));
    if !opens {
        return Ok(pass(&api, visitor, request).await?);
    }
    // One at a time, so that their number is certain.
    let opening = api.mcp.opening.lock().await;
    api.mcp.room_for_session(&visitor).await?;
    let response = pass(&api, visitor.clone(), request).await?;
    if let Some(id) = self::session(response.headers()) {
        api.mcp.own(visitor, id);
    }
    drop(opening);
    Ok(response)
}

fn session(headers: &HeaderMap) -> Option<String> {
    headers.get(HEADER_SESSION_ID).map(|id| String::from_utf8_lossy(id.as_bytes()).into_owned())
}

async fn pass(api: &Api, visitor: Visitor, request: Request) -> Result<Response, Fault> {
    let catalog = api.mcp.catalog(api.router(), &visitor.who.domain).await?;
    // Hosts and origins have been checked at the door, as for everything else.
    let config = StreamableHttpServerConfig::default()
        .disable_allowed_hosts()
        .disable_allowed_origins()
        .with_max_request_body_bytes(MESSAGE_BYTES_MAX)
        .with_cancellation_token(api.mcp.ended.clone());
    let sessions = api.mcp.sessions.clone();
    let api = api.clone();
    let server = move || Ok(Server::new(api.clone(), visitor.clone(), catalog.clone()));
    Ok(StreamableHttpService::new(server, sessions, config).handle(request).await.map(Body::new))
}

fn no_json(error: &serde_json::Error) -> Response {
    let error = ErrorData::new(ErrorCode::PARSE_ERROR, format!("the body is no JSON: {error}"), None);
    let body = serde_json::to_vec(&JsonRpcError::new(None, error)).unwrap_or_default();
    (StatusCode::BAD_REQUEST, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}
