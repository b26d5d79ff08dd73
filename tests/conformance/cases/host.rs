//! What the host gives: files, configuration, variables, time, logs, the call's context.

use crate::fixture::{Fixture, GREETING};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

pub async fn files(fixture: &Fixture) {
    std::fs::write(fixture.data.join("in.txt"), "Grüße\n").unwrap();
    let read = fixture.call("read", json!({ "path": "/data/in.txt" })).await;
    assert_eq!(*read.output(), json!({ "text": "Grüße\n" }));
    let written = fixture.call("write", json!({ "path": "/data/out.txt", "text": "done ✓" })).await;
    assert_eq!(*written.output(), json!({ "bytes": "done ✓".len() }));
    assert_eq!(std::fs::read_to_string(fixture.data.join("out.txt")).unwrap(), "done ✓");
    for path in ["/data/missing.txt", "/etc/passwd", "/data/../etc/passwd", "in.txt/"] {
        let refused = fixture.call("read", json!({ "path": path })).await;
        assert_eq!(refused.fault(), "tool_error", "{path}");
        assert!(!refused.message().is_empty());
    }
    assert_eq!(fixture.call("write", json!({ "path": "/else.txt", "text": "" })).await.fault(), "tool_error");
}

pub async fn configuration(fixture: &Fixture) {
    let greeting = async || fixture.call("config", json!({ "key": "greeting" })).await.output().clone();
    assert_eq!(greeting().await, json!({ "value": "hello" }));
    fixture.on.skep(&["config", "set", &fixture.name(), "greeting=ahoi"]);
    assert_eq!(greeting().await, json!({ "value": "ahoi" }));
    let unset = fixture.call("config", json!({ "key": "nothing" })).await;
    assert_eq!(*unset.output(), json!({ "value": null }));
}

pub async fn environment(fixture: &Fixture) {
    let variable =
        async |name: &str| fixture.call("env", json!({ "name": name })).await.output()["value"].clone();
    assert_eq!(variable(GREETING.0).await, json!(GREETING.1));
    assert_eq!(variable("HOME").await, Value::Null);
    assert_eq!(variable("PATH").await, Value::Null);
}

pub async fn time_and_random(fixture: &Fixture) {
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let before = now();
    let told = fixture.call("time", json!({})).await.output()["unix_ms"].as_u64().unwrap();
    assert!((before..=now()).contains(&u128::from(told)), "{told}");
    let random = async || {
        fixture.call("random", json!({ "bytes": 16 })).await.output()["hex"].as_str().unwrap().to_owned()
    };
    let (one, other) = (random().await, random().await);
    assert_eq!((one.len(), one == other), (32, false), "{one} {other}");
}

pub async fn logs(fixture: &Fixture) {
    for level in ["debug", "info", "warn", "error"] {
        let text = format!("a {level} wörd");
        let answer = fixture.call("log", json!({ "level": level, "text": text })).await.ok();
        let logs = answer["logs"].as_array().unwrap();
        let logged = |level: &str, source: &str| {
            logs.iter().any(|l| {
                l["level"] == level && l["source"] == source && l["text"].as_str().unwrap().trim_end() == text
            })
        };
        assert!(logged(level, "fixture"), "{answer}");
        assert!(logged("info", "stdout"), "{answer}");
    }
}

pub async fn context(fixture: &Fixture) {
    let path = format!("/v1/skills/{}/tools/context/call", fixture.name());
    let answer = fixture
        .client()
        .send_with("POST", &path, Some(json!({})), &[("idempotency-key", "once-7")])
        .await
        .ok();
    let told = &answer["output"];
    assert_eq!((&told["call_id"], &told["attempt"]), (&answer["id"], &json!(1)));
    assert_eq!((&told["idempotency_key"], &told["session"]), (&json!("once-7"), &Value::Null));
    let caller = told["caller"].as_array().unwrap();
    assert!(caller.len() == 1 && caller[0].as_str().unwrap().starts_with("operator:"), "{told}");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
    assert!(told["deadline"].as_u64().unwrap() > now, "{told}");
    let without = fixture.call("context", json!({})).await;
    assert_eq!(without.output()["idempotency_key"], Value::Null);
}
