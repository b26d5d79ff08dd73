//! The fast lane, on both deployments: results, refusals, faults, logs, progress, audit.

use crate::deployment::Deployment;
use serde_json::{Value, json};
use skep_harness::eventually;
use std::time::Duration;

/// Runs the same test on {memory + SQLite} and on {Redis + MariaDB} with two hosts.
macro_rules! on_both {
    ($($name:ident => $test:path;)*) => {
        mod embedded {
            $(#[tokio::test] async fn $name() { $test(&super::Deployment::embedded()).await })*
        }
        mod fleet {
            $(#[tokio::test] async fn $name() { $test(&super::Deployment::fleet(2)).await })*
        }
    };
}

on_both! {
    calls_are_answered => super::calls_are_answered;
    faults_have_their_own_codes => super::faults_have_their_own_codes;
    every_message_leaves_an_audit_record => super::every_message_leaves_an_audit_record;
    configuration_reaches_the_guest => super::configuration_reaches_the_guest;
    each_call_runs_in_a_fresh_instance => super::each_call_runs_in_a_fresh_instance;
    a_saturated_skill_is_refused_and_recovers => super::a_saturated_skill_is_refused_and_recovers;
}

async fn calls_are_answered(on: &Deployment) {
    on.add_guest("echo-typed", "echo", &[]);
    let client = on.client();
    assert_eq!(*client.call("echo", "add", json!({ "a": 2, "b": 3 })).await.output(), json!(5));
    let answer = client.call("echo", "greet", json!({ "name": "Ann" })).await.ok();
    assert!(answer["output"].as_str().unwrap().contains("Ann"), "{answer}");
    assert_eq!(answer["version"], "0.0.1");
    assert!(answer["digest"].as_str().unwrap().starts_with("sha256:"));
    let listed = client.get("/v1/skills").await.ok();
    assert!(listed.to_string().contains("\"echo\""), "{listed}");
}

async fn faults_have_their_own_codes(on: &Deployment) {
    on.add_guest("echo-typed", "echo", &[]);
    let client = on.client();
    let check = async |skill: &str, tool: &str, input: Value, code: &str, says: &str| {
        let answer = client.call(skill, tool, input).await;
        assert_eq!(answer.fault(), code, "{answer:?}");
        assert!(answer.message().contains(says), "{answer:?}");
    };
    check("nothing", "add", json!({}), "unknown_skill", "nothing").await;
    check("echo@9.9.9", "add", json!({}), "unknown_skill", "9.9.9").await;
    check("echo", "nope", json!({}), "unknown_tool", "greet").await;
    check("echo", "add", json!({ "a": "x", "b": 1 }), "invalid_input", "$.a").await;
    check("echo", "add", json!({ "a": 1 }), "invalid_input", "b").await;
    check("echo", "add", json!({ "a": 1, "b": 2, "c": 3 }), "invalid_input", "c").await;
    check("echo", "fail", json!({ "msg": "no luck" }), "tool_error", "no luck").await;
}

async fn every_message_leaves_an_audit_record(on: &Deployment) {
    on.add_guest("echo-typed", "echo", &[]);
    let client = on.client();
    client.call("echo", "add", json!({ "a": 2, "b": 3 })).await.ok();
    client.call("echo", "fail", json!({ "msg": "x" })).await.fault();
    client.call("echo", "nope", json!({})).await.fault();
    client.call("ghost", "nope", json!({})).await.fault();
    let found = |records: &[Value], tool: &str, fault: Value| {
        records.iter().any(|r| r["action"] == "call" && r["tool"] == tool && r["fault"] == fault)
    };
    eventually(Duration::from_secs(15), async || {
        let records = records(&client.get("/v1/audit?limit=100").await.ok());
        found(&records, "add", Value::Null)
            && found(&records, "fail", json!("tool_error"))
            && found(&records, "nope", json!("unknown_tool"))
            && found(&records, "nope", json!("unknown_skill"))
            && records.iter().any(|r| r["action"] == "publish")
    })
    .await;
    let records = records(&client.get("/v1/audit?limit=100").await.ok());
    let served = records.iter().find(|r| r["tool"] == "add").unwrap();
    assert!(served["digest"].is_string() && served["grants"].is_string(), "{served}");
    assert!(served["chain"][0].as_str().unwrap().starts_with("operator:"), "{served}");
    assert_eq!(served["output_bytes"], 1, "{served}");
    let verified = client.send("POST", "/v1/audit/verify", None).await.ok();
    assert_eq!(verified["flaws"], json!([]), "{verified}");
    assert!(verified["records"].as_u64().unwrap() >= 5, "{verified}");
}

fn records(page: &Value) -> Vec<Value> {
    let list = page["records"].as_array().expect("records");
    list.iter().map(|r| r.get("event").unwrap_or(r).clone()).collect()
}

async fn configuration_reaches_the_guest(on: &Deployment) {
    on.add_guest("probe", "probe", &[]);
    let client = on.client();
    let set = client.send("PATCH", "/v1/skills/probe/config", Some(json!({ "colour": "blue" }))).await;
    set.ok();
    let answer = client.call("probe", "config", json!({ "key": "colour" })).await;
    assert!(answer.output().to_string().contains("blue"), "{answer:?}");
    let none = client.call("probe", "config", json!({ "key": "other" })).await;
    assert!(!none.output().to_string().contains("blue"), "{none:?}");
}

async fn each_call_runs_in_a_fresh_instance(on: &Deployment) {
    on.add_guest("probe", "probe", &[]);
    let client = on.client();
    let first = client.call("probe", "counter", json!({})).await.output().clone();
    for _ in 0..5 {
        assert_eq!(*client.call("probe", "counter", json!({})).await.output(), first);
    }
}

async fn a_saturated_skill_is_refused_and_recovers(on: &Deployment) {
    let folder = on.folder("narrow");
    std::fs::copy(skep_harness::guest("probe"), folder.join("probe.wasm")).unwrap();
    let manifest = "[skill]\nname = \"narrow\"\nversion = \"1.0.0\"\ncomponent = \"probe.wasm\"\n\
                    [limits]\nconcurrency = 1\nwaiting = 2\n";
    std::fs::write(folder.join("skill.toml"), manifest).unwrap();
    on.skep(&["add", folder.to_str().unwrap()]);
    on.add_guest("echo-typed", "echo", &[]);
    let client = on.client();
    let slow = || {
        let client = client.clone();
        tokio::spawn(async move { client.call("narrow", "sleep", json!({ "ms": 1500 })).await })
    };
    let calls: Vec<_> = (0..6).map(|_| slow()).collect();
    // Neighbours are served while the skill is full.
    assert_eq!(*client.call("echo", "add", json!({ "a": 1, "b": 1 })).await.output(), json!(2));
    let mut codes = Vec::new();
    for call in calls {
        let answer = call.await.unwrap();
        codes.push(if answer.status == 200 { "ok".to_owned() } else { answer.fault().to_owned() });
    }
    let count = |code: &str| codes.iter().filter(|c| *c == code).count();
    assert_eq!((count("ok"), count("overloaded")), (3, 3), "{codes:?}");
    client.call("narrow", "sleep", json!({ "ms": 1 })).await.ok();
}

#[tokio::test]
async fn a_deadline_ends_a_call_and_frees_its_place() {
    let on = Deployment::embedded();
    on.add_guest("probe", "probe", &[]);
    let output = on.host().skep(&["call", "probe/sleep", r#"{"ms":60000}"#, "--timeout", "300ms"]);
    assert_eq!(output.status.code(), Some(30), "{output:?}");
    on.client().call("probe", "counter", json!({})).await.ok();
}

#[tokio::test]
async fn draining_finishes_what_runs() {
    let mut on = Deployment::embedded();
    on.add_guest("probe", "probe", &[]);
    let mut stream = on.client().stream("probe", "progress", json!({ "steps": 5, "ms": 300 })).await;
    let first = stream.line().await.expect("a progress report");
    assert!(first["progress"].is_object(), "{first}");
    let host = on.hosts.remove(0);
    let stopping = tokio::task::spawn_blocking(move || host.stop());
    let mut last = first;
    while let Some(line) = stream.line().await {
        last = line;
    }
    assert!(last["result"].is_object(), "{last}");
    stopping.await.unwrap();
}

#[tokio::test]
async fn a_caller_that_goes_away_takes_its_call_with_it() {
    let on = Deployment::embedded();
    on.add_guest("probe", "probe", &[]);
    let client = on.client();
    let mut stream = client.stream("probe", "progress", json!({ "steps": 200, "ms": 100 })).await;
    stream.line().await.expect("a progress report");
    drop(stream);
    eventually(Duration::from_secs(10), async || {
        let records = records(&client.get("/v1/audit?limit=100").await.ok());
        records.iter().any(|r| r["tool"] == "progress" && r["fault"] == "cancelled")
    })
    .await;
}
