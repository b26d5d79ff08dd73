//! A door to a database server that can be slammed at the worst moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A packet that commits: length, sequence, "query", and the statement.
const COMMIT: &[u8] = b"\x07\x00\x00\x00\x03COMMIT";

/// Passes bytes on. Armed, it loses the answer to the next COMMIT, and the connection with it. Jammed, it passes on
/// neither the next COMMIT nor anything after it, and both sides wait.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    armed: Traps,
    jammed: Traps,
}

/// How often something is yet to go wrong.
type Traps = Arc<AtomicUsize>;

fn springs(traps: &Traps) -> bool {
    traps.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |times| times.checked_sub(1)).is_ok()
}

impl Proxy {
    pub(crate) async fn start(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (armed, jammed) = (Traps::default(), Traps::default());
        let (arm, jam) = (armed.clone(), jammed.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, server, arm.clone(), jam.clone()));
            }
        });
        Self { port, armed, jammed }
    }

    /// Loses the next `times` answers to COMMIT.
    pub(crate) fn arm(&self, times: usize) {
        self.armed.store(times, Ordering::SeqCst);
    }

    /// Cuts the next connection off that commits.
    pub(crate) fn jam(&self) {
        self.jammed.store(1, Ordering::SeqCst);
    }

    /// How many connections are yet to be cut off.
    pub(crate) fn jammed(&self) -> usize {
        self.jammed.load(Ordering::SeqCst)
    }

    /// How many answers are yet to be lost.
    pub(crate) fn armed(&self) -> usize {
        self.armed.load(Ordering::SeqCst)
    }
}

async fn pass(mut client: TcpStream, server: u16, armed: Traps, jammed: Traps) {
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", server)).await else { return };
    let (mut up, mut down) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        tokio::select! {
            read = client.read(&mut up) => {
                let Ok(read @ 1..) = read else { return };
                let commits = up[..read] == *COMMIT;
                if commits && springs(&jammed) {
                    return std::future::pending().await;
                }
                if server.write_all(&up[..read]).await.is_err() { return }
                if commits && springs(&armed) {
                    // Its answer means that the server is done; nobody else hears it.
                    drop(server.read(&mut down).await);
                    return;
                }
            }
            read = server.read(&mut down) => {
                let Ok(read @ 1..) = read else { return };
                if client.write_all(&down[..read]).await.is_err() { return }
            }
        }
    }
}
