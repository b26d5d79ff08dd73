//! Keys as programs use them, over TCP: made on one host, taken by all, and by none once they are revoked.

use crate::client::Answer;
use crate::deployment::{Deployment, Host};
use serde_json::{Value, json};
use skep_harness::{eventually, eventually_blocking};
use std::time::Duration;

pub const TOKEN: &str = "0123456789abcdef0123456789abcdef";
pub const LISTEN: [&str; 4] = ["--listen", "127.0.0.1:0", "--token", TOKEN];
/// How long a revocation may take to reach the other host: its revision is confirmed each second.
const MOMENT: Duration = Duration::from_secs(5);

/// Where a host listens: it found the port itself.
pub fn address(host: &Host) -> String {
    let mut found = None;
    eventually_blocking(Duration::from_secs(60), || {
        let log = host.logged();
        found = log.split("listen=").nth(1).map(|rest| rest.split_whitespace().next().unwrap().to_owned());
        found.is_some()
    });
    found.unwrap()
}

pub async fn send(host: &Host, key: &str, method: &str, path: &str, body: Option<Value>) -> Answer {
    let request =
        reqwest::Client::new().request(method.parse().unwrap(), format!("http://{}{path}", address(host)));
    let request = body.iter().fold(request.bearer_auth(key), |request, body| request.json(body));
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    Answer { status, body: response.json().await.unwrap() }
}

#[tokio::test]
async fn a_revoked_key_is_refused_by_every_host_within_a_moment() {
    let on = Deployment::fleet_with(2, &LISTEN);
    on.add_guest("probe", "probe", &[]);
    on.add_guest("versioned", "versioned", &[]);
    let made = on.skep(&["key", "create", "ci", "--skill", "probe", "--json"]);
    let made: Value = serde_json::from_str(&made).unwrap();
    let (key, id) = (made["key"].as_str().unwrap(), made["info"]["id"].as_str().unwrap());

    let two = &on.hosts[1];
    send(two, key, "POST", "/v1/skills/probe/tools/counter/call", Some(json!({}))).await.ok();
    let hidden = send(two, key, "POST", "/v1/skills/versioned/tools/-/call", Some(json!({}))).await;
    assert_eq!((hidden.status, hidden.fault()), (404, "unknown_skill"));
    let url = format!("http://{}/v1/skills/probe/tools/progress/call", address(two));
    let request = reqwest::Client::new().post(url).bearer_auth(key).header("accept", "application/x-ndjson");
    let mut running = request.json(&json!({ "steps": 600, "ms": 100 })).send().await.unwrap();
    assert!(running.chunk().await.unwrap().is_some(), "a progress report");

    assert!(on.skep(&["key", "list"]).contains(id));
    on.skep(&["key", "revoke", id]);
    eventually(MOMENT, async || send(two, key, "GET", "/v1/skills", None).await.status == 401).await;
    assert_eq!(send(&on.hosts[0], key, "GET", "/v1/skills", None).await.status, 401);
    // The call that it had made was stopped.
    let mut rest = Vec::new();
    while let Some(chunk) = running.chunk().await.unwrap() {
        rest.extend_from_slice(&chunk);
    }
    let rest = String::from_utf8(rest).unwrap();
    assert!(rest.lines().last().unwrap().contains("cancelled"), "{rest}");
    // The token of the hosts is as good as before.
    send(two, TOKEN, "GET", "/v1/skills", None).await.ok();
}

#[tokio::test]
async fn a_key_is_printed_alone_and_serves_the_command_line() {
    let on = Deployment::embedded_with(&LISTEN);
    on.add_guest("versioned", "versioned", &[]);
    let key = on.skep(&["key", "create", "my laptop", "--expires", "90d"]);
    let host = format!("http://{}", address(on.host()));
    let with = |key: &str, args: &[&str]| {
        crate::deployment::skep().args(args).args(["--host", &host, "--token", key]).output().unwrap()
    };
    let called = with(key.trim(), &["call", "versioned"]);
    assert!(called.status.success(), "{called:?}");
    // A caller decides nothing.
    assert_eq!(with(key.trim(), &["remove", "versioned"]).status.code(), Some(15));
    assert_eq!(with("skep_0123456789abcdef_0", &["call", "versioned"]).status.code(), Some(15));
}

#[tokio::test]
async fn tokens_of_a_configured_issuer_are_checked() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("skep.toml");
    let issuer = "[[issuers]]\nname = \"corp\"\nissuer = \"https://id.example\"\naudience = \"skep\"\n\
        jwks = \"/nowhere/jwks.json\"\n";
    std::fs::write(&config, issuer).unwrap();
    let on = Deployment::embedded_with(&[&LISTEN[..], &["--config", config.to_str().unwrap()]].concat());
    // Its keys can't be had: that lets nobody in, and says so.
    let token = "eyJhbGciOiJFZERTQSIsImtpZCI6ImsifQ.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUifQ.AAAA";
    assert_eq!(send(on.host(), token, "GET", "/v1/skills", None).await.fault(), "unavailable");
    // Nobody else is asked: the token names an issuer that isn't trusted.
    let foreign = "eyJhbGciOiJFZERTQSIsImtpZCI6ImsifQ.eyJpc3MiOiJodHRwczovL2V2aWwuZXhhbXBsZSJ9.AAAA";
    assert_eq!(send(on.host(), foreign, "GET", "/v1/skills", None).await.status, 401);
}
