//! Bodies on their way out and in: counted, timed, and the answers cleaned of secrets.

use super::scrub::Scrubber;
use crate::guest::Log;
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use http::{Method, Request, header::CONTENT_LENGTH};
use http_body_util::{BodyExt as _, BodyStream, Empty, StreamBody};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use skep_core::ByteSize;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use wasmtime_wasi_http::{Error, WasiBody};

/// What the bodies of one call's requests and answers may have together.
pub(super) struct Traffic {
    limit: ByteSize,
    used: AtomicU64,
    log: Arc<Log>,
}

impl Traffic {
    pub(super) fn new(limit: ByteSize, log: Arc<Log>) -> Self {
        Self { limit, used: AtomicU64::new(0), log }
    }

    /// Whether more was wanted than there is.
    pub(super) fn spent(&self) -> bool {
        self.used.load(Ordering::Relaxed) > self.limit.0
    }

    fn take(&self, bytes: &Bytes) -> bool {
        let before = self.used.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        if self.spent() && before <= self.limit.0 {
            self.log.warn(&format!("a body was cut: the limit `traffic` of {} is reached", self.limit));
        }
        !self.spent()
    }
}

/// The body of a request, counted as it is sent.
struct Counted {
    body: WasiBody,
    traffic: Arc<Traffic>,
}

impl Body for Counted {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        let data = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref());
        if data.is_some_and(|piece| !self.traffic.take(piece)) {
            return Poll::Ready(Some(Err(Error::HttpRequestBodySize(Some(self.traffic.limit.0)))));
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A request with its body counted.
pub(super) fn counted(request: Request<WasiBody>, traffic: &Arc<Traffic>) -> Request<WasiBody> {
    let traffic = Arc::clone(traffic);
    request.map(|body| Counted { body, traffic }.boxed_unsync())
}

/// A request without the empty body that many guests give to one that has none: servers wonder at it.
pub(super) async fn trimmed(request: Request<WasiBody>) -> Result<Request<WasiBody>, Error> {
    let bodiless = matches!(*request.method(), Method::GET | Method::HEAD);
    if !bodiless || request.body().is_end_stream() || request.headers().contains_key(CONTENT_LENGTH) {
        return Ok(request);
    }
    let (parts, mut body) = request.into_parts();
    let body = match body.frame().await.transpose()? {
        None => Empty::new().map_err(Error::from).boxed_unsync(),
        Some(first) => {
            let frames = stream::iter([Ok(first)]).chain(BodyStream::new(body));
            StreamBody::new(frames).boxed_unsync()
        }
    };
    Ok(Request::from_parts(parts, body))
}

/// The body of an answer.
pub(super) struct Answer {
    pub(super) body: Incoming,
    pub(super) scrubber: Scrubber,
    pub(super) traffic: Arc<Traffic>,
    /// Longest wait for the next piece.
    pub(super) silence: Duration,
    /// The call's end.
    pub(super) ends: Instant,
}

impl Answer {
    pub(super) fn boxed(self) -> WasiBody {
        StreamBody::new(stream::try_unfold(Some(self), Self::next)).boxed_unsync()
    }

    /// The next piece, and the rest of the body; after the last one, none.
    async fn next(rest: Option<Self>) -> Result<Option<(Frame<Bytes>, Option<Self>)>, Error> {
        let Some(mut answer) = rest else { return Ok(None) };
        loop {
            let silent = Instant::now().checked_add(answer.silence);
            let until = silent.map_or(answer.ends, |silent| silent.min(answer.ends));
            let frame =
                timeout_at(until, answer.body.frame()).await.map_err(|_| Error::ConnectionReadTimeout)?;
            let Some(frame) = frame else {
                let kept = answer.scrubber.rest();
                return Ok((!kept.is_empty()).then(|| (Frame::data(kept), None)));
            };
            // Trailers end a body; what they say is dropped.
            let Ok(piece) = frame.map_err(|_| Error::HttpResponseIncomplete)?.into_data() else { continue };
            if !answer.traffic.take(&piece) {
                return Err(Error::HttpResponseBodySize(Some(answer.traffic.limit.0)));
            }
            let clean = answer.scrubber.body(piece);
            if !clean.is_empty() {
                return Ok(Some((Frame::data(clean), Some(answer))));
            }
        }
    }
}
