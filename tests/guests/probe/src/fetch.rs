//! Whole exchanges over HTTP: what is sent, and all that comes back, or the host's typed error.

use serde_json::{Map, Value, json};

use crate::{
    exports::skep::skill::tools::Error,
    input::{refused, text},
    wasi::{
        http::{
            outgoing_handler::{self, ErrorCode},
            types::{
                Fields, FutureIncomingResponse, IncomingResponse, Method, OutgoingBody, OutgoingRequest,
                Scheme,
            },
        },
        io::streams::{InputStream, StreamError},
    },
};

/// Most of a body that is written at once.
const CHUNK: usize = 4096;

/// `{"status", "headers", "bytes", "body"}`; or `{"error": …}` with the `error-code` of wasi:http, as in
/// `HttpRequestDenied`, and how many bytes had come by then. `fill` sends so many bytes instead of `body`.
pub fn fetch(input: &Value) -> Result<Value, Error> {
    let request = request(input)?;
    let mut body = input["body"].as_str().unwrap_or_default().as_bytes().to_vec();
    if let Some(fill) = input["fill"].as_u64() {
        body = vec![b'x'; usize::try_from(fill).unwrap_or(usize::MAX)];
    }
    let outgoing = request.body().map_err(|()| Error::Failed("no body".to_owned()))?;
    let future = match outgoing_handler::handle(request, None) {
        Ok(future) => future,
        Err(code) => return Ok(refused(name(&code))),
    };
    // A host that refuses closes the stream: what it says of it counts.
    let _ = send(outgoing, &body);
    match wait(&future) {
        Ok(response) => Ok(receive(&response)),
        Err(code) => Ok(refused(name(&code))),
    }
}

/// Opens so many requests at once; says how each ended.
pub fn flood(input: &Value) -> Result<Value, Error> {
    let many = input["many"].as_u64().unwrap_or(1);
    let futures = (0..many).map(|_| Ok(outgoing_handler::handle(request(input)?, None)));
    let futures: Vec<_> = futures.collect::<Result<_, Error>>()?;
    let ends = futures.iter().map(|future| match future {
        Ok(future) => wait(future).map_or_else(|code| name(&code), |response| response.status().to_string()),
        Err(code) => name(code),
    });
    Ok(json!(ends.collect::<Vec<_>>()))
}

fn name(code: &ErrorCode) -> String {
    let code = format!("{code:?}");
    code.trim_start_matches("ErrorCode::").split(['(', ' ']).next().unwrap_or_default().to_owned()
}

fn request(input: &Value) -> Result<OutgoingRequest, Error> {
    let url = text(input, "url")?;
    let bad = |what: &str| Error::InvalidInput(format!("url: can't use {url}: {what}"));
    let fields = Fields::new();
    for (key, value) in input["headers"].as_object().unwrap_or(&Map::new()) {
        let value = value.as_str().unwrap_or_default().as_bytes();
        fields.append(key, value).map_err(|error| Error::Failed(format!("{key}: {error:?}")))?;
    }
    let (scheme, rest) = url.split_once("://").ok_or_else(|| bad("scheme"))?;
    let (authority, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
    let scheme = match scheme {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        other => Scheme::Other(other.to_owned()),
    };
    let method = match input["method"].as_str().unwrap_or("GET") {
        "GET" => Method::Get,
        "POST" => Method::Post,
        "CONNECT" => Method::Connect,
        other => Method::Other(other.to_owned()),
    };
    let request = OutgoingRequest::new(fields);
    request.set_method(&method).map_err(|()| bad("method"))?;
    request.set_scheme(Some(&scheme)).map_err(|()| bad("scheme"))?;
    request.set_authority(Some(authority)).map_err(|()| bad("authority"))?;
    request.set_path_with_query(Some(path)).map_err(|()| bad("path"))?;
    Ok(request)
}

fn send(outgoing: OutgoingBody, body: &[u8]) -> Result<(), StreamError> {
    let stream = outgoing.write().map_err(|()| StreamError::Closed)?;
    for chunk in body.chunks(CHUNK) {
        stream.blocking_write_and_flush(chunk)?;
    }
    drop(stream);
    OutgoingBody::finish(outgoing, None).map_err(|_| StreamError::Closed)
}

fn wait(future: &FutureIncomingResponse) -> Result<IncomingResponse, ErrorCode> {
    future.subscribe().block();
    let answer = future.get().and_then(Result::ok);
    answer.unwrap_or(Err(ErrorCode::InternalError(None)))
}

fn receive(response: &IncomingResponse) -> Value {
    let status = response.status();
    let headers: Map<_, _> = response
        .headers()
        .entries()
        .into_iter()
        .map(|(key, value)| (key, Value::from(String::from_utf8_lossy(&value).into_owned())))
        .collect();
    let mut body = Vec::new();
    let stream = response.consume().and_then(|incoming| Ok((incoming.stream()?, incoming)));
    let error = match &stream {
        Ok((stream, _)) => read(stream, &mut body),
        Err(()) => Some("no body".to_owned()),
    };
    let shown = String::from_utf8_lossy(&body[..body.len().min(CHUNK)]).into_owned();
    let mut all = json!({ "status": status, "headers": headers, "bytes": body.len(), "body": shown });
    if let Some(error) = error {
        all["error"] = error.into();
    }
    all
}

/// Reads to the end; what ended it early, in the words of wasi:http.
fn read(stream: &InputStream, body: &mut Vec<u8>) -> Option<String> {
    loop {
        match stream.blocking_read(64 << 10) {
            Ok(bytes) => body.extend(bytes),
            Err(StreamError::Closed) => return None,
            Err(StreamError::LastOperationFailed(error)) => {
                let code = crate::wasi::http::types::http_error_code(&error);
                return Some(code.map_or_else(|| error.to_debug_string(), |code| name(&code)));
            }
        }
    }
}
