//! A server that keeps what it was sent, and tells it back in many ways.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use skep_harness::read_request;
use std::sync::{Arc, Mutex};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};

/// Bytes of an answer that go out at once, so that a value comes in several pieces.
const PIECE_BYTES: usize = 7;

/// A server on a port of its own.
pub(crate) struct Echo {
    pub(crate) port: u16,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Echo {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let echo = Self { port: listener.local_addr().unwrap().port(), heard: Arc::default() };
        let heard = Arc::clone(&echo.heard);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&heard)));
            }
        });
        echo
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The requests so far, heads and bodies.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    /// The only request so far.
    #[track_caller]
    pub(crate) fn heard_once(&self) -> String {
        let heard = self.heard();
        assert_eq!(heard.len(), 1, "{heard:?}");
        heard[0].clone()
    }
}

async fn serve(mut stream: TcpStream, heard: Arc<Mutex<Vec<String>>>) -> Option<()> {
    let request = read_request(&mut stream).await?;
    heard.lock().unwrap().push(request.clone());
    let path = request.split(' ').nth(1)?.split('?').next()?.to_owned();
    let (headers, body) = answer(&path, &request);
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n{headers}\r\n", body.len());
    for piece in head.as_bytes().chunks(PIECE_BYTES).chain(body.as_bytes().chunks(PIECE_BYTES)) {
        stream.write_all(piece).await.ok()?;
        stream.flush().await.ok()?;
        tokio::task::yield_now().await;
    }
    Some(())
}

/// Headers and body; `/say/TEXT` answers TEXT.
fn answer(path: &str, request: &str) -> (String, String) {
    let authorization =
        request.lines().find_map(|line| line.strip_prefix("authorization: ")).unwrap_or_default();
    match path {
        "/header" => (format!("x-echo: {authorization}\r\n"), String::new()),
        "/base64" => (String::new(), BASE64_STANDARD.encode(request)),
        "/hex" => (String::new(), hex::encode(request)),
        "/json" => (String::new(), serde_json::json!({ "request": request }).to_string()),
        "/gzip" => ("content-encoding: gzip\r\n".to_owned(), authorization.to_owned()),
        _ => (String::new(), path.strip_prefix("/say/").unwrap_or(request).to_owned()),
    }
}
