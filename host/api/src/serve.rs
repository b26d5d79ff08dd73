//! Listening: connections in, each bounded, all ended when the caller says so.

use crate::Api;
use crate::auth::{Entrance, TcpAccess, local_user};
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// Connections that a listener holds at once; further ones wait in the kernel's backlog.
const CONNECTIONS_MAX: usize = 1024;
/// How long a client may take to send a request's header, or stay idle between two requests.
const HEADER_WAIT_MAX: Duration = Duration::from_secs(30);
/// Largest header of a request, in bytes.
const HEADER_BYTES_MAX: usize = 32 << 10;
/// Pause after a connection could not be taken, mostly for want of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A listener, and who may come in there.
#[derive(Debug)]
pub enum Entry {
    /// Whoever the file system lets at the socket; the kernel says who it is.
    Unix(UnixListener),
    /// Whoever bears the token.
    Tcp(TcpListener, Arc<TcpAccess>),
}

/// Serves until `shutdown`, then until the requests under way are answered.
/// Dropping the future ends all connections at once.
pub async fn serve(api: Api, entry: Entry, shutdown: CancellationToken) {
    let routes = api.routes();
    // Ends with this future, however it ends.
    let shutdown = shutdown.child_token();
    let _ends = shutdown.clone().drop_guard();
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let next = async { (places.clone().acquire_owned().await, entry.accept().await) };
        let Some((place, accepted)) = shutdown.run_until_cancelled(next).await else { break };
        match accepted {
            Ok((stream, entrance)) => {
                let Ok(place) = place else { break };
                let stay = Stay { shutdown: shutdown.clone(), _place: Arc::new(place) };
                connections.spawn(connection(routes.clone(), stream, entrance, stay));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(entry);
    while connections.join_next().await.is_some() {}
    // Those that were upgraded have theirs until they are over.
    let _ = places.acquire_many(CONNECTIONS_MAX as u32).await;
}

/// What a connection has that outlives its request: its place among the others, and word of when to go.
#[derive(Clone)]
pub(crate) struct Stay {
    shutdown: CancellationToken,
    _place: Arc<OwnedSemaphorePermit>,
}

impl Stay {
    /// Waits until the listener shuts down.
    pub(crate) async fn over(&self) {
        self.shutdown.cancelled().await;
    }
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl Entry {
    async fn accept(&self) -> io::Result<(Box<dyn Stream>, Entrance)> {
        match self {
            Self::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                let peer = stream.peer_cred()?;
                Ok((Box::new(stream), Entrance::Unix(local_user(peer.uid()))))
            }
            Self::Tcp(listener, access) => {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                let local = stream.local_addr()?.ip().to_canonical();
                Ok((Box::new(stream), Entrance::Tcp(access.clone(), local)))
            }
        }
    }
}

async fn connection(routes: axum::Router, stream: Box<dyn Stream>, entrance: Entrance, stay: Stay) {
    let shutdown = stay.shutdown.clone();
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(entrance.clone());
        request.extensions_mut().insert(stay.clone());
        routes.clone().oneshot(request)
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEADER_WAIT_MAX).max_header_size(HEADER_BYTES_MAX);
    let mut serving = std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service).with_upgrades());
    let served = tokio::select! {
        served = serving.as_mut() => served,
        () = shutdown.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = served {
        // The client went away or sent what isn't HTTP.
        tracing::debug!(%error, "a connection broke");
    }
}
