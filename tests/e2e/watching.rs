//! What operators watch a fleet with: health that tells the truth, and metrics that dashboards can rely on.

use crate::client::Client;
use crate::deployment::Deployment;
use crate::exposition::Exposition;
use serde_json::{Value, json};
use skep_harness::{eventually, repository};
use std::collections::BTreeSet;
use std::time::Duration;

/// How long a host may take to notice that a part went or is back.
const NOTICE_MAX: Duration = Duration::from_secs(30);

async fn ready(client: &Client) -> (u16, Value) {
    let answer = client.get("/readyz").await;
    (answer.status, answer.body["parts"].clone())
}

fn parts(away: &[&str]) -> Value {
    let state = |part: &str| if away.contains(&part) { "unavailable" } else { "ok" };
    ["host", "bus", "database", "audit"]
        .into_iter()
        .map(|part| (part.to_owned(), json!(state(part))))
        .collect()
}

#[tokio::test]
async fn readiness_follows_redis_and_the_database_away_and_back() {
    let mut on = Deployment::fleet(1);
    on.add_guest("echo-typed", "echo", &[]);
    let client = on.client();
    let is = async |status: u16, away: &[&str]| {
        eventually(NOTICE_MAX, async || ready(&client).await == (status, parts(away))).await;
    };
    is(200, &[]).await;
    let (redis, maria) = on.servers.as_mut().unwrap();
    redis.stop();
    is(503, &["bus"]).await;
    redis.restart().unwrap();
    is(200, &[]).await;
    maria.stop();
    is(503, &["database"]).await;
    // A host that waits for its database lives.
    assert_eq!(client.get("/healthz").await.status, 200);
    maria.restart().unwrap();
    is(200, &[]).await;
    eventually(NOTICE_MAX, async || {
        client.call("echo", "add", json!({ "a": 1, "b": 2 })).await.status == 200
    })
    .await;
}

/// The names of metrics in a text that queries them.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let metric = |word: &&str| word.starts_with("skep_") || word.starts_with("process_");
    words.filter(metric).map(str::to_owned).collect()
}

#[tokio::test]
async fn dashboard_and_alerts_ask_for_what_a_host_tells() {
    let on = Deployment::fleet(1);
    on.add_guest("echo-typed", "echo", &[]);
    on.client().call("echo", "add", json!({ "a": 1, "b": 2 })).await.ok();
    let told = on.client().get("/metrics").await;
    let told = Exposition::read(told.body.as_str().expect("a text"));
    let told_names = told.names();
    for file in ["grafana/skep.json", "prometheus/skep.rules.yml", "kubernetes/scaling.yaml"] {
        let text = std::fs::read_to_string(repository().join("host/deploy").join(file)).expect(file);
        let asked = named(&text);
        assert!(!asked.is_empty(), "{file}");
        let missing: Vec<_> = asked.difference(&told_names).collect();
        assert!(missing.is_empty(), "{file} asks for what no host tells: {missing:?}");
    }
    let dashboard = std::fs::read_to_string(repository().join("host/deploy/grafana/skep.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&dashboard).expect("JSON");
    assert!(dashboard["panels"].as_array().is_some_and(|panels| panels.len() > 10));
    // Over Redis too, queues are told of.
    assert_eq!(told.sum("skep_up", &[]), 4.0);
    let queues = told.samples.keys().filter(|series| series.starts_with("skep_queue_depth{"));
    assert_eq!(queues.count(), 6);
    assert!(told.sum("skep_answer_seconds", &["part=\"bus\""]) > 0.0);
    assert_eq!(told.sum("skep_bus_send_seconds_count", &[]), 1.0);
    for purpose in ["purpose=\"read\"", "purpose=\"write\""] {
        assert!(told.sum("skep_database_seconds_count", &[purpose]) > 0.0, "{purpose}");
    }
}
