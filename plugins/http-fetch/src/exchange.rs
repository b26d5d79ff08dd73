//! One request and its answer, through `wasi:http`.

use crate::bindings::wasi::http::outgoing_handler::{self, ErrorCode};
use crate::bindings::wasi::http::types::{
    Fields, IncomingResponse, Method, OutgoingBody, OutgoingRequest, Scheme,
};
use crate::bindings::wasi::io::streams::StreamError;
use crate::url::Url;

/// Most that a stream takes at once.
const WRITE_BYTES_MAX: usize = 4096;
/// What is asked of a stream at once.
const READ_BYTES_MAX: u64 = 64 << 10;

pub struct Answer {
    pub status: u16,
    /// Names in lower case, each value by itself.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Whether there was more of it.
    pub truncated: bool,
}

/// Sends a request; takes at most `bytes_max` of the answer's body.
pub fn exchange(request: OutgoingRequest, body: &[u8], bytes_max: usize) -> Result<Answer, ErrorCode> {
    let outgoing = request.body().map_err(|()| internal("the request has no body"))?;
    let future = outgoing_handler::handle(request, None)?;
    // A server may answer before it has read all, and a host that refuses reads nothing: the answer counts.
    let _ = send(outgoing, body);
    future.subscribe().block();
    let answer = future.get().ok_or_else(|| internal("no answer"))?;
    receive(&answer.map_err(|()| internal("the answer was taken"))??, bytes_max)
}

pub fn request(
    method: &str,
    url: &Url<'_>,
    headers: impl Iterator<Item = (String, String)>,
) -> Result<OutgoingRequest, String> {
    let fields = Fields::new();
    for (name, value) in headers {
        let kept = fields.append(&name, value.as_bytes());
        kept.map_err(|error| format!("header `{name}` can't be sent: {error:?}"))?;
    }
    let request = OutgoingRequest::new(fields);
    let bad = |what: &str| format!("the {what} of {} can't be sent", url.origin());
    request.set_method(&method_of(method)).map_err(|()| bad("method"))?;
    request.set_scheme(Some(&scheme_of(url.scheme))).map_err(|()| bad("scheme"))?;
    request.set_authority(Some(url.authority)).map_err(|()| bad("host"))?;
    // A request always has a path, a URL need not.
    let root = if url.path.starts_with('/') { "" } else { "/" };
    let path = format!("{root}{}", url.path);
    request.set_path_with_query(Some(&path)).map_err(|()| bad("path"))?;
    Ok(request)
}

fn method_of(name: &str) -> Method {
    match name {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        "OPTIONS" => Method::Options,
        "PATCH" => Method::Patch,
        other => Method::Other(other.to_owned()),
    }
}

fn scheme_of(name: &str) -> Scheme {
    match name.to_ascii_lowercase().as_str() {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        _ => Scheme::Other(name.to_owned()),
    }
}

fn send(outgoing: OutgoingBody, body: &[u8]) -> Result<(), StreamError> {
    let stream = outgoing.write().map_err(|()| StreamError::Closed)?;
    for piece in body.chunks(WRITE_BYTES_MAX) {
        stream.blocking_write_and_flush(piece)?;
    }
    drop(stream);
    OutgoingBody::finish(outgoing, None).map_err(|_| StreamError::Closed)
}

fn receive(answer: &IncomingResponse, bytes_max: usize) -> Result<Answer, ErrorCode> {
    let text = |value: Vec<u8>| String::from_utf8_lossy(&value).into_owned();
    let headers = answer.headers().entries().into_iter().map(|(name, value)| (name, text(value)));
    let (headers, status) = (headers.collect(), answer.status());
    let incoming = answer.consume().map_err(|()| internal("the answer has no body"))?;
    let stream = incoming.stream().map_err(|()| internal("the answer's body was taken"))?;
    let mut body = Vec::new();
    while body.len() <= bytes_max {
        match stream.blocking_read(READ_BYTES_MAX) {
            Ok(piece) => body.extend(piece),
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(error)) => {
                let code = crate::bindings::wasi::http::types::http_error_code(&error);
                return Err(code.unwrap_or_else(|| internal("the answer broke off")));
            }
        }
    }
    let truncated = body.len() > bytes_max;
    body.truncate(bytes_max);
    Ok(Answer { status, headers, body, truncated })
}

fn internal(what: &str) -> ErrorCode {
    ErrorCode::InternalError(Some(what.to_owned()))
}
