//! A TCP proxy that behaves as bad networks do, on command.

mod carry;

use carry::carry;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinSet};

/// Connections that one proxy carries at once; one more is closed at once.
pub const CONNECTIONS_MAX: usize = 1024;
/// How long it is waited when none can be taken, as without free descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// How a proxy treats what it carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// As a good network does.
    Pass,
    /// Later: by `least`, and up to `jitter` more.
    Latency {
        /// The least delay of each piece.
        least: Duration,
        /// The most that comes on top of it.
        jitter: Duration,
    },
    /// Connections end with a reset, old ones and new ones.
    Reset,
    /// What clients send arrives; no answer does.
    HalfOpen,
    /// Connections are taken, and nothing arrives on either side.
    BlackHole,
    /// The next COMMIT of MySQL's protocol loses its connection before the answer; then all passes again.
    CutAtCommit {
        /// Whether the server gets it.
        arrives: bool,
    },
}

impl Mode {
    /// Whether what is sent in this way is lost.
    fn loses(self, way: Way) -> bool {
        matches!((self, way), (Self::BlackHole, _) | (Self::HalfOpen, Way::Back))
    }

    /// Whether anything is lost.
    fn loses_any(self) -> bool {
        self.loses(Way::There) || self.loses(Way::Back)
    }

    async fn delay(self) {
        if let Self::Latency { least, jitter } = self {
            let more: f64 = rand::random();
            tokio::time::sleep(least + jitter.mul_f64(more)).await;
        }
    }
}

/// The two ways of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// From the client to the server.
    There,
    /// From the server to the client.
    Back,
}

/// What all connections of a proxy share.
struct Line {
    target: SocketAddr,
    mode: watch::Sender<Mode>,
    cuts: AtomicU64,
}

impl Line {
    /// Whether this COMMIT is the one that is to be cut, and whether it arrives nonetheless.
    fn cut_here(&self) -> Option<bool> {
        let mut found = None;
        self.mode.send_if_modified(|mode| {
            if let Mode::CutAtCommit { arrives } = *mode {
                found = Some(arrives);
                *mode = Mode::Pass;
                self.cuts.fetch_add(1, Ordering::Relaxed);
            }
            found.is_some()
        });
        found
    }
}

/// A proxy in front of one server; dropping it ends its connections.
pub struct Proxy {
    line: Arc<Line>,
    port: u16,
    server: AbortHandle,
}

impl Proxy {
    /// Listens on a loopback port, and carries what comes to the one at `target`.
    pub async fn start(target: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let target = SocketAddr::from((Ipv4Addr::LOCALHOST, target));
        let line = Arc::new(Line { target, mode: watch::Sender::new(Mode::Pass), cuts: AtomicU64::new(0) });
        let server = tokio::spawn(serve(listener, line.clone())).abort_handle();
        Ok(Self { line, port, server })
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Treats from now on what it carries so. Connections that lost something are reset when nothing is
    /// lost any more: what follows would make no sense.
    pub fn set(&self, mode: Mode) {
        self.line.mode.send_replace(mode);
    }

    /// How often a COMMIT was cut.
    pub fn cuts(&self) -> u64 {
        self.line.cuts.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(listener: TcpListener, line: Arc<Line>) {
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((client, _)) if open.len() < CONNECTIONS_MAX => {
                    open.spawn(carry(client, line.clone()));
                }
                // Too many.
                Ok(_) => {}
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
            Some(_) = open.join_next() => {}
        }
    }
}
