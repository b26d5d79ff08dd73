//! One request and its answer over a connection of their own.

use super::connect::Connection;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use tokio::time::{Instant, timeout_at};
use wasmtime_wasi::runtime::{AbortOnDropJoinHandle, spawn};
use wasmtime_wasi_http::io::TokioIo;
use wasmtime_wasi_http::{Error, WasiBody};

/// Header fields of an answer.
const ANSWER_HEADERS_MAX: usize = 128;
/// What is read of an answer before its header must be complete.
const ANSWER_HEADER_BYTES_MAX: usize = 64 << 10;

/// What drives the connection. It closes when this is dropped.
pub(super) type Driver = AbortOnDropJoinHandle<hyper::Result<()>>;

/// Sends `request`, and waits until the header of its answer is there.
pub(super) async fn exchange(
    connection: Connection,
    request: Request<WasiBody>,
    until: Instant,
) -> Result<(Response<Incoming>, Driver), Error> {
    let mut client = http1::Builder::new();
    client.max_headers(ANSWER_HEADERS_MAX).max_buf_size(ANSWER_HEADER_BYTES_MAX);
    let (mut sender, driver) = client.handshake(TokioIo::new(connection)).await.map_err(error)?;
    let driver = spawn(driver);
    match timeout_at(until, sender.send_request(request)).await {
        Ok(Ok(answer)) => Ok((answer, driver)),
        Ok(Err(problem)) => Err(error(problem)),
        Err(_) => Err(Error::ConnectionReadTimeout),
    }
}

/// What the other side did wrong, without a word of what was said.
pub(super) fn error(problem: hyper::Error) -> Error {
    tracing::debug!(%problem, "an exchange failed");
    if problem.is_parse_too_large() {
        Error::HttpResponseHeaderSectionSize(Some(ANSWER_HEADER_BYTES_MAX as u32))
    } else if problem.is_incomplete_message() || problem.is_closed() || problem.is_canceled() {
        Error::ConnectionTerminated
    } else {
        Error::HttpProtocolError
    }
}
