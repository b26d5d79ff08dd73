//! A circuit breaker as it is seen from outside: told, shown, counted, and closed by hand.

use crate::exposition::Exposition;
use crate::ground::Ground;
use serde_json::{Value, json};

async fn opened() -> Ground {
    let ground = Ground::new().await;
    ground.install("probe").await;
    for _ in 0..10 {
        ground.call("probe", "panic", json!({})).await.refused(422, "trapped", "");
    }
    ground
}

#[tokio::test]
async fn a_refusal_says_why_and_when_to_come_back() {
    let ground = opened().await;
    let refused = ground.request("POST", "/v1/skills/probe/tools/counter/call").json(&json!({}));
    let refused = refused.send().await.unwrap();
    assert_eq!(refused.status(), 503);
    let seconds: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=5).contains(&seconds), "{seconds}");
    let problem: Value = refused.json().await.unwrap();
    assert!(problem["detail"].as_str().unwrap().contains("failed 10 times in a row"), "{problem}");
}

#[tokio::test]
async fn it_is_shown_counted_and_reset() {
    let ground = opened().await;
    let metrics = async || {
        let sent = ground.request("GET", "/metrics").send().await.unwrap();
        let metrics = Exposition::read(&sent.text().await.unwrap());
        let changes = |state: &str| metrics.sum("skep_breaker_changes_total", &[&format!("\"{state}\"")]);
        (metrics.sum("skep_breakers_open", &[]), changes("open"), changes("closed"))
    };
    let shown = ground.get("/v1/skills/probe").await.ok();
    let breaker = &shown["breaker"];
    let known = (&breaker["state"], &breaker["failures"], &breaker["why"]);
    assert_eq!(known, (&json!("open"), &json!(10), &json!("trapped")), "{shown}");
    assert_eq!(metrics().await, (1.0, 1.0, 0.0));

    let reset = ground.send("POST", "/v1/skills/probe/breaker/reset", json!({})).await;
    assert_eq!(reset.status, 204, "{reset:?}");
    assert_eq!(metrics().await, (0.0, 1.0, 1.0));
    assert!(ground.get("/v1/skills/probe").await.ok().get("breaker").is_none());
    ground.call("probe", "counter", json!({})).await.ok();
    let unknown = ground.send("POST", "/v1/skills/nobody/breaker/reset", json!({})).await;
    unknown.refused(404, "unknown_skill", "nobody");
}
