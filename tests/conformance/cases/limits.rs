//! Limits: a guest that tries to break each.

use crate::fixture::Fixture;
use serde_json::json;

pub async fn cpu(fixture: &Fixture) {
    assert_eq!(fixture.call("spin", json!({})).await.fault(), "limit_cpu");
}

pub async fn memory(fixture: &Fixture) {
    assert_eq!(*fixture.call("hog", json!({ "mib": 1 })).await.output(), json!({ "mib": 1 }));
    assert_eq!(fixture.call("hog", json!({ "mib": 512 })).await.fault(), "limit_memory");
}

pub async fn output(fixture: &Fixture) {
    assert_eq!(
        fixture.call("flood", json!({ "bytes": 1000 })).await.output()["text"].as_str().unwrap().len(),
        1000
    );
    assert_eq!(fixture.call("flood", json!({ "bytes": 100_000 })).await.fault(), "limit_output");
}

pub async fn deadline(fixture: &Fixture) {
    assert_eq!(*fixture.call("sleep", json!({ "ms": 10 })).await.output(), json!({}));
    let path = format!("/v1/skills/{}/tools/sleep/call", fixture.name());
    let body = Some(json!({ "ms": 20_000 }));
    let late = fixture.client().send_with("POST", &path, body, &[("skep-timeout", "500ms")]).await;
    assert_eq!(late.fault(), "deadline");
}
