//! Calls: what goes in, what comes out, and what each way of failing looks like.

use crate::ground::{Answer, Ground};
use serde_json::{Value, json};
use skep_api::types::{CallAnswer, CallLine, HEADER_IDEMPOTENCY, HEADER_LANE, HEADER_TIMEOUT, NDJSON};
use skep_core::CallId;

#[tokio::test]
async fn a_result_says_where_it_comes_from() {
    let ground = Ground::new().await;
    let added = ground.install("echo-typed").await;
    let answer = ground.call("echo-typed", "greet", json!({ "name": "Ann" })).await.ok();
    assert!(answer["output"].as_str().unwrap().contains("Ann"), "{answer}");
    assert_eq!((&answer["version"], &answer["digest"]), (&added["version"], &added["digest"]));
    let answer: CallAnswer = serde_json::from_value(answer).unwrap();
    assert_eq!(answer.served_by, Some(ground.router.incarnation()));
    assert!(answer.usage.memory_peak > 0 && answer.digest.is_some(), "{answer:?}");
}

#[tokio::test]
async fn names_may_leave_out_the_tool_and_name_a_version() {
    let ground = Ground::new().await;
    let added = ground.install("versioned").await;
    let version = added["version"].as_str().unwrap();
    for skill in ["versioned", &format!("versioned@{version}")] {
        ground.call(skill, "-", json!({})).await.ok();
        let path = format!("/v1/skills/{skill}/tools/version/call");
        // No body is no parameters.
        Answer::of(ground.request("POST", &path).send().await.unwrap()).await.ok();
    }
    ground.call("versioned@9.9.9", "-", json!({})).await.refused(404, "unknown_skill", "9.9.9");
    ground.call("versioned@new", "-", json!({})).await.refused(400, "invalid_input", "new");
    ground.call("Versioned", "-", json!({})).await.refused(400, "invalid_input", "Versioned");
    ground.call("versioned", "older", json!({})).await.refused(404, "unknown_tool", "version");
}

#[tokio::test]
async fn each_fault_has_its_status_and_keeps_the_log() {
    let ground = Ground::new().await;
    ground.install("echo-typed").await;
    ground.install("probe").await;
    let rows = [
        ("echo-typed", "add", json!({ "a": "x", "b": 1 }), 400, "invalid_input", "a"),
        ("echo-typed", "fail", json!({ "msg": "no luck" }), 422, "tool_error", "no luck"),
        ("probe", "panic", json!({ "message": "ouch" }), 422, "trapped", ""),
        ("probe", "output", json!({ "bytes": 2 << 20 }), 422, "limit_output", ""),
        ("gone", "x", json!({}), 404, "unknown_skill", "gone"),
    ];
    for (skill, tool, input, status, code, says) in rows {
        let answer = ground.call(skill, tool, input).await;
        answer.refused(status, code, says);
        assert!(answer.body["call"].as_str().unwrap().parse::<CallId>().is_ok());
        if tool == "panic" {
            assert!(answer.body["logs"].to_string().contains("ouch"), "{answer:?}");
        }
    }
    let call = ground.request("POST", "/v1/skills/probe/tools/spin/call").header(HEADER_TIMEOUT, "300ms");
    Answer::of(call.send().await.unwrap()).await.refused(504, "deadline", "");
}

#[tokio::test]
async fn headers_reach_the_guest_or_are_refused() {
    let ground = Ground::new().await;
    ground.install("probe").await;
    let path = "/v1/skills/probe/tools/context/call";
    let sent = ground.request("POST", path).header(HEADER_IDEMPOTENCY, "order-7").header(HEADER_LANE, "hi");
    let answer = Answer::of(sent.send().await.unwrap()).await.ok();
    assert_eq!(answer["output"]["idempotency_key"], "order-7");
    assert_eq!(answer["output"]["call_id"], answer["id"]);
    for (header, value) in [(HEADER_LANE, "top"), (HEADER_TIMEOUT, "soon"), (HEADER_IDEMPOTENCY, "")] {
        let answer =
            Answer::of(ground.request("POST", path).header(header, value).send().await.unwrap()).await;
        answer.refused(400, "invalid_input", header);
    }
}

#[tokio::test]
async fn output_is_passed_on_as_it_came() {
    let ground = Ground::new().await;
    ground.install("echo-typed").await;
    let path = "/v1/skills/echo-typed/tools/echo-u64/call";
    let sent = ground.request("POST", path).body("{ \"x\" : 18446744073709551615 }");
    let text = sent.send().await.unwrap().text().await.unwrap();
    let answer: CallAnswer = serde_json::from_str(&text).unwrap();
    assert_eq!(answer.output.get(), "\"18446744073709551615\"");
    assert_eq!(text.matches("output").count(), 1);
}

async fn lines(ground: &Ground, tool: &str, input: Value) -> Vec<CallLine> {
    let path = format!("/v1/skills/probe/tools/{tool}/call");
    let sent = ground.request("POST", &path).header("accept", NDJSON).json(&input).send().await.unwrap();
    assert_eq!((sent.status().as_u16(), &sent.headers()["content-type"]), (200, &NDJSON.parse().unwrap()));
    let text = sent.text().await.unwrap();
    assert!(text.ends_with('\n'), "{text}");
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn progress_comes_in_lines_before_the_end() {
    let ground = Ground::new().await;
    ground.install("probe").await;
    let mut lines = lines(&ground, "progress", json!({ "steps": 5, "ms": 60 })).await;
    let Some(CallLine::Result(answer)) = lines.pop() else { panic!("{lines:?}") };
    assert_eq!(answer.output.get(), r#"{"steps":5}"#);
    let mut done = 0;
    assert!(!lines.is_empty(), "no progress was told");
    for line in lines {
        let CallLine::Progress(progress) = line else { panic!("{line:?}") };
        assert!(
            progress.done > done && progress.total == Some(5) && progress.call == answer.id,
            "{progress:?}"
        );
        done = progress.done;
    }
}

#[tokio::test]
async fn faults_come_as_the_last_line() {
    let ground = Ground::new().await;
    ground.install("probe").await;
    let lines = lines(&ground, "panic", json!({ "message": "ouch" })).await;
    let [CallLine::Fault(problem)] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!(problem.code.as_str(), "trapped");
    assert!(problem.call.is_some() && !problem.logs.is_empty(), "{problem:?}");
}
