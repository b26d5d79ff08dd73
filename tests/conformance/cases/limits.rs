//! Limits: a guest that tries to break each, and the host that goes on as if nothing had been.

use crate::fixture::{Fixture, SLOTS};
use futures::future::join_all;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Time that a busy machine may need on top of a limit. Less than the guests here would go on for.
const SLACK: Duration = Duration::from_secs(15);

async fn goes_on(fixture: &Fixture) {
    let sum = fixture.call("add", json!({ "a": 1, "b": 1 })).await;
    assert_eq!(*sum.output(), json!({ "sum": 2 }));
}

pub async fn cpu(fixture: &Fixture) {
    let began = Instant::now();
    assert_eq!(fixture.call("spin", json!({})).await.fault(), "limit_cpu");
    // Two seconds of processor time may be many more of a machine that does other work.
    assert!(began.elapsed() >= Duration::from_secs(2), "{:?}", began.elapsed());
    goes_on(fixture).await;
}

pub async fn memory(fixture: &Fixture) {
    assert_eq!(*fixture.call("hog", json!({ "mib": 1 })).await.output(), json!({ "mib": 1 }));
    assert_eq!(fixture.call("hog", json!({ "mib": 512 })).await.fault(), "limit_memory");
    goes_on(fixture).await;
}

pub async fn output(fixture: &Fixture) {
    assert_eq!(
        fixture.call("flood", json!({ "bytes": 1000 })).await.output()["text"].as_str().unwrap().len(),
        1000
    );
    assert_eq!(fixture.call("flood", json!({ "bytes": 100_000 })).await.fault(), "limit_output");
    goes_on(fixture).await;
}

/// The guests of the late calls are gone with them: were they not, they would keep all slots for a minute.
pub async fn deadline(fixture: &Fixture) {
    let sleep = async |ms: Value, timeout: &str| {
        let path = format!("/v1/skills/{}/tools/sleep/call", fixture.name());
        let body = Some(json!({ "ms": ms }));
        fixture.client().send_with("POST", &path, body, &[("skep-timeout", timeout)]).await
    };
    assert_eq!(*sleep(json!(10), "30s").await.output(), json!({}));
    let began = Instant::now();
    for late in join_all((0..SLOTS).map(|_| sleep(json!(60_000), "500ms"))).await {
        assert_eq!(late.fault(), "deadline");
    }
    assert!(began.elapsed() < SLACK, "{:?}", began.elapsed());
    for next in join_all((0..SLOTS).map(|_| sleep(json!(10), "30s"))).await {
        assert_eq!(*next.output(), json!({}));
    }
}
