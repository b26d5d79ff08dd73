//! `GET /v1/events`: what happens, over a WebSocket. Here a client comes in; `session.rs` is what follows.

mod follow;
mod session;

pub use follow::JOBS_FOLLOWED_MAX;

use crate::Api;
use crate::auth::{Proof, unknown};
use crate::error::Refusal;
use crate::serve::Stay;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use session::Session;
use skep_core::Fault;
use std::time::Duration;

/// Largest frame that a client may send, in bytes.
const FRAME_BYTES_MAX: usize = 16 << 10;
/// Bytes that are written together at most; what is more waits for the client to read.
const WRITE_BYTES_MAX: usize = 16 << 10;

/// How long a client of events may take for what.
#[derive(Debug, Clone)]
pub struct EventTimes {
    /// To say who it is, where no header does.
    pub first_frame: Duration,
    /// How often it is asked whether it is there.
    pub ping_every: Duration,
    /// How long it may be silent, or read nothing.
    pub silence: Duration,
    /// How often it is looked up whether it is still known. The look-up itself may be a second old.
    pub look_up_every: Duration,
}

impl Default for EventTimes {
    fn default() -> Self {
        Self {
            first_frame: Duration::from_secs(5),
            ping_every: Duration::from_secs(20),
            silence: Duration::from_secs(60),
            look_up_every: Duration::from_secs(1),
        }
    }
}

/// Opens a WebSocket over which events are told. Frames are JSON: a client sends `EventAsk`, at most 16 KiB each;
/// it receives an `Event` or an `EventWord` a frame. Who sends no `Authorization` header must send `authenticate`
/// within 5 s. Each client is told of what it sees; who audits nothing, of its own calls alone.
/// With `follow` it is told all that happens to a job, each event once and in order, from whichever it wants.
#[utoipa::path(get, path = "/events", operation_id = "events_listen", tag = "events", responses(
    (status = SWITCHING_PROTOCOLS, description = "The WebSocket is open"),
    (status = UPGRADE_REQUIRED, description = "The request asks for no WebSocket", body = crate::types::Problem,
        content_type = "application/problem+json")))]
pub(crate) async fn listen(State(api): State<Api>, request: Request) -> Result<Response, Refusal> {
    let proof = Proof::of(&request)?;
    let (mut parts, _) = request.into_parts();
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &api).await;
    // Who sends no header may say it in the first frame.
    let says_later = upgrade.is_ok() && !parts.headers.contains_key(header::AUTHORIZATION);
    let identity = match proof.look_up(&api).await? {
        None if says_later => None,
        found => Some(found.ok_or_else(unknown)?),
    };
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return Ok(no_upgrade(&rejection)),
    };
    let stay = parts.extensions.get::<Stay>().cloned();
    let stay = stay.ok_or_else(|| Fault::internal("a connection that can't stay"))?;
    let session = Session::new(api.clone(), api.router().listen()?, proof, identity, stay);
    let upgrade = upgrade.max_message_size(FRAME_BYTES_MAX).max_frame_size(FRAME_BYTES_MAX);
    Ok(upgrade.write_buffer_size(WRITE_BYTES_MAX).on_upgrade(|socket| session.attend(socket)))
}

/// Whatever it lacks, what is asked for is a WebSocket.
fn no_upgrade(rejection: &WebSocketUpgradeRejection) -> Response {
    let words = format!("{}: open a WebSocket (RFC 6455, version 13)", rejection.body_text());
    let fault = Fault::invalid_input(words);
    let mut response = Refusal::new(StatusCode::UPGRADE_REQUIRED, fault).into_response();
    let headers = response.headers_mut();
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    response
}
