//! One request through the bindings themselves, so that the host's typed error is what is reported.

use crate::{
    Errand,
    wasi::{
        http::{
            outgoing_handler::{ErrorCode, handle},
            types::{Fields, IncomingResponse, Method, OutgoingBody, OutgoingRequest, Scheme},
        },
        io::streams::{InputStream, StreamError},
    },
    words::fill,
};
use serde_json::{Value, json};

const CHUNK_BYTES: u64 = 64 << 10;

/// `{"status", "headers", "body"}`, or `{"error": …}` with the `error-code` of wasi:http.
pub fn send(errand: &Errand) -> Result<Value, String> {
    let request = request(errand)?;
    let body = errand.body.as_deref().map(fill).transpose()?;
    Ok(exchange(request, body).unwrap_or_else(|code| {
        let code = format!("{code:?}");
        json!({ "error": code.trim_start_matches("ErrorCode::") })
    }))
}

fn request(errand: &Errand) -> Result<OutgoingRequest, String> {
    let url = fill(&errand.url)?;
    let (scheme, rest) = url.split_once("://").ok_or("url: no scheme")?;
    let (authority, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
    let fields = Fields::new();
    for (name, value) in &errand.headers {
        let value = fill(value)?;
        fields.append(name, value.as_bytes()).map_err(|error| format!("header {name}: {error:?}"))?;
    }
    let request = OutgoingRequest::new(fields);
    let scheme = if scheme == "https" { Scheme::Https } else { Scheme::Http };
    let method = if errand.method == "POST" { Method::Post } else { Method::Get };
    let refused = |()| "the request can't be made".to_owned();
    request.set_method(&method).map_err(refused)?;
    request.set_scheme(Some(&scheme)).map_err(refused)?;
    request.set_authority(Some(authority)).map_err(refused)?;
    request.set_path_with_query(Some(path)).map_err(refused)?;
    Ok(request)
}

fn exchange(request: OutgoingRequest, body: Option<String>) -> Result<Value, ErrorCode> {
    let outgoing = request.body().map_err(|()| ErrorCode::InternalError(None))?;
    let answer = handle(request, None)?;
    if let Some(body) = body {
        let stream = outgoing.write().map_err(|()| ErrorCode::InternalError(None))?;
        // What refuses the body tells why in the answer.
        for piece in body.as_bytes().chunks(4096) {
            let _ = stream.blocking_write_and_flush(piece);
        }
    }
    let _ = OutgoingBody::finish(outgoing, None);
    answer.subscribe().block();
    let response = answer.get().and_then(Result::ok).unwrap_or(Err(ErrorCode::InternalError(None)))?;
    Ok(report(&response))
}

fn report(response: &IncomingResponse) -> Value {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let headers: Vec<_> =
        response.headers().entries().iter().map(|(name, value)| json!([name, text(value)])).collect();
    let body = response.consume().and_then(|body| body.stream().map(|stream| read(&stream)));
    json!({ "status": response.status(), "headers": headers, "body": text(&body.unwrap_or_default()) })
}

fn read(stream: &InputStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(CHUNK_BYTES) {
            Ok(piece) => bytes.extend(piece),
            Err(StreamError::Closed | StreamError::LastOperationFailed(_)) => return bytes,
        }
    }
}
