//! Reading requests: every mistake is answered in the same shape, every size has a limit.

use crate::Api;
use crate::auth::Who;
use crate::error::Refusal;
use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::{HeaderMap, StatusCode, Uri, header, request::Parts};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use skep_core::{DomainName, Fault};
use skep_router::Operator;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use utoipa::IntoParams;

/// Largest body where nothing large is due.
pub(crate) const BODY_BYTES_MAX: usize = 1 << 20;
/// Bytes of bodies that this host holds at once, over all requests.
pub(crate) const BODIES_BYTES_MAX: usize = 512 << 20;
/// How long a body may wait for room among the others.
const ROOM_WAIT_MAX: Duration = Duration::from_secs(10);
/// How long a client may take to send a body.
const BODY_WAIT_MAX: Duration = Duration::from_secs(120);
/// The unit in which room is kept.
const ROOM_UNIT: usize = 1 << 10;

/// Units of room for all bodies.
pub(crate) const ROOM_UNITS: usize = BODIES_BYTES_MAX / ROOM_UNIT;

/// Who asks, and in which domain, as the router takes it: for resources that take no other parameter.
pub(crate) struct By(pub(crate) Operator);

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DomainOnly {
    /// The domain; `main` if left out.
    #[serde(rename = "domain")]
    #[param(value_type = Option<DomainName>)]
    _domain: Option<IgnoredAny>,
}

impl FromRequestParts<Api> for By {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Refusal> {
        let _: DomainOnly = query(&parts.uri)?;
        Ok(Self(Who::from_request_parts(parts, api).await?.operator()))
    }
}

/// The query. Its domain, if it has one, was looked at before: take that of [`Who`].
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<Api> for Params<T> {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, Refusal> {
        Ok(Self(query(&parts.uri)?))
    }
}

/// Reads a query, on every route in the same way.
pub(crate) fn query<T: DeserializeOwned>(uri: &Uri) -> Result<T, Fault> {
    let read = Query::try_from_uri(uri);
    let Query(params) = read.map_err(|e| Fault::invalid_input(format!("the query: {}", e.body_text())))?;
    Ok(params)
}

/// What the path names.
pub(crate) struct At<T>(pub(crate) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Api> for At<T> {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Refusal> {
        let Path(named) = Path::from_request_parts(parts, api)
            .await
            .map_err(|e| Refusal::new(e.status(), Fault::invalid_input(e.body_text())))?;
        Ok(Self(named))
    }
}

/// A body of at most `MAX` bytes, and the room that it takes.
pub(crate) struct RawBody<const MAX: usize> {
    pub(crate) bytes: Bytes,
    pub(crate) room: OwnedSemaphorePermit,
}

impl<const MAX: usize> FromRequest<Api> for RawBody<MAX> {
    type Rejection = Refusal;
    async fn from_request(request: Request, api: &Api) -> Result<Self, Refusal> {
        let announced = request.headers().get(header::CONTENT_LENGTH);
        let announced = announced.and_then(|v| v.to_str().ok()?.parse().ok());
        // What doesn't say its length may turn out to be as large as allowed.
        let most = announced.unwrap_or(MAX);
        if most > MAX {
            return Err(too_large(MAX));
        }
        let mut room = api.room(units(most), ROOM_WAIT_MAX).await?;
        let read = tokio::time::timeout(BODY_WAIT_MAX, read(request.into_body(), most)).await;
        let late =
            |_| Refusal::new(StatusCode::REQUEST_TIMEOUT, Fault::invalid_input("the body came too slowly"));
        let bytes = read.map_err(late)??;
        let unused = room.num_permits() - units(bytes.len()).min(room.num_permits());
        drop(room.split(unused));
        Ok(Self { bytes, room })
    }
}

fn units(bytes: usize) -> usize {
    bytes.div_ceil(ROOM_UNIT)
}

async fn read(body: Body, max: usize) -> Result<Bytes, Refusal> {
    let mut chunks = body.into_data_stream();
    let mut bytes = BytesMut::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|e| Fault::invalid_input(format!("the body broke off: {e}")))?;
        if bytes.len() + chunk.len() > max {
            return Err(too_large(max));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

/// Reads JSON, on every route in the same way.
pub(crate) fn from_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Fault> {
    serde_json::from_slice(body).map_err(|e| Fault::invalid_input(format!("the body: {e}")))
}

/// How many entries a page has.
pub(crate) fn page_limit(asked: Option<u64>, default: u64, max: u64) -> Result<u64, Fault> {
    let limit = asked.unwrap_or(default);
    if (1..=max).contains(&limit) {
        return Ok(limit);
    }
    let most = "and what the answer names as next gets further pages";
    Err(Fault::invalid_input(format!("`limit` is {limit}: it can be 1 to {max}, {most}")))
}

/// A place in a list, as an answer named it: no more than a database counts to.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "u64")]
pub(crate) struct Mark(pub(crate) u64);

impl TryFrom<u64> for Mark {
    type Error = String;
    fn try_from(number: u64) -> Result<Self, String> {
        match i64::try_from(number) {
            Ok(_) => Ok(Self(number)),
            Err(_) => Err(format!("{number} is no place in a list, nor a time")),
        }
    }
}

/// Refuses a body that says that it is something else than JSON.
pub(crate) fn is_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let Some(stated) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let media = stated.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let media = media.to_ascii_lowercase();
    if media == "application/json" || (media.starts_with("application/") && media.ends_with("+json")) {
        return Ok(());
    }
    let fault =
        Fault::invalid_input(format!("a body of type `{media}` isn't taken here: send `application/json`"));
    Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, fault))
}

fn too_large(max: usize) -> Refusal {
    let fault = Fault::invalid_input(format!("the body is too large: at most {max} bytes are taken here"));
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, fault)
}

/// A body of JSON of at most `MAX` bytes, and the room that it takes.
pub(crate) struct Json<T, const MAX: usize = BODY_BYTES_MAX>(pub(crate) T, pub(crate) OwnedSemaphorePermit);

impl<T: DeserializeOwned, const MAX: usize> FromRequest<Api> for Json<T, MAX> {
    type Rejection = Refusal;
    async fn from_request(request: Request, api: &Api) -> Result<Self, Refusal> {
        is_json(request.headers())?;
        let body = RawBody::<MAX>::from_request(request, api).await?;
        Ok(Self(from_json(&body.bytes)?, body.room))
    }
}
