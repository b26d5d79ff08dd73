//! Skills that call skills.

use crate::fixture::Fixture;
use serde_json::{Value, json};

async fn through(fixture: &Fixture, skill: &str, tool: &str, input: Value) -> crate::client::Answer {
    fixture.call("call", json!({ "skill": skill, "tool": tool, "input": input })).await
}

pub async fn calls(fixture: &Fixture) {
    let sum = through(fixture, "fixture-peer", "add", json!({ "a": 2, "b": 3 })).await;
    assert_eq!(*sum.output(), json!({ "output": { "sum": 5 } }));
    let check = async |skill: &str, tool: &str, input: Value, code: &str| {
        let failed = through(fixture, skill, tool, input).await;
        assert_eq!(failed.fault(), "tool_error");
        assert!(failed.message().starts_with(&format!("{code}: ")), "{failed:?}");
    };
    check("fixture-peer", "fail", json!({ "message": "no" }), "tool_error").await;
    check("fixture-peer", "add", json!({ "a": "x" }), "invalid_input").await;
    check("fixture-peer", "nope", json!({}), "unknown_tool").await;
    check(&fixture.session_name(), "add", json!({ "a": 1, "b": 1 }), "denied").await;
    check("no-such-skill", "add", json!({}), "denied").await;
}

/// The peer offers what the caller offers; only what may be called is found.
pub async fn finds(fixture: &Fixture) {
    let capability = format!("fixture.{}", fixture.language);
    for (wanted, expect) in [(capability.as_str(), json!(["fixture-peer"])), ("nothing.like-it", json!([]))] {
        let found = fixture.call("find", json!({ "capability": wanted })).await;
        assert_eq!(*found.output(), json!({ "skills": expect }));
    }
}

pub async fn passes_on_who_asked(fixture: &Fixture) {
    let told = through(fixture, "fixture-peer", "context", json!({})).await;
    let caller = told.output()["output"]["caller"].as_array().unwrap().clone();
    assert_eq!(caller.len(), 2, "{caller:?}");
    assert!(caller[0].as_str().unwrap().starts_with("operator:"), "{caller:?}");
    assert_eq!(caller[1], json!(format!("skill:{}", fixture.name())));
}
