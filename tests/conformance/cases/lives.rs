//! How calls live: progress, cancellation, fresh instances, sessions.

use crate::fixture::Fixture;
use serde_json::{Value, json};
use skep_harness::eventually;
use std::time::Duration;

pub async fn progress(fixture: &Fixture) {
    let mut lines = fixture.stream("progress", json!({ "steps": 3 })).await;
    let mut last = Value::Null;
    while let Some(line) = lines.line().await {
        if let Some(report) = line.get("progress") {
            last = report.clone();
        } else {
            assert_eq!(line["result"]["output"], json!({ "steps": 3 }), "{line}");
        }
    }
    // What comes faster than anyone reads may be dropped, the last report never.
    assert_eq!((&last["done"], &last["total"], &last["message"]), (&json!(3), &json!(3), &json!("step 3")));
}

pub async fn cancellation(fixture: &Fixture) {
    let mut lines = fixture.stream("wait", json!({})).await;
    let client = fixture.client();
    let waiting = lines.line().await.expect("a report");
    assert_eq!(waiting["progress"]["message"], "waiting", "{waiting}");
    drop(lines);
    let told = json!({ "bucket": "hot", "op": "get", "key": "cancelled" });
    eventually(Duration::from_secs(15), async || {
        client.call(&fixture.name(), "state", told.clone()).await.body["output"]["value"] == "yes"
    })
    .await;
}

pub async fn fresh(fixture: &Fixture) {
    for _ in 0..3 {
        assert_eq!(*fixture.call("count", json!({})).await.output(), json!({ "count": 1 }));
    }
}

pub async fn sessions(fixture: &Fixture) {
    let path = format!("/v1/skills/{}/tools/count/call", fixture.session_name());
    let count = async |session: Option<&str>| {
        let header: Vec<_> = session.iter().map(|id| ("skep-session", *id)).collect();
        fixture.client().send_with("POST", &path, Some(json!({})), &header).await
    };
    let first = count(None).await.ok();
    let session = first["session"].as_str().expect("a session").to_owned();
    assert_eq!(first["output"], json!({ "count": 1 }));
    for expect in [2, 3] {
        let next = count(Some(&session)).await.ok();
        assert_eq!((&next["output"], &next["session"]), (&json!({ "count": expect }), &json!(session)));
    }
    let other = count(None).await.ok();
    assert_eq!(other["output"], json!({ "count": 1 }));
    assert_ne!(other["session"], json!(session));
    let (host, _) = session.split_once('.').unwrap();
    let gone = count(Some(&format!("{host}.{}", "0".repeat(32)))).await;
    assert_eq!((gone.status, gone.fault()), (410, "session_gone"));
}
