//! Sizes and shapes of requests: past each bound comes an answer that names it.

use crate::ground::{Answer, Ground, PATIENCE, component};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

/// Sends raw bytes and reads the status, if there is an answer.
async fn raw(ground: &Ground, bytes: &[u8]) -> Option<u16> {
    let mut stream = UnixStream::connect(ground.socket()).await.unwrap();
    // The host may hang up before it has read all; what it says counts.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap();
    String::from_utf8_lossy(&answer).split(' ').nth(1)?.parse().ok()
}

#[tokio::test]
async fn nonsense_is_answered_and_leaves_the_host_well() {
    let ground = Ground::new().await;
    assert_eq!(raw(&ground, b"\x16\x03\x01 this is no HTTP\r\n\r\n").await, Some(400));
    let long = format!("GET /v1/skills HTTP/1.1\r\nHost: skep\r\nX: {}\r\n\r\n", "x".repeat(64 << 10));
    assert_eq!(raw(&ground, long.as_bytes()).await, Some(431));
    let announced =
        "POST /v1/skills HTTP/1.1\r\nHost: skep\r\nConnection: close\r\nContent-Length: 999999999999\r\n\r\n";
    assert_eq!(raw(&ground, announced.as_bytes()).await, Some(413));
    ground.get("/v1/nothing").await.refused(404, "invalid_input", "/v1");
    ground.get("/nothing").await.refused(404, "invalid_input", "/v1");
    ground.send("PUT", "/v1/skills", json!({})).await.refused(405, "invalid_input", "PUT");
    ground.send("PUT", "/healthz", json!({})).await.refused(405, "invalid_input", "PUT");
    ground.get("/v1/skills").await.ok();
}

#[tokio::test]
async fn unknown_parameters_are_errors() {
    let ground = Ground::new().await;
    let rows = [
        ("/v1/skills?capabilty=x", "capabilty"),
        ("/v1/skills/x?colour=red", "colour"),
        ("/v1/skills?domain=Not-A-Domain", "Not-A-Domain"),
        ("/v1/audit?limit=0", "limit"),
        ("/v1/audit?limit=1001", "limit"),
        ("/v1/audit?fault=sadness", "sadness"),
        ("/v1/audit?call=7", "call"),
    ];
    for (path, says) in rows {
        ground.get(path).await.refused(400, "invalid_input", says);
    }
}

#[tokio::test]
async fn inputs_are_bounded_by_the_skill_and_by_the_host() {
    let ground = Ground::new().await;
    ground.install("echo-typed").await;
    let path = "/v1/skills/echo-typed/tools/greet/call";
    let greet = |bytes: usize| ground.request("POST", path).json(&json!({ "name": "x".repeat(bytes) }));
    Answer::of(greet(900 << 10).send().await.unwrap()).await.ok();
    Answer::of(greet(2 << 20).send().await.unwrap()).await.refused(400, "invalid_input", "limit `input`");
    let stream = futures::stream::iter((0..17).map(|_| Ok::<_, std::io::Error>(vec![b' '; 1 << 20])));
    // Without a length: the bound is found while reading.
    let endless = ground.request("POST", path).body(reqwest::Body::wrap_stream(stream)).send().await;
    // The host may hang up while the client still sends; that is a refusal too.
    if let Ok(answered) = endless {
        Answer::of(answered).await.refused(413, "invalid_input", "16777216");
    }
    ground.call("echo-typed", "greet", json!({ "name": "Ann" })).await.ok();
}

#[tokio::test]
async fn large_components_pass_and_larger_ones_do_not() {
    let ground = Ground::new().await;
    let install = async |padding: usize| {
        let mut bytes = std::fs::read(skep_harness::guest("versioned")).unwrap();
        bytes.extend(custom_section(padding));
        let body = json!({ "component": STANDARD.encode(bytes), "name": "large" });
        ground.send("POST", "/v1/skills", body).await
    };
    install(60 << 20).await.ok();
    ground.call("large", "-", json!({})).await.ok();
    install(66 << 20).await.refused(422, "invalid_component", "at most");
}

/// A section that says nothing, of so many bytes.
fn custom_section(bytes: usize) -> Vec<u8> {
    let mut size = Vec::new();
    let mut rest = bytes + 2;
    while rest >= 0x80 {
        size.push((rest & 0x7f) as u8 | 0x80);
        rest >>= 7;
    }
    size.push(rest as u8);
    [&[0], &size[..], &[1, b'x'], &vec![0; bytes]].concat()
}

#[tokio::test]
async fn installs_that_make_no_sense_say_why() {
    let ground = Ground::new().await;
    let echo = component("echo-typed");
    let rows = [
        (json!({ "component": "***" }), 400, "invalid_input", "not base64"),
        (json!({ "component": "" , "name": "a" }), 422, "invalid_component", ""),
        (json!({ "component": echo }), 400, "invalid_input", "name"),
        (json!({ "component": echo, "name": "a", "colour": 1 }), 400, "invalid_input", "colour"),
        (json!({ "component": echo, "manifest": "[skill]" }), 400, "invalid_input", "skill.toml"),
        (json!({ "name": "a" }), 400, "invalid_input", "component"),
    ];
    for (body, status, code, says) in rows {
        ground.send("POST", "/v1/skills", body).await.refused(status, code, says);
    }
    let listed = ground.get("/v1/skills").await.ok();
    assert_eq!(listed["skills"], json!([]));
}
