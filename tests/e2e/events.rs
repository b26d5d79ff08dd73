//! Events as real hosts tell them: across a fleet, through a break of Redis's, and in bounded memory.

use crate::client::Client;
use crate::deployment::{Deployment, Host};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use skep_harness::eventually;
use std::time::Duration;
use tokio::net::UnixStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

const PATIENCE: Duration = Duration::from_secs(60);
/// What a hundred who don't read may cost a host: far less than what they were to be told.
const MEMORY_MAX: u64 = 128 << 20;

type Socket = WebSocketStream<UnixStream>;

async fn connect(host: &Host) -> Socket {
    let stream = UnixStream::connect(host.socket()).await.expect("a connection");
    client_async("ws://skep/v1/events", stream).await.expect("a WebSocket").0
}

async fn say(socket: &mut Socket, word: Value) {
    socket.send(Message::text(word.to_string())).await.expect("sent");
}

async fn listen(host: &Host, patterns: &[&str]) -> Socket {
    let mut socket = connect(host).await;
    say(&mut socket, json!({ "subscribe": patterns })).await;
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

/// Follows a job at a host from an event on. Gives what is told until so many events came or the job is over, when the
/// connection is cut.
async fn follow(host: &Host, job: &str, since: usize, most: usize) -> Vec<Value> {
    let mut socket = connect(host).await;
    say(&mut socket, json!({ "follow": { "job": job, "since": since } })).await;
    assert_eq!(next(&mut socket).await, json!({ "following": [job] }));
    let mut told = Vec::new();
    while told.len() < most {
        let word = next(&mut socket).await;
        if word["over"] == *job {
            break;
        }
        assert_eq!(word["job"]["id"], *job, "{word}");
        told.push(word["job"]["event"].clone());
    }
    told
}

/// Has a job that always fails tried again, so often.
pub async fn retry(client: Client, job: &str, times: usize) {
    let dead = async || client.get(&format!("/v1/jobs/{job}")).await.ok()["state"] == "dead";
    for _ in 0..times {
        eventually(PATIENCE, dead).await;
        client.send("POST", &format!("/v1/jobs/{job}/retry"), None).await.ok();
    }
}

#[tokio::test]
async fn a_job_is_followed_on_any_host_through_cuts_without_loss_or_repeat() {
    const RETRIES: usize = 20;
    /// Accepted, started and dead; then retried, started and dead again.
    const EVENTS: usize = 3 + 3 * RETRIES;
    let on = Deployment::fleet(2);
    on.add_guest("echo-typed", "echo", &[]);
    let order = json!({ "skill": "echo", "tool": "fail", "input": { "msg": "no luck" } });
    let job = on.client().send("POST", "/v1/jobs", Some(order)).await.ok();
    let job = job["id"].as_str().expect("an id").to_owned();
    let goes_on = retry(on.hosts[1].client(), &job, RETRIES);
    let mut told = Vec::new();
    let followed = async {
        for turn in 0.. {
            told.extend(follow(&on.hosts[turn % 2], &job, told.len(), 1 + turn % 4).await);
            if told.len() == EVENTS {
                return;
            }
        }
    };
    let ((), followed) = tokio::join!(goes_on, timeout(PATIENCE, followed));
    followed.expect("not all was told");
    let page = on.client().get(&format!("/v1/jobs/{job}/events?limit=1000")).await.ok();
    assert_eq!((json!(told), json!(true)), (page["events"].clone(), page["over"].clone()));
    let numbers: Vec<_> =
        told.iter().map(|event| event["seq"].as_u64().expect("a number") as usize).collect();
    assert_eq!(numbers, (1..=EVENTS).collect::<Vec<_>>());
}
