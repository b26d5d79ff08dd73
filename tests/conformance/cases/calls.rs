//! Calls: what goes in, what comes out, and how they fail.

use crate::fixture::Fixture;
use serde_json::{Value, json};

/// The tools that tests/conformance/README.md asks for.
const TOOLS: [&str; 23] = [
    "add", "call", "config", "context", "count", "crash", "echo", "env", "fail", "find", "flood", "hog",
    "log", "progress", "random", "read", "refuse", "sleep", "spin", "state", "time", "wait", "write",
];

pub async fn json_passes(fixture: &Fixture) {
    let deep = (0..32).fold(json!(1), |inner, _| json!([inner]));
    let values = [
        json!(null),
        json!(true),
        json!(0),
        json!(-1.5),
        json!(9_007_199_254_740_991_u64),
        json!(""),
        json!("Zürich 🐝 \u{1} \" \\ \n"),
        json!([]),
        json!({}),
        json!({ "a": [1, { "b": null }], "ü": "x" }),
        deep,
    ];
    for value in values {
        let answer = fixture.call("echo", json!({ "value": value })).await;
        assert_eq!(*answer.output(), json!({ "value": value }));
    }
    assert_eq!(
        *fixture.call("add", json!({ "a": 1_u64 << 40, "b": -2 })).await.output(),
        json!({ "sum": (1_u64 << 40) - 2 })
    );
}

pub async fn tools_describe_themselves(fixture: &Fixture) {
    let detail = fixture.client().get(&format!("/v1/skills/{}", fixture.name())).await.ok();
    let tools = detail["tools"].as_array().unwrap();
    let mut names: Vec<_> = tools.iter().map(|t| t["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, TOOLS);
    for tool in tools {
        assert!(!tool["description"].as_str().unwrap().is_empty(), "{tool}");
        assert_eq!(tool["input_schema"]["type"], "object", "{tool}");
    }
    let add = tools.iter().find(|t| t["name"] == "add").unwrap();
    let schema = &add["input_schema"];
    assert_eq!(schema["properties"]["a"]["type"], "integer", "{schema}");
    let required: Vec<_> = schema["required"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(required.contains(&"a") && required.contains(&"b"), "{schema}");
}

pub async fn wrong_input_is_refused(fixture: &Fixture) {
    for input in
        [json!({}), json!({ "a": 1 }), json!({ "a": "x", "b": 1 }), json!({ "a": 1.5, "b": 1 }), json!([])]
    {
        assert_eq!(fixture.call("add", input).await.fault(), "invalid_input");
    }
}

pub async fn failures_have_codes(fixture: &Fixture) {
    let failed = fixture.call("fail", json!({ "message": "no lück" })).await;
    assert_eq!((failed.fault(), failed.message()), ("tool_error", "no lück"));
    let refused = fixture.call("refuse", json!({})).await;
    assert_eq!(refused.fault(), "invalid_input");
    assert!(refused.message().contains("not today"), "{refused:?}");
    assert_eq!(fixture.call("no-such-tool", json!({})).await.fault(), "unknown_tool");
}

/// Some languages break, in others the defect is caught and told; either way the next call is none the worse.
pub async fn a_defect_ends_the_call_alone(fixture: &Fixture) {
    let crashed = fixture.call("crash", json!({})).await;
    assert!(["trapped", "tool_error"].contains(&crashed.fault()), "{crashed:?}");
    assert!(!crashed.message().is_empty());
    assert_eq!(*fixture.call("add", json!({ "a": 2, "b": 3 })).await.output(), json!({ "sum": 5 }));
}
