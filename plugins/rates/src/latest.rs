//! The latest rates: one request that bears a key, and its answer.

use crate::bindings::wasi::http::outgoing_handler::{ErrorCode, handle};
use crate::bindings::wasi::http::types::{Fields, IncomingResponse, OutgoingBody, OutgoingRequest, Scheme};
use crate::convert::Latest;
use skep::Error;

/// The secret that the API wants to see.
const SECRET: &str = "RATES_API_KEY";
const READ_BYTES_MAX: u64 = 64 << 10;
/// Far more than the rates of all currencies.
const ANSWER_BYTES_MAX: usize = 256 << 10;

pub fn latest() -> Result<Latest, Error> {
    let api = skep::config::get("api")?.unwrap_or_default();
    let request = request(&api)?;
    let answer =
        exchange(request).map_err(|code| Error::Failed(format!("{api} was not reached: {code:?}")))?;
    let body = read(&answer);
    match answer.status() {
        200 => serde_json::from_slice(&body).map_err(|e| Error::Failed(format!("the answer of {api}: {e}"))),
        401 | 403 => {
            Err(Error::Failed(format!("{api} doesn't take the key: the operator sets `{SECRET}` anew")))
        }
        status => Err(Error::Failed(format!("{api} answered {status}"))),
    }
}

fn request(api: &str) -> Result<OutgoingRequest, Error> {
    let bad = || Error::Failed(format!("configuration `api` = `{api}` is no https://HOST/PATH"));
    let (authority, path) =
        api.strip_prefix("https://").and_then(|rest| rest.split_once('/')).ok_or_else(bad)?;
    // A placeholder: the host sends the key.
    let key = format!("Token {}", skep::secrets::get(SECRET)?);
    let headers = Fields::new();
    headers.append("authorization", key.as_bytes()).map_err(|_| bad())?;
    let request = OutgoingRequest::new(headers);
    request.set_scheme(Some(&Scheme::Https)).map_err(|()| bad())?;
    request.set_authority(Some(authority)).map_err(|()| bad())?;
    request.set_path_with_query(Some(&format!("/{path}/latest.json"))).map_err(|()| bad())?;
    Ok(request)
}

fn exchange(request: OutgoingRequest) -> Result<IncomingResponse, ErrorCode> {
    let body = request.body().map_err(|()| ErrorCode::InternalError(None))?;
    let answer = handle(request, None)?;
    // It is empty; if the host refuses, the answer says so.
    let _ = OutgoingBody::finish(body, None);
    answer.subscribe().block();
    answer.get().and_then(Result::ok).unwrap_or(Err(ErrorCode::InternalError(None)))
}

/// The body as far as it came: what is cut off is no JSON, which is told then.
fn read(answer: &IncomingResponse) -> Vec<u8> {
    let mut bytes = Vec::new();
    let Some(body) = answer.consume().ok() else { return bytes };
    let Ok(stream) = body.stream() else { return bytes };
    while let Ok(piece) = stream.blocking_read(READ_BYTES_MAX) {
        bytes.extend(piece);
        if bytes.len() > ANSWER_BYTES_MAX {
            break;
        }
    }
    bytes
}
