//! Who comes in: by the kernel's word, by the token, and never from a web page that wasn't allowed.

use crate::ground::{Answer, Ground, PATIENCE, TOKEN};
use serde_json::json;
use skep_harness::eventually;
use std::process::Command;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Sends a head with the token and reads the status of the answer.
async fn status(ground: &Ground, head: &str) -> u16 {
    let mut stream = TcpStream::connect(ground.address).await.unwrap();
    let head = format!("{head}Authorization: Bearer {TOKEN}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    tokio::time::timeout(PATIENCE, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn tcp_opens_to_the_token_alone() {
    let ground = Ground::new().await;
    let url = |path: &str| format!("http://{}{path}", ground.address);
    let client = reqwest::Client::new();
    let bare = client.get(url("/v1/skills")).send().await.unwrap();
    assert_eq!(bare.headers()["www-authenticate"], "Bearer");
    Answer::of(bare).await.refused(401, "denied", "--token");
    for wrong in ["Bearer", "Bearer x", &format!("Basic {TOKEN}"), &format!("Bearer {TOKEN}x")] {
        let sent = client.get(url("/v1/skills")).header("authorization", wrong).send().await.unwrap();
        assert_eq!(sent.status(), 401, "{wrong}");
    }
    // What is not there is no more told than what is.
    assert_eq!(client.get(url("/v1/nothing")).send().await.unwrap().status(), 401);
    let sent = client.get(url("/v1/skills")).bearer_auth(TOKEN).send().await.unwrap();
    Answer::of(sent).await.ok();
    for open in ["/healthz", "/readyz"] {
        assert_eq!(client.get(url(open)).send().await.unwrap().status(), 200, "{open}");
    }
}

#[tokio::test]
async fn web_pages_stay_out_whatever_they_know() {
    let ground = Ground::new().await;
    let own = ground.address;
    let port = own.port();
    let rows = [
        (format!("GET /v1/skills HTTP/1.1\r\nHost: {own}\r\n"), 200),
        (format!("GET /v1/skills HTTP/1.1\r\nHost: LocalHost:{port}\r\n"), 200),
        ("GET /v1/skills HTTP/1.1\r\nHost: skep.example\r\n".to_owned(), 200),
        (format!("GET /v1/skills HTTP/1.1\r\nHost: evil.example:{port}\r\n"), 403),
        ("GET /v1/skills HTTP/1.1\r\nHost: 127.0.0.2\r\n".to_owned(), 403),
        ("GET /v1/skills HTTP/1.1\r\nHost: skep.example.evil.example\r\n".to_owned(), 403),
        ("GET /v1/skills HTTP/1.1\r\n".to_owned(), 403),
        (format!("GET /v1/skills HTTP/1.1\r\nHost: {own}\r\nHost: evil.example\r\n"), 403),
        (format!("GET http://evil.example/v1/skills HTTP/1.1\r\nHost: {own}\r\n"), 403),
        (format!("GET /healthz HTTP/1.1\r\nHost: evil.example:{port}\r\n"), 403),
        (format!("GET /v1/skills HTTP/1.1\r\nHost: {own}\r\nOrigin: https://tools.example\r\n"), 200),
        (format!("GET /v1/skills HTTP/1.1\r\nHost: {own}\r\nOrigin: http://tools.example\r\n"), 403),
        (format!("GET /v1/skills HTTP/1.1\r\nHost: {own}\r\nOrigin: http://{own}\r\n"), 403),
        (format!("GET /v1/skills HTTP/1.1\r\nHost: {own}\r\nOrigin: null\r\n"), 403),
    ];
    for (head, expect) in rows {
        assert_eq!(status(&ground, &head).await, expect, "{head}");
    }
}

#[tokio::test]
async fn the_audit_names_who_came_in_where() {
    let ground = Ground::new().await;
    let id = Command::new("id").arg("-un").output().unwrap();
    let user = String::from_utf8(id.stdout).unwrap();
    ground.call("nobody", "-", json!({})).await.refused(404, "unknown_skill", "nobody");
    let url = format!("http://{}/v1/skills/nobody/tools/-/call", ground.address);
    let sent = reqwest::Client::new().post(url).bearer_auth(TOKEN).send().await.unwrap();
    assert_eq!(sent.status(), 404);
    let expect = [format!("operator:{}", user.trim()), "operator:token".to_owned()];
    eventually(PATIENCE, async || {
        let page = ground.get("/v1/audit?skill=nobody").await.ok();
        let chains = page["records"].as_array().unwrap().iter().map(|r| r["chain"][0].as_str().unwrap());
        let mut chains: Vec<_> = chains.collect();
        chains.sort_unstable_by_key(|chain| *chain == "operator:token");
        chains == expect
    })
    .await;
}

#[tokio::test]
async fn a_page_of_another_origin_can_do_nothing_whatever_the_browser_adds() {
    let ground = Ground::new().await;
    let client = reqwest::Client::new();
    for (origin, expect) in [("https://evil.example", 403), ("null", 403), ("https://tools.example", 401)] {
        for method in ["OPTIONS", "GET", "POST", "DELETE"] {
            for path in ["/v1/skills", "/v1/keys", "/v1/nothing"] {
                let request =
                    client.request(method.parse().unwrap(), format!("http://{}{path}", ground.address));
                // What a browser sends along by itself lets nobody in: there is no session to ride on.
                let request = request.header("origin", origin).header("cookie", format!("token={TOKEN}"));
                let request = request.header("access-control-request-method", "POST");
                let sent = request.header("content-type", "text/plain").body("{}").send().await.unwrap();
                assert_eq!(sent.status(), expect, "{method} {path} from {origin}");
                let told = sent.headers().keys().find(|name| name.as_str().starts_with("access-control"));
                assert!(told.is_none(), "{method} {path} from {origin}: {told:?}");
            }
        }
    }
}
