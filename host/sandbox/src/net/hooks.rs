//! What `wasi:http` does with a guest's request: each stage of its way out in one list.

use super::body::{Answer, Traffic, counted, trimmed};
use super::exchange::{Driver, exchange};
use super::gate::Refusal;
use super::scrub::Scrubber;
use super::{Gate, Network, Secrets};
use crate::guest::Log;
use http::header::{HOST, HeaderValue, TE, TRAILER};
use http::uri::{PathAndQuery, Uri};
use http::{HeaderMap, HeaderName, Method, Request, Response};
use parking_lot::Mutex;
use skep_core::{ByteSize, NetError, Origin, Scheme};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout_at;
use wasmtime_wasi_http::{
    DEFAULT_FORBIDDEN_HEADERS, Error, ForbiddenHeaderFilter, RequestOptions, WasiBody, WasiHttpHooks,
};

/// Largest set of header fields, as they lie in memory.
pub(crate) const FIELDS_BYTES_MAX: usize = 64 << 10;
/// Most of a request's body that is buffered on its way out.
const BODY_CHUNK_BYTES_MAX: usize = 64 << 10;
/// Connections that a guest has open at once.
const CONNECTIONS_MAX: usize = 16;
/// Longest wait for a connection, from the name to the end of the TLS handshake.
const CONNECT_WAIT_MAX: Duration = Duration::from_secs(10);

type Done = Box<dyn Future<Output = Result<(), Error>> + Send>;
type Answered = Result<(Response<WasiBody>, Done), Error>;

/// A guest's way to the network.
pub(crate) struct Egress(Arc<Trip>);

/// What a call's requests share.
pub(crate) struct EgressParts {
    pub(crate) network: Arc<Network>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) log: Arc<Log>,
    pub(crate) secrets: Arc<Secrets>,
    /// What its bodies may have together.
    pub(crate) traffic: ByteSize,
    /// The call's end.
    pub(crate) ends: Instant,
}

struct Trip {
    network: Arc<Network>,
    gate: Arc<Gate>,
    log: Arc<Log>,
    secrets: Arc<Secrets>,
    traffic: Arc<Traffic>,
    ends: Instant,
    places: Arc<Semaphore>,
    /// The last request that was refused, in words.
    refused: Mutex<Option<String>>,
}

impl Egress {
    pub(crate) fn new(parts: EgressParts) -> Self {
        let EgressParts { network, gate, log, secrets, traffic, ends } = parts;
        let (traffic, refused) = (Arc::new(Traffic::new(traffic, Arc::clone(&log))), Mutex::default());
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        Self(Arc::new(Trip { network, gate, log, secrets, traffic, ends, places, refused }))
    }

    /// Begins anew for the session's next call; the places stay taken by what the last one left open.
    pub(crate) fn turn_over(&mut self, secrets: Arc<Secrets>, traffic: ByteSize, ends: Instant) {
        let last = &*self.0;
        self.0 = Arc::new(Trip {
            network: Arc::clone(&last.network),
            gate: Arc::clone(&last.gate),
            log: Arc::clone(&last.log),
            places: Arc::clone(&last.places),
            traffic: Arc::new(Traffic::new(traffic, Arc::clone(&last.log))),
            refused: Mutex::default(),
            secrets,
            ends,
        });
    }

    /// The last request of this call that was refused, and what would allow it.
    pub(crate) fn refused(&self) -> Option<String> {
        self.0.refused.lock().clone()
    }
}

impl WasiHttpHooks for Egress {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _sent: Done,
    ) -> Box<dyn Future<Output = Answered> + Send> {
        let trip = Arc::clone(&self.0);
        Box::new(async move { trip.send(request, options.unwrap_or_default()).await })
    }

    fn forbidden_header_filter(&mut self) -> ForbiddenHeaderFilter {
        Arc::new(|name: &HeaderName| {
            DEFAULT_FORBIDDEN_HEADERS.contains(name) || *name == TE || *name == TRAILER
        })
    }

    fn set_host_header(&mut self) -> bool {
        false
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        BODY_CHUNK_BYTES_MAX
    }
}

