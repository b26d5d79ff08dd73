//! Events as real hosts tell them: across a fleet, through a break of Redis's, and in bounded memory.

use crate::deployment::{Deployment, Host};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::net::UnixStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

const PATIENCE: Duration = Duration::from_secs(60);
/// What a hundred who don't read may cost a host: far less than what they were to be told.
const MEMORY_MAX: u64 = 128 << 20;

type Socket = WebSocketStream<UnixStream>;

async fn listen(host: &Host, patterns: &[&str]) -> Socket {
    let stream = UnixStream::connect(host.socket()).await.expect("a connection");
    let (mut socket, _) = client_async("ws://skep/v1/events", stream).await.expect("a WebSocket");
    let wanted = json!({ "subscribe": patterns }).to_string();
    socket.send(Message::text(wanted)).await.expect("sent");
    assert_eq!(next(&mut socket).await, json!({ "subscribed": patterns }));
    socket
}

async fn next(socket: &mut Socket) -> Value {
    loop {
        let frame = timeout(PATIENCE, socket.next()).await.expect("nothing was told").expect("an end");
        if let Message::Text(text) = frame.expect("a frame") {
            return serde_json::from_str(&text).expect("JSON");
        }
    }
}

/// Calls on one host until the other tells of a call that was made after it was known to listen; gives its stages.
async fn call_until_heard(on: &Deployment, socket: &mut Socket) -> Vec<Value> {
    let two = on.hosts[1].client();
    loop {
        let id = two.call("echo", "add", json!({ "a": 1, "b": 1 })).await.ok()["id"].clone();
        let mut stages = Vec::new();
        while let Ok(event) = timeout(Duration::from_millis(300), next(socket)).await {
            if event["call"] == id {
                stages.push(event["stage"].clone());
            }
            if stages.len() == 3 {
                return stages;
            }
        }
    }
}

#[tokio::test]
async fn what_happens_on_one_host_is_heard_on_the_other() {
    let on = Deployment::fleet(2);
    on.add_guest("echo-typed", "echo", &[]);
    let mut socket = listen(&on.hosts[0], &["main.echo.call"]).await;
    let stages = timeout(PATIENCE, call_until_heard(&on, &mut socket)).await.expect("nothing was heard");
    // Accepted there and served by either: of two hosts, each tells in its own time.
    for stage in ["accepted", "started", "ended"] {
        assert!(stages.contains(&json!(stage)), "{stages:?}");
    }
}

#[tokio::test]
async fn a_hundred_who_do_not_read_cost_a_host_little_and_calls_nothing() {
    let on = Deployment::embedded();
    on.add_guest("probe", "probe", &[]);
    let input = json!({ "level": "info", "context": "flood", "message": "x".repeat(8000), "times": 7 });
    on.client().call("probe", "say", input.clone()).await.ok();
    let before = on.host().resident();
    let mut slow = Vec::new();
    for _ in 0..100 {
        slow.push(listen(on.host(), &["*.*.*"]).await);
    }
    for _ in 0..100 {
        on.client().call("probe", "say", input.clone()).await.ok();
    }
    let grown = on.host().resident().saturating_sub(before);
    assert!(grown < MEMORY_MAX, "{} MiB more", grown >> 20);
    for socket in &mut slow {
        let mut last = Value::Null;
        while let Some(Ok(frame)) = timeout(PATIENCE, socket.next()).await.expect("no end") {
            if let Message::Text(text) = frame {
                last = serde_json::from_str(&text).expect("JSON");
            }
        }
        assert_eq!(last["closing"]["code"], 4000, "{last}");
    }
}
