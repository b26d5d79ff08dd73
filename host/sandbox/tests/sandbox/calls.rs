//! Calls from end to end: what reaches a guest, what comes back, and how each ending is told from the others.

use crate::kit::{Caller, Kit, call, component, fault, json, limits, permit};
use serde_json::json;
use skep_core::{FaultCode, Grants, Level, Limits, UnixMs};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

#[tokio::test]
async fn a_typed_tool_answers_errs_and_refuses_bad_input() {
    let kit = Kit::new();
    let skill = kit.guest("echo-typed").await;
    let call = async |tool, input| kit.call(&skill, tool, input, &limits()).await.outcome;
    assert_eq!(json(&call("add", r#"{"a": 2, "b": 40}"#).await), 42);
    assert_eq!(json(&call("nothing", "{}").await), json!(null));
    assert_eq!(fault(&call("fail", r#"{"msg": "no luck"}"#).await, FaultCode::ToolError), "no luck");
    let complaint = call("add", r#"{"a": 2, "b": "x"}"#).await;
    assert!(fault(&complaint, FaultCode::InvalidInput).starts_with("$.b: expected s32"), "{complaint:?}");
    let unknown = call("subtract", "{}").await;
    assert!(fault(&unknown, FaultCode::UnknownTool).contains("no tool `subtract`; it has: "));
}

#[tokio::test]
async fn a_contract_skill_names_its_tools_once_and_its_input_is_validated() {
    let kit = Kit::new();
    let skill = kit.guest("probe").await;
    assert!(skill.inspection().tools.iter().any(|tool| tool.name.as_str() == "sleep"));
    let bad = kit.call(&skill, "sleep", r#"{"ms": "long"}"#, &limits()).await;
    assert!(fault(&bad.outcome, FaultCode::InvalidInput).starts_with("$.ms: "), "{bad:?}");
    assert_eq!(bad.usage.memory_peak, 0, "no guest ran");
    let no_json = kit.call(&skill, "env", "{", &limits()).await;
    fault(&no_json.outcome, FaultCode::InvalidInput);
}

#[tokio::test]
async fn every_call_has_an_instance_of_its_own() {
    let kit = Kit::new();
    let skill = kit.guest("probe").await;
    for _ in 0..20 {
        let report = kit.call(&skill, "counter", "{}", &limits()).await;
        assert_eq!(json(&report.outcome), json!({ "calls": 1 }));
    }
}

#[tokio::test]
async fn a_guest_sees_its_call_its_environment_its_configuration_and_nothing_else() {
    let kit = Kit::new();
    let skill = kit.guest("probe").await;
    let grants = Grants { env: BTreeMap::from([("LANG".into(), "C".into())]), ..Grants::default() };
    let permit = permit(&grants, &limits());
    let ask = async |tool, input| {
        let mut call = call(tool, input);
        call.config = Arc::new(BTreeMap::from([("currency".into(), "EUR".into())]));
        call.deadline = UnixMs::now().after(Duration::from_secs(9));
        call.idempotency_key = Some("once".into());
        let told = (call.id.to_string(), call.deadline.0);
        let report = kit.sandbox.run(&skill, &permit, call, Arc::new(Caller::default())).await;
        (json(&report.outcome), told)
    };
    assert_eq!(ask("env", "{}").await.0, json!({ "LANG": "C" }));
    assert_eq!(ask("args", "{}").await.0, json!([]));
    assert_eq!(ask("stdin", "{}").await.0, json!({ "ok": "" }));
    assert_eq!(ask("config", "{}").await.0, json!({ "ok": { "currency": "EUR" } }));
    let (context, (id, deadline)) = ask("context", "{}").await;
    let expect = json!({
        "call_id": id, "attempt": 1, "deadline": deadline, "caller": ["operator:tester"],
        "idempotency_key": "once", "session": null, "cancelled": false,
    });
    assert_eq!(context, expect);
}

#[tokio::test]
async fn the_network_is_denied_with_the_error_of_each_signature() {
    let kit = Kit::new();
    let skill = kit.guest("probe").await;
    let ask = async |tool, input| json(&kit.call(&skill, tool, input, &limits()).await.outcome);
    let http = ask("http", r#"{"url": "http://127.0.0.1:1/"}"#).await;
    assert_eq!(http, json!({ "error": "HttpRequestDenied" }));
    let tcp = ask("tcp", r#"{"address": "127.0.0.1:1"}"#).await;
    assert_eq!(tcp, json!({ "error": "access-denied", "step": "create" }));
    assert_eq!(ask("udp", "{}").await, json!({ "error": "access-denied" }));
    let resolved = ask("resolve", r#"{"name": "localhost"}"#).await;
    assert_eq!(resolved, json!({ "error": "permanent-resolver-failure" }));
}

#[tokio::test]
async fn what_a_guest_prints_becomes_records_of_its_call() {
    let kit = Kit::new();
    let skill = kit.guest("probe").await;
    let report = kit.call(&skill, "log", r#"{"lines": 2, "bytes": 5, "stream": "stderr"}"#, &limits()).await;
    let texts: Vec<_> = report.logs.iter().map(|r| (r.level, &*r.source, &*r.text)).collect();
    assert_eq!(texts, [(Level::Warn, "stderr", "0 xxx"), (Level::Warn, "stderr", "1 xxx")]);
    let report = kit.call(&skill, "log", r#"{"lines": 20000, "bytes": 100}"#, &Limits::default()).await;
    assert_eq!(json(&report.outcome), json!({ "ok": 20_000 }), "a flood is no fault");
    let size: usize = report.logs.iter().map(|r| r.text.len()).sum();
    assert!(size <= 64 << 10, "{size}");
    assert!(report.logs.last().unwrap().text.starts_with("log cut here"));
}

#[tokio::test]
async fn a_panic_is_a_trap_and_its_words_are_in_the_log() {
    let kit = Kit::new();
    let skill = kit.guest("probe").await;
    let report = kit.call(&skill, "panic", r#"{"message": "oh no"}"#, &limits()).await;
    let message = fault(&report.outcome, FaultCode::Trapped);
    assert!(message.contains("unreachable") && message.contains("probe::"), "{message}");
    assert!(report.logs.iter().any(|record| record.text == "oh no"), "{:?}", report.logs);
}

#[tokio::test]
async fn an_exit_is_a_trap_that_says_so() {
    let kit = Kit::new();
    let skill = kit.guest("probe").await;
    for code in [0, 1] {
        let report = kit.call(&skill, "exit", &format!(r#"{{"code": {code}}}"#), &limits()).await;
        let message = fault(&report.outcome, FaultCode::Trapped);
        assert_eq!(message, format!("the skill called exit({code}): a tool must return instead"));
    }
}

#[tokio::test]
async fn sizes_of_input_output_and_random_requests_are_bounded() {
    let kit = Kit::new();
    let skill = kit.guest("probe").await;
    let small = "1KiB".parse().unwrap();
    let limits =
        Limits { input: small, output: small, memory: "512MiB".parse().unwrap(), ..Limits::default() };
    let ask = async |tool, input: &str| kit.call(&skill, tool, input, &limits).await.outcome;
    let long = format!(r#"{{"key": "{}"}}"#, "k".repeat(1024));
    let refused = ask("config", &long).await;
    assert!(fault(&refused, FaultCode::InvalidInput).contains("the limit `input` of 1KiB"), "{refused:?}");
    assert!(ask("output", r#"{"bytes": 1000}"#).await.is_ok());
    let refused = ask("output", r#"{"bytes": 2000}"#).await;
    assert!(fault(&refused, FaultCode::LimitOutput).contains("limit `output` of 1KiB"), "{refused:?}");
    let refused = ask("output", r#"{"bytes": 20000000}"#).await;
    fault(&refused, FaultCode::LimitOutput);
    assert_eq!(json(&ask("random", r#"{"bytes": 65536}"#).await), json!({ "bytes": 65536 }));
    fault(&ask("random", r#"{"bytes": 65537}"#).await, FaultCode::Trapped);
}

#[tokio::test]
async fn the_nearer_of_wall_limit_and_deadline_ends_a_wait() {
    let kit = Kit::new();
    let skill = kit.guest("probe").await;
    let short = Limits { wall: "200ms".parse().unwrap(), ..limits() };
    let report = kit.call(&skill, "sleep", r#"{"ms": 60000}"#, &short).await;
    fault(&report.outcome, FaultCode::Deadline);
    assert!((200_000..5_000_000).contains(&report.usage.wall_us), "{:?}", report.usage);
    let mut call = call("sleep", r#"{"ms": 60000}"#);
    call.deadline = UnixMs::now().after(Duration::from_millis(200));
    let permit = permit(&Grants::default(), &limits());
    let report = kit.sandbox.run(&skill, &permit, call, Arc::new(Caller::default())).await;
    fault(&report.outcome, FaultCode::Deadline);
}

#[tokio::test]
async fn waiting_costs_no_processor_time() {
    let kit = Kit::new();
    let skill = kit.guest("probe").await;
    let limits = Limits { cpu: "100ms".parse().unwrap(), ..limits() };
    // Woken fifty times, each after several ticks.
    let report = kit.call(&skill, "progress", r#"{"steps": 50, "ms": 30}"#, &limits).await;
    assert_eq!(json(&report.outcome), json!({ "steps": 50 }));
    assert!(report.usage.cpu_ticks < 10, "{:?}", report.usage);
}

#[tokio::test]
async fn progress_is_thinned_out_and_the_last_report_arrives() {
    let kit = Kit::new();
    let skill = kit.guest("probe").await;
    let running = kit.start(&skill, "progress", r#"{"steps": 2000}"#, &limits());
    assert_eq!(json(&running.report.await.unwrap().outcome), json!({ "steps": 2000 }));
    let reports = running.caller.reports.lock().unwrap();
    assert!((2..200).contains(&reports.len()), "{} reports", reports.len());
    assert_eq!(reports[0].done, 1);
    assert_eq!(reports.last().unwrap().done, 2000);
}

#[tokio::test]
async fn a_cancelled_guest_may_end_by_itself_and_is_stopped_otherwise() {
    let kit = Kit::new();
    let skill = kit.guest("probe").await;
    let patient = Limits { cpu: "60s".parse().unwrap(), ..limits() };
    let asks = kit.start(&skill, "wait_cancel", r#"{"ms_max": 20000}"#, &patient);
    let spins = kit.start(&skill, "spin", "{}", &patient);
    let sleeps = kit.start(&skill, "sleep", r#"{"ms": 60000}"#, &patient);
    for running in [&asks, &spins, &sleeps] {
        running.caller.gone.store(true, Ordering::Relaxed);
    }
    assert_eq!(json(&asks.report.await.unwrap().outcome), json!({ "cancelled": true }));
    fault(&spins.report.await.unwrap().outcome, FaultCode::Cancelled);
    fault(&sleeps.report.await.unwrap().outcome, FaultCode::Cancelled);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn dropping_a_call_stops_a_busy_guest_and_frees_its_slot() {
    let kit = Kit::new();
    let skill = kit.guest("probe").await;
    let patient = Limits { cpu: "60s".parse().unwrap(), ..limits() };
    for _ in 0..8 {
        let running = kit.start(&skill, "spin", "{}", &patient);
        tokio::task::yield_now().await;
        running.report.abort();
        assert!(running.report.await.is_err_and(|e| e.is_cancelled()));
    }
    let report = kit.call(&skill, "counter", "{}", &limits()).await;
    assert_eq!(json(&report.outcome), json!({ "calls": 1 }));
}

#[tokio::test]
async fn past_the_slots_a_call_waits_and_then_is_overloaded() {
    let kit = Kit::new();
    let skill = kit.guest("probe").await;
    let long = Limits { wall: "30s".parse().unwrap(), ..limits() };
    let taken: Vec<_> = (0..4).map(|_| kit.start(&skill, "sleep", r#"{"ms": 60000}"#, &long)).collect();
    tokio::task::yield_now().await;
    let short = Limits { wall: "100ms".parse().unwrap(), ..limits() };
    let report = kit.call(&skill, "counter", "{}", &short).await;
    fault(&report.outcome, FaultCode::Overloaded);
    taken.iter().for_each(|running| running.report.abort());
    let report = kit.call(&skill, "counter", "{}", &limits()).await;
    assert_eq!(json(&report.outcome), json!({ "calls": 1 }));
}

#[tokio::test]
async fn preparing_may_move_between_threads() {
    let kit = Kit::new();
    let sandbox = kit.sandbox.clone();
    let prepared = tokio::spawn(async move { sandbox.prepare(component("(component)")).await });
    let fault = prepared.await.unwrap().err().unwrap();
    assert_eq!(fault.code, FaultCode::InvalidComponent);
}
