//! The network, seen from outside: an example skill fetches what was granted, until it isn't any more.

use crate::deployment::{Deployment, check};
use serde_json::json;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// How long a host may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Takes a connection and reads its request's head.
async fn accept(listener: &TcpListener) -> (TcpStream, String) {
    let accepted = timeout(PATIENCE, listener.accept()).await.expect("nobody connects");
    let (mut stream, _) = accepted.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    (stream, String::from_utf8(head).unwrap())
}

/// An embedded host with `http-fetch`, and a place that it may reach.
async fn fetching() -> (Deployment, TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let here = format!("http://{}", listener.local_addr().unwrap());
    let on = Deployment::embedded();
    let folder = skep_harness::skill_folder("http-fetch");
    on.skep(&["add", folder.to_str().unwrap(), "--net", &here]);
    (on, listener, here)
}

#[tokio::test]
async fn a_skill_fetches_what_was_granted_and_nothing_else() {
    let (on, listener, here) = fetching().await;
    let client = on.client();
    let input = json!({ "url": format!("{here}/page"), "headers": { "accept": "text/plain" } });
    let call = tokio::spawn(async move { client.call("http-fetch", "fetch", input).await });
    let (mut stream, head) = accept(&listener).await;
    assert!(head.starts_with("GET /page HTTP/1.1\r\n") && head.contains("accept: text/plain"), "{head}");
    assert!(!head.contains("traceparent") && !head.contains("authorization"), "{head}");
    stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 4\r\n\r\ngone").await.unwrap();
    let answer = call.await.unwrap().output().clone();
    assert_eq!((&answer["status"], &answer["body"]), (&json!(404), &json!("gone")), "{answer}");
    let denied = on.client().call("http-fetch", "fetch", json!({ "url": "http://127.0.0.1:9/" })).await;
    assert_eq!(denied.fault(), "tool_error");
    assert!(denied.message().contains("--net http://127.0.0.1:9"), "{}", denied.message());
    assert_eq!(on.skep(&["grants", "http-fetch"]), format!("--net {here}\n"));
    let run = skep_harness::skill_folder("http-fetch");
    let output =
        on.host().skep(&["run", run.to_str().unwrap(), "fetch", "url=http://127.0.0.1:9/", "--net", &here]);
    check(&output, 20, "--net http://127.0.0.1:9");
}

#[tokio::test]
async fn a_grant_that_is_revoked_ends_what_uses_it() {
    let (on, listener, here) = fetching().await;
    let (client, input) = (on.client(), json!({ "url": here }));
    let call = tokio::spawn(async move { client.call("http-fetch", "fetch", input).await });
    let (mut stream, _) = accept(&listener).await;
    on.skep(&["revoke", "http-fetch", "--net", &here]);
    let mut rest = Vec::new();
    let closed = timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("it stays open");
    assert!(closed.is_err() || rest.is_empty(), "the connection stayed open");
    assert_eq!(call.await.unwrap().fault(), "cancelled");
    let denied = on.client().call("http-fetch", "fetch", json!({ "url": here })).await;
    assert!(denied.message().contains("wasn't granted"), "{}", denied.message());
}

#[test]
fn what_is_not_asked_for_or_leads_nowhere_is_said() {
    let on = Deployment::embedded();
    on.add_guest("probe", "probe", &[]);
    let stranded = on.skep(&["grant", "probe", "--secret", "KEY=https://api.example.com"]);
    assert!(stranded.contains("`skep grant probe --net https://api.example.com`"), "{stranded}");
    let clear = on.host().skep(&["grant", "probe", "--secret", "KEY=http://api.example.com"]);
    check(&clear, 10, "in clear");
    let folder = skep_harness::skill_folder("http-fetch");
    let secret = ["add", folder.to_str().unwrap(), "--secret", "KEY=https://api.example.com"];
    check(&on.host().skep(&secret), 10, "doesn't ask for the secret KEY");
    check(&on.host().skep(&["grant", "probe", "--net", "https://a.example/x"]), 10, "nothing but a host");
}
