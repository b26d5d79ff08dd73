//! Circuit breakers over several hosts: what failed on one is left alone by all, and closed for all.

use crate::client::Client;
use crate::deployment::Deployment;
use serde_json::json;
use skep_harness::eventually;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);

fn fleet(rules: &str) -> Deployment {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("skep.toml");
    std::fs::write(&config, format!("[breaker]\nfailures = 3\n{rules}")).unwrap();
    let on = Deployment::fleet_with(2, &["--config", config.to_str().unwrap()]);
    on.add_guest("probe", "probe", &[]);
    on
}

/// Makes it fail through one host until that host refuses it.
async fn open_through(client: &Client) {
    eventually(PATIENCE, async || {
        let answer = client.call("probe", "panic", json!({})).await;
        assert!(["trapped", "unavailable"].contains(&answer.fault()), "{answer:?}");
        answer.fault() == "unavailable" && answer.message().contains("in a row, the last time with `trapped`")
    })
    .await;
}

async fn refuses(client: &Client) -> bool {
    let answer = client.call("probe", "counter", json!({})).await;
    assert!(answer.status == 200 || answer.fault() == "unavailable", "{answer:?}");
    answer.status == 503 && answer.body["retry_after_ms"].as_u64().is_some_and(|wait| wait <= 8000)
}

#[tokio::test]
async fn what_failed_on_one_host_is_refused_by_the_other_until_a_try_does_well() {
    let on = fleet("pause = \"8s\"\n");
    let [one, two] = [0, 1].map(|n| on.hosts[n].client());
    open_through(&one).await;
    eventually(PATIENCE, async || refuses(&two).await).await;
    assert!(refuses(&one).await);
    for client in [&two, &one] {
        eventually(PATIENCE, async || client.call("probe", "counter", json!({})).await.status == 200).await;
    }
    eventually(PATIENCE, async || two.get("/v1/skills/probe").await.ok()["breaker"].is_null()).await;
}

#[tokio::test]
async fn an_operator_closes_it_for_all() {
    let on = fleet("pause = \"1h\"\npause_max = \"1h\"\n");
    let [one, two] = [0, 1].map(|n| on.hosts[n].client());
    open_through(&two).await;
    eventually(PATIENCE, async || on.skep(&["inspect", "probe"]).contains("skep reset probe")).await;
    on.skep(&["reset", "probe"]);
    one.call("probe", "counter", json!({})).await.ok();
    eventually(PATIENCE, async || two.call("probe", "counter", json!({})).await.status == 200).await;
    assert!(on.skep(&["audit", "--json"]).contains("\"reset\""));
}

#[tokio::test]
async fn jobs_wait_until_a_try_does_well_and_lose_no_attempt_by_it() {
    let on = fleet("pause = \"3s\"\n");
    let client = on.client();
    open_through(&client).await;
    let mut ids = Vec::new();
    for _ in 0..8 {
        let order = json!({ "skill": "probe", "tool": "counter", "attempts": 1 });
        let accepted = client.send("POST", "/v1/jobs", Some(order)).await;
        assert_eq!(accepted.status, 202, "{accepted:?}");
        ids.push(accepted.body["id"].as_str().unwrap().to_owned());
    }
    for id in ids {
        let done = || async { client.get(&format!("/v1/jobs/{id}")).await.ok() };
        eventually(PATIENCE, async || done().await["state"] == "done").await;
        assert_eq!(done().await["failures"], 0);
    }
}
