//! One connection through a proxy: two ways, and what ends them.

use super::{Line, Mode, Way};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};

/// What is read at once.
const PIECE_BYTES: usize = 64 << 10;
/// COMMIT as a client of MySQL sends it: seven bytes, the first packet of a command, a query.
const COMMIT: &[u8] = b"\x07\0\0\0\x03COMMIT";

/// What one connection remembers.
struct Connection<'a> {
    line: &'a Line,
    /// Something that was sent didn't arrive.
    lost: AtomicBool,
    /// The next answer is that to a COMMIT which is to be cut.
    cut: AtomicBool,
}

/// Carries a connection until its ends have closed it, or the network has.
pub(super) async fn carry(mut client: TcpStream, line: Arc<Line>) {
    let Ok(mut server) = TcpStream::connect(line.target).await else {
        return reset(client);
    };
    // Small messages go as they come; should that fail they come later.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let connection = Connection { line: &line, lost: false.into(), cut: false.into() };
    let ended = tokio::select! {
        ended = connection.exchange(&mut client, &mut server) => ended,
        () = connection.reset() => Err(io::ErrorKind::ConnectionReset.into()),
    };
    if ended.is_err() {
        reset(client);
        reset(server);
    }
}

/// Ends a connection so that the other end gets an error, not an end.
fn reset(stream: TcpStream) {
    // Else it is a plain end: as good a fault.
    let _ = stream.set_zero_linger();
}

impl Connection<'_> {
    async fn exchange(&self, client: &mut TcpStream, server: &mut TcpStream) -> io::Result<()> {
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        tokio::try_join!(
            self.pump(Way::There, from_client, to_server),
            self.pump(Way::Back, from_server, to_client)
        )?;
        Ok(())
    }

    /// Returns when the network's state ends this connection.
    async fn reset(&self) {
        let mut modes = self.line.mode.subscribe();
        // It errs when the proxy is gone, and this with it.
        let _ = modes.wait_for(|mode| *mode == Mode::Reset || self.has_gap(*mode)).await;
    }

    /// Whether what comes now would follow on what was lost.
    fn has_gap(&self, mode: Mode) -> bool {
        self.lost.load(Ordering::Relaxed) && !mode.loses_any()
    }

    async fn pump(&self, way: Way, mut from: ReadHalf<'_>, mut to: WriteHalf<'_>) -> io::Result<()> {
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let count = from.read(&mut piece).await?;
            let (piece, mode) = (&piece[..count], *self.line.mode.borrow());
            if mode.loses(way) {
                self.lost.store(true, Ordering::Relaxed);
                if count == 0 {
                    std::future::pending::<()>().await;
                }
                continue;
            }
            mode.delay().await;
            if count == 0 {
                return to.shutdown().await;
            }
            if self.has_gap(mode) || (way == Way::Back && self.cut.load(Ordering::Relaxed)) {
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            match (way == Way::There && piece.ends_with(COMMIT)).then(|| self.line.cut_here()).flatten() {
                Some(false) => return Err(io::ErrorKind::ConnectionReset.into()),
                Some(true) => self.cut.store(true, Ordering::Relaxed),
                None => {}
            }
            to.write_all(piece).await?;
        }
    }
}
