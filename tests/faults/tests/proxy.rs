//! What the proxy promises: each of its networks is as bad as it says, and no worse.
#![allow(clippy::unwrap_used)]

use skep_faults::proxy::{Mode, Proxy};
use skep_harness::eventually;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

const COMMIT: &[u8] = b"\x07\0\0\0\x03COMMIT";
const SOON: Duration = Duration::from_secs(10);
/// Long enough for what isn't held back to have come.
const A_WHILE: Duration = Duration::from_millis(300);

/// A connection through a proxy: both of its ends.
struct Ends {
    proxy: Proxy,
    listener: TcpListener,
    client: TcpStream,
    server: TcpStream,
}

async fn ends() -> Ends {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = Proxy::start(listener.local_addr().unwrap().port()).await.unwrap();
    let client = TcpStream::connect(("127.0.0.1", proxy.port())).await.unwrap();
    let (server, _) = listener.accept().await.unwrap();
    Ends { proxy, listener, client, server }
}

/// What comes within a while; none if nothing does.
async fn comes(stream: &mut TcpStream) -> Option<std::io::Result<Vec<u8>>> {
    let mut piece = [0; 64];
    let read = timeout(A_WHILE, stream.read(&mut piece)).await.ok()?;
    Some(read.map(|count| piece[..count].to_vec()))
}

async fn is_reset(stream: &mut TcpStream) {
    let read = timeout(SOON, stream.read(&mut [0; 64])).await.unwrap();
    assert_eq!(read.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn what_passes_passes_both_ways_to_its_end() {
    let Ends { proxy: _proxy, listener: _, mut client, mut server } = ends().await;
    client.write_all(b"question").await.unwrap();
    assert_eq!(comes(&mut server).await.unwrap().unwrap(), b"question");
    server.write_all(b"answer").await.unwrap();
    assert_eq!(comes(&mut client).await.unwrap().unwrap(), b"answer");
    drop(client);
    assert_eq!(timeout(SOON, server.read(&mut [0])).await.unwrap().unwrap(), 0);
}

#[tokio::test]
async fn latency_is_no_less_than_it_says() {
    let Ends { proxy, listener: _, mut client, mut server } = ends().await;
    let least = Duration::from_millis(200);
    proxy.set(Mode::Latency { least, jitter: Duration::from_millis(10) });
    let begun = Instant::now();
    client.write_all(b"question").await.unwrap();
    server.read_exact(&mut [0; 8]).await.unwrap();
    assert!(begun.elapsed() >= least);
}

#[tokio::test]
async fn reset_ends_old_connections_and_new_ones() {
    let Ends { proxy, listener: _, mut client, mut server } = ends().await;
    proxy.set(Mode::Reset);
    is_reset(&mut client).await;
    is_reset(&mut server).await;
    let mut other = TcpStream::connect(("127.0.0.1", proxy.port())).await.unwrap();
    is_reset(&mut other).await;
}

#[tokio::test]
async fn half_open_loses_what_comes_back_and_resets_when_it_heals() {
    let Ends { proxy, listener: _, mut client, mut server } = ends().await;
    proxy.set(Mode::HalfOpen);
    client.write_all(b"question").await.unwrap();
    assert_eq!(comes(&mut server).await.unwrap().unwrap(), b"question");
    server.write_all(b"answer").await.unwrap();
    assert!(comes(&mut client).await.is_none());
    proxy.set(Mode::Pass);
    is_reset(&mut client).await;
}

#[tokio::test]
async fn a_black_hole_takes_connections_and_gives_nothing() {
    let Ends { proxy, listener, mut client, mut server } = ends().await;
    proxy.set(Mode::BlackHole);
    client.write_all(b"question").await.unwrap();
    assert!(comes(&mut server).await.is_none());
    let mut other = TcpStream::connect(("127.0.0.1", proxy.port())).await.unwrap();
    other.write_all(b"question").await.unwrap();
    assert!(comes(&mut other).await.is_none());
    proxy.set(Mode::Pass);
    is_reset(&mut client).await;
    // What lost nothing goes on.
    drop((server, other));
    let mut whole = TcpStream::connect(("127.0.0.1", proxy.port())).await.unwrap();
    whole.write_all(b"again").await.unwrap();
    let last = async {
        loop {
            let (mut server, _) = listener.accept().await.unwrap();
            if comes(&mut server).await.is_some_and(|read| read.is_ok_and(|read| read == b"again")) {
                return;
            }
        }
    };
    timeout(SOON, last).await.unwrap();
}

#[tokio::test]
async fn one_commit_is_cut_before_it_arrives_or_after() {
    for arrives in [false, true] {
        let Ends { proxy, listener: _, mut client, mut server } = ends().await;
        proxy.set(Mode::CutAtCommit { arrives });
        client.write_all(b"\x06\0\0\0\x03SELECT").await.unwrap();
        assert!(comes(&mut server).await.unwrap().is_ok());
        assert_eq!(proxy.cuts(), 0);
        client.write_all(COMMIT).await.unwrap();
        if arrives {
            assert_eq!(comes(&mut server).await.unwrap().unwrap(), COMMIT);
            server.write_all(b"OK").await.unwrap();
        }
        is_reset(&mut client).await;
        eventually(SOON, async || proxy.cuts() == 1).await;
    }
}

#[tokio::test]
async fn only_one_commit_is_cut() {
    let Ends { proxy, listener, mut client, server: _server } = ends().await;
    proxy.set(Mode::CutAtCommit { arrives: false });
    client.write_all(COMMIT).await.unwrap();
    is_reset(&mut client).await;
    let mut other = TcpStream::connect(("127.0.0.1", proxy.port())).await.unwrap();
    let (mut server, _) = listener.accept().await.unwrap();
    other.write_all(COMMIT).await.unwrap();
    assert_eq!(comes(&mut server).await.unwrap().unwrap(), COMMIT);
}
