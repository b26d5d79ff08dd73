//! State between calls, in both buckets.

use crate::fixture::Fixture;
use serde_json::{Value, json};

pub async fn hot(fixture: &Fixture) {
    bucket(fixture, "hot").await;
}

pub async fn durable(fixture: &Fixture) {
    bucket(fixture, "durable").await;
}

async fn bucket(fixture: &Fixture, bucket: &str) {
    let state = async |rest: Value| {
        let mut input = json!({ "bucket": bucket });
        input.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        fixture.call("state", input).await.output().clone()
    };
    let get = async |key: &str| state(json!({ "op": "get", "key": key })).await["value"].clone();
    assert_eq!(get("a").await, Value::Null);
    state(json!({ "op": "set", "key": "a", "value": "eins ✓" })).await;
    assert_eq!(get("a").await, json!("eins ✓"));
    state(json!({ "op": "set", "key": "a", "value": "" })).await;
    assert_eq!(get("a").await, json!(""));
    for expect in [5, 10] {
        let grown = state(json!({ "op": "increment", "key": "n", "delta": 5 })).await;
        assert_eq!(grown, json!({ "number": expect }));
    }
    let swap = async |expected: Value, value: Value| {
        state(json!({ "op": "swap", "key": "s", "expected": expected, "value": value })).await["applied"]
            .clone()
    };
    assert_eq!(swap(json!("x"), json!("y")).await, json!(false));
    assert_eq!(swap(Value::Null, json!("x")).await, json!(true));
    assert_eq!(swap(Value::Null, json!("z")).await, json!(false));
    assert_eq!(swap(json!("x"), json!("y")).await, json!(true));
    assert_eq!(get("s").await, json!("y"));
    let keys = async || {
        let mut keys: Vec<_> = state(json!({ "op": "keys" })).await["keys"].as_array().unwrap().clone();
        keys.sort_by_key(|key| key.as_str().map(str::to_owned));
        keys
    };
    assert_eq!(keys().await, [json!("a"), json!("n"), json!("s")]);
    state(json!({ "op": "delete", "key": "n" })).await;
    assert_eq!(swap(json!("y"), Value::Null).await, json!(true));
    assert_eq!(keys().await, [json!("a")]);
    state(json!({ "op": "delete", "key": "a" })).await;
    assert_eq!(get("a").await, Value::Null);
}

/// More often than an instance may hold things of its host at once (1,024): what isn't given back adds up.
pub async fn often(fixture: &Fixture) {
    let path = format!("/v1/skills/{}/tools/state/call", fixture.session_name());
    let input = json!({ "bucket": "hot", "op": "increment", "key": "often", "delta": 1 });
    let mut session = None::<String>;
    for expect in 1..=1100 {
        let header: Vec<_> = session.iter().map(|id| ("skep-session", id.as_str())).collect();
        let answer = fixture.client().send_with("POST", &path, Some(input.clone()), &header).await.ok();
        assert_eq!(answer["output"], json!({ "number": expect }));
        session = answer["session"].as_str().map(str::to_owned);
    }
}

pub async fn own(fixture: &Fixture) {
    let at = |op: &str| json!({ "bucket": "durable", "op": op, "key": "mine", "value": "yes" });
    fixture.call("state", at("set")).await.ok();
    let peer = fixture.client().call("fixture-peer", "state", at("get")).await;
    assert_eq!(*peer.output(), json!({ "value": null }));
    assert_eq!(*fixture.call("state", at("get")).await.output(), json!({ "value": "yes" }));
    let other = fixture.call("state", json!({ "bucket": "else", "op": "get", "key": "mine" })).await;
    assert_eq!(other.fault(), "tool_error");
}
