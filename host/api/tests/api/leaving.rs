//! When clients go away their calls are taken back; when the host stops, calls under way are answered.

use crate::ground::{Answer, Ground, PATIENCE};
use serde_json::json;
use skep_api::types::{HEADER_TIMEOUT, NDJSON};
use skep_harness::eventually;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

async fn cancelled(ground: &Ground) -> bool {
    let page = ground.get("/v1/audit?skill=probe&action=call&fault=cancelled").await.ok();
    !page["records"].as_array().unwrap().is_empty()
}

#[tokio::test]
async fn a_client_that_leaves_takes_its_call_back() {
    let ground = Ground::new().await;
    ground.install("probe").await;
    eventually(PATIENCE, async || {
        let mut stream = UnixStream::connect(ground.socket()).await.unwrap();
        let head = format!(
            "POST /v1/skills/probe/tools/spin/call HTTP/1.1\r\nHost: skep\r\n{HEADER_TIMEOUT}: 60s\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        // No answer comes while it runs; it may not run yet when the client leaves, so this is tried anew.
        let answer = tokio::time::timeout(Duration::from_millis(200), stream.read_u8()).await;
        assert!(answer.is_err(), "an endless loop answered");
        drop(stream);
        cancelled(&ground).await
    })
    .await;
}

#[tokio::test]
async fn a_client_that_leaves_a_stream_takes_its_call_back() {
    let ground = Ground::new().await;
    ground.install("probe").await;
    let path = "/v1/skills/probe/tools/progress/call";
    let input = json!({ "steps": 10_000, "ms": 10 });
    let sent = ground.request("POST", path).header("accept", NDJSON).json(&input);
    let mut response = sent.send().await.unwrap();
    let first = response.chunk().await.unwrap().unwrap();
    assert!(first.starts_with(b"{\"progress\":"), "{first:?}");
    assert!(!cancelled(&ground).await);
    drop(response);
    eventually(PATIENCE, async || cancelled(&ground).await).await;
}

#[tokio::test]
async fn a_stopping_host_answers_what_is_under_way_and_takes_no_more() {
    let mut ground = Ground::new().await;
    ground.install("probe").await;
    let path = "/v1/skills/probe/tools/progress/call";
    let input = json!({ "steps": 20, "ms": 50 });
    let sent = ground.request("POST", path).header("accept", NDJSON).json(&input);
    let mut response = sent.send().await.unwrap();
    response.chunk().await.unwrap().unwrap();
    ground.shutdown.cancel();
    let rest = response.text().await.unwrap();
    assert!(rest.trim_end().lines().last().unwrap().starts_with("{\"result\":"), "{rest}");
    for serving in std::mem::take(&mut ground.serving) {
        tokio::time::timeout(PATIENCE, serving).await.unwrap().unwrap();
    }
    assert!(ground.request("GET", "/healthz").send().await.is_err());
}

#[tokio::test]
async fn a_stopping_host_answers_who_waits_for_a_job() {
    let ground = Ground::new().await;
    ground.install("probe").await;
    let order = json!({ "skill": "probe", "tool": "context", "in": "1h" });
    let job = ground.send("POST", "/v1/jobs", order).await.ok();
    let id = job["id"].as_str().unwrap();
    let mut stream = UnixStream::connect(ground.socket()).await.unwrap();
    // Both are sent at once: when the first is answered, the second is there.
    let waits = format!("GET /v1/jobs/{id}/events?since=1&wait=1m HTTP/1.1\r\nHost: skep\r\n\r\n");
    let both = format!("GET /healthz HTTP/1.1\r\nHost: skep\r\n\r\n{waits}");
    stream.write_all(both.as_bytes()).await.unwrap();
    stream.read_u8().await.unwrap();
    ground.shutdown.cancel();
    let mut answers = String::new();
    // Long before the minute that the client would wait is over.
    tokio::time::timeout(PATIENCE / 2, stream.read_to_string(&mut answers)).await.unwrap().unwrap();
    assert!(answers.ends_with("{\"events\":[],\"over\":false}"), "{answers}");
}

#[tokio::test]
async fn a_draining_host_says_that_it_is_not_ready() {
    let ground = Ground::new().await;
    assert_eq!(ground.get("/readyz").await.status, 200);
    ground.router.drain().await;
    let sent = ground.request("GET", "/readyz").send().await.unwrap();
    assert_eq!(sent.headers()["retry-after"], "1");
    assert_eq!(sent.status(), 503);
    let parts = Answer::of(sent).await.body["parts"].clone();
    let away = json!({ "host": "unavailable", "bus": "unavailable", "database": "ok", "audit": "ok" });
    assert_eq!(parts, away);
    assert_eq!(ground.get("/healthz").await.status, 200);
}
