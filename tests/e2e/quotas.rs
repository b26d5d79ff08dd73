//! Quotas of a deployment: over all its hosts, from flags and files, and given back by hosts that die.

use crate::client::Answer;
use crate::deployment::{Deployment, Host, check};
use crate::identity::{LISTEN, TOKEN, address};
use serde_json::{Value, json};
use skep_harness::eventually;
use std::time::Duration;

/// How long it may take until a dead host is given up: its lease, and a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

async fn call(host: &Host, key: &str, tool: &str, input: Value) -> Answer {
    let url = format!("http://{}/v1/skills/probe/tools/{tool}/call", address(host));
    let request = reqwest::Client::new().post(url).bearer_auth(key).json(&input);
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    assert_eq!(status == 429, response.headers().contains_key("retry-after"), "{response:?}");
    Answer { status, body: response.json().await.unwrap() }
}

/// How many of twelve calls, made to all hosts by turns, are let through.
async fn passed(on: &Deployment, key: &str) -> usize {
    let mut passed = 0;
    for host in on.hosts.iter().cycle().take(12) {
        let answer = call(host, key, "counter", json!({})).await;
        match answer.status {
            200 => passed += 1,
            _ => assert_eq!(answer.fault(), "overloaded", "{answer:?}"),
        }
    }
    passed
}

#[tokio::test]
async fn quotas_hold_over_all_hosts() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("skep.toml");
    std::fs::write(&config, "[quota.principal]\nrate = \"5/h\"\n[quota.domain]\nrate = \"13/h\"\n").unwrap();
    let flags = [&LISTEN[..], &["--config", config.to_str().unwrap()]].concat();
    let on = Deployment::fleet_with(2, &flags);
    on.add_guest("probe", "probe", &[]);
    assert_eq!(passed(&on, TOKEN).await, 5);
    let made = on.skep(&["key", "create", "busy", "--rate", "7/h", "--concurrency", "3"]);
    assert!(on.skep(&["key", "list"]).contains("7/h, 3 at once"));
    assert_eq!(passed(&on, made.trim()).await, 7);
    // Of the domain's, one is left for all others.
    let made = on.skep(&["key", "create", "late"]);
    assert_eq!(passed(&on, made.trim()).await, 1);
    // On the host itself, an operator is held up by none of it.
    on.skep(&["call", "probe/counter"]);
}

#[tokio::test]
async fn a_host_that_dies_gives_back_what_it_ran() {
    let mut on = Deployment::fleet_with(2, &LISTEN);
    on.add_guest("probe", "probe", &[]);
    let key = on.skep(&["key", "create", "one", "--concurrency", "2"]);
    let key = key.trim();
    let doomed = on.hosts.remove(1);
    let url = format!("http://{}/v1/skills/probe/tools/progress/call", address(&doomed));
    let mut running = Vec::new();
    for _ in 0..2 {
        let request = reqwest::Client::new().post(&url).bearer_auth(key);
        let request = request.header("accept", "application/x-ndjson");
        let mut call = request.json(&json!({ "steps": 100, "ms": 100 })).send().await.unwrap();
        assert!(call.chunk().await.unwrap().is_some(), "a progress report");
        running.push(call);
    }
    let refused = call(on.host(), key, "counter", json!({})).await;
    assert!(refused.fault() == "overloaded" && refused.message().contains("under way"), "{refused:?}");
    drop(doomed);
    eventually(PATIENCE, async || call(on.host(), key, "counter", json!({})).await.status == 200).await;
}

#[test]
fn what_is_no_quota_is_named() {
    let on = Deployment::embedded();
    let create = |flag: &str, value: &str| on.host().skep(&["key", "create", "x", flag, value]);
    check(&create("--rate", "100/d"), 2, "100/d");
    check(&create("--concurrency", "0"), 2, "--concurrency");
    let config = on.dir.path().join("bad.toml");
    std::fs::write(&config, "[quota.principal]\nrate = \"fast\"\n[quota.domain]\n").unwrap();
    let mut serve = crate::deployment::skep();
    let serve = serve.args(["serve", "--config"]).arg(&config).arg("--data").arg(on.dir.path().join("other"));
    check(&serve.output().unwrap(), 2, "fast");
}