impl Trip {
    async fn send(&self, mut request: Request<WasiBody>, options: RequestOptions) -> Answered {
        let origin = self.admitted(&request)?;
        let scrubber = self.revealed(&origin, request.headers_mut()).await?;
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| self.crowded())?;
        let connected = self.until(options.connect_timeout.unwrap_or(CONNECT_WAIT_MAX).min(CONNECT_WAIT_MAX));
        let addresses = self.gate.addresses(&self.network, &origin, connected).await;
        let addresses = addresses.map_err(|refusal| self.refuse(refusal))?;
        let connection = self.network.connect(&origin, &addresses, connected).await?;
        let request = self.written(request, &origin).await?;
        let answered = self.until(options.first_byte_timeout.unwrap_or(Duration::MAX));
        let exchanged = exchange(connection, request, answered).await;
        let (answer, driver) = exchanged.map_err(|error| self.blame(error))?;
        let silence = options.between_bytes_timeout.unwrap_or(Duration::MAX);
        Ok((self.cleaned(answer, scrubber, silence)?, done(driver, place)))
    }

    /// Where the request goes, if it may.
    fn admitted(&self, request: &Request<WasiBody>) -> Result<Origin, Error> {
        if matches!(*request.method(), Method::CONNECT | Method::TRACE) {
            return Err(Error::HttpRequestMethodInvalid);
        }
        let uri = request.uri();
        let scheme = uri.scheme_str().and_then(Scheme::parse).ok_or(Error::HttpProtocolError)?;
        let authority = uri.authority().ok_or(Error::HttpRequestUriInvalid)?;
        let origin =
            Origin::new(scheme, authority.as_str()).map_err(|error| self.refuse(misspelt(&error)))?;
        self.gate.admit(&origin).map_err(|refusal| self.refuse(refusal))?;
        Ok(origin)
    }

    /// Gives the headers the secrets that they have placeholders of; what takes them out of the answer again.
    async fn revealed(&self, origin: &Origin, headers: &mut HeaderMap) -> Result<Scrubber, Error> {
        let revealed = self.secrets.reveal(origin, headers).await;
        revealed.map_err(|withheld| {
            self.refuse(Refusal { error: Error::HttpRequestDenied, words: withheld.to_string() })
        })
    }

    /// The request as it is sent: to a path, and with the host's own name for the host.
    async fn written(&self, request: Request<WasiBody>, origin: &Origin) -> Result<Request<WasiBody>, Error> {
        let first = trimmed(counted(request, &self.traffic));
        let mut request =
            timeout_at(self.ends.into(), first).await.map_err(|_| Error::ConnectionWriteTimeout)??;
        let host = HeaderValue::try_from(origin.authority()).map_err(|_| Error::HttpRequestUriInvalid)?;
        request.headers_mut().insert(HOST, host);
        let path = request.uri().path_and_query().cloned();
        *request.uri_mut() = Uri::from(path.unwrap_or_else(|| PathAndQuery::from_static("/")));
        Ok(request)
    }

    /// The answer as the guest sees it.
    fn cleaned(
        &self,
        answer: Response<hyper::body::Incoming>,
        scrubber: Scrubber,
        silence: Duration,
    ) -> Result<Response<WasiBody>, Error> {
        let (mut parts, body) = answer.into_parts();
        scrubber.headers(&mut parts.headers)?;
        let traffic = Arc::clone(&self.traffic);
        let body = Answer { body, scrubber, traffic, silence, ends: self.ends.into() };
        Ok(Response::from_parts(parts, body.boxed()))
    }

    /// Notes why, and gives what the guest is told.
    fn refuse(&self, Refusal { error, words }: Refusal) -> Error {
        self.log.warn(&words);
        *self.refused.lock() = Some(words);
        error
    }

    fn crowded(&self) -> Error {
        self.log.warn(&format!("a request was not sent: {CONNECTIONS_MAX} connections are open already"));
        Error::ConnectionLimitReached
    }

    /// What the guest is told of a failed exchange. A body that grew too large cuts its own connection.
    fn blame(&self, error: Error) -> Error {
        if self.traffic.spent() { Error::HttpRequestBodySize(None) } else { error }
    }

    fn until(&self, wait: Duration) -> tokio::time::Instant {
        let ends = tokio::time::Instant::from(self.ends);
        tokio::time::Instant::now().checked_add(wait).map_or(ends, |until| until.min(ends))
    }
}

fn misspelt(error: &NetError) -> Refusal {
    Refusal { error: Error::HttpRequestDenied, words: error.to_string() }
}

/// Drives the connection until it is over or nobody needs it, and keeps its place as long.
fn done(driver: Driver, place: OwnedSemaphorePermit) -> Done {
    Box::new(async move {
        let _place = place;
        driver.await.map_err(super::exchange::error)
    })
}
