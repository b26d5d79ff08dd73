//! Sessions: a guest that is kept between calls, what is anew for each of them, and what ends it.

use crate::kit::host::Host;
use crate::kit::{self, Kit, call, fault, json, limits, permit};
use serde_json::{Value, json};
use skep_core::{FaultCode, Grants, Incarnation, Limits, Permit, SessionId};
use skep_sandbox::{Prepared, Report, Session};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// A typed skill: `count` counts its calls, `burn` computes for a while, `fail` fails, `trap` breaks.
const COUNTER: &str = r#"(component
    (core module $m
        (memory (export "memory") 1)
        (global $calls (mut i32) (i32.const 0))
        (func (export "count") (result i32)
            (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
            (global.get $calls))
        (func (export "burn") (local $n i32)
            (local.set $n (i32.const 20000000))
            (loop $again
                (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                (br_if $again (local.get $n))))
        (func (export "fail") (result i32) (i32.const 1))
        (func (export "trap") unreachable))
    (core instance $i (instantiate $m))
    (func (export "count") (result u32) (canon lift (core func $i "count")))
    (func (export "burn") (canon lift (core func $i "burn")))
    (func (export "fail") (result (result)) (canon lift (core func $i "fail")))
    (func (export "trap") (canon lift (core func $i "trap"))))"#;

/// A session with the permit and the host for its calls.
struct Scene {
    session: Session,
    permit: Permit,
    host: Arc<Host>,
}

impl Scene {
    fn new(kit: &Kit, skill: &Arc<Prepared>, limits: &Limits) -> Self {
        let permit = permit(&Grants::default(), limits);
        let session = kit.sandbox.open(skill, &permit).unwrap();
        Self { session, permit, host: Arc::default() }
    }

    async fn run(&mut self, tool: &str, input: &str) -> Report {
        self.session.run(call(tool, input), &self.permit, self.host.clone()).await
    }

    async fn ask(&mut self, tool: &str) -> Value {
        json(&self.run(tool, "{}").await.outcome)
    }

    /// Asserts that the session serves nothing more.
    async fn is_gone(&mut self, tool: &str) {
        assert!(!self.session.alive(), "{tool}");
        let next = self.run("count", "{}").await;
        fault(&next.outcome, FaultCode::SessionGone);
        assert_eq!((next.usage.cpu_ticks, next.usage.memory_peak), (0, 0), "{tool}");
    }
}

#[tokio::test]
async fn a_typed_guest_remembers_and_no_other_session_knows() {
    let kit = Kit::new();
    let skill = kit.text(COUNTER).await;
    let (mut one, mut other) = (Scene::new(&kit, &skill, &limits()), Scene::new(&kit, &skill, &limits()));
    for n in 1..=3 {
        assert_eq!(one.ask("count").await, n);
    }
    assert_eq!(other.ask("count").await, 1);
    assert_eq!(one.ask("count").await, 4);
    drop(one);
    let mut next = Scene::new(&kit, &skill, &limits());
    assert_eq!(next.ask("count").await, 1, "the pool gives no memory on");
    assert_eq!(json(&kit.call(&skill, "count", "{}", &limits()).await.outcome), 1);
}

#[tokio::test]
async fn a_contract_guest_remembers() {
    let kit = Kit::new();
    let probe = kit.guest("probe").await;
    let mut scene = Scene::new(&kit, &probe, &limits());
    for n in 1..=3 {
        assert_eq!(scene.ask("counter").await, json!({ "calls": n }));
    }
    assert_eq!(json(&kit.call(&probe, "counter", "{}", &limits()).await.outcome), json!({ "calls": 1 }));
}

#[tokio::test]
async fn each_call_has_its_own_context_configuration_log_and_caller() {
    let kit = Kit::new();
    let probe = kit.guest("probe").await;
    let mut scene = Scene::new(&kit, &probe, &Limits::default());
    let id = SessionId::fresh(Incarnation::fresh());
    for currency in ["EUR", "CHF"] {
        let mut call = kit::call("context", "{}");
        call.session = Some(id);
        let told = call.id.to_string();
        let report = scene.session.run(call, &scene.permit, scene.host.clone()).await;
        let context = json(&report.outcome);
        assert_eq!((&context["call_id"], &context["session"]), (&json!(told), &json!(id.to_string())));

        let mut call = kit::call("config", "{}");
        call.config = Arc::new(BTreeMap::from([("currency".into(), currency.into())]));
        let report = scene.session.run(call, &scene.permit, scene.host.clone()).await;
        assert_eq!(json(&report.outcome), json!({ "ok": { "currency": currency } }));

        let call = kit::call("log", r#"{"lines": 20000, "bytes": 100}"#);
        let id = call.id;
        let report = scene.session.run(call, &scene.permit, scene.host.clone()).await;
        assert!(report.logs.iter().all(|record| record.call == id));
        assert!(report.logs.len() > 100, "the next call has a log of its own: {}", report.logs.len());
        assert!(report.logs.last().unwrap().text.starts_with("log cut here"));
    }
    assert_eq!(Arc::strong_count(&scene.host), 1, "between calls a session holds no caller");
}

#[tokio::test]
async fn each_call_has_a_processor_budget_of_its_own() {
    let kit = Kit::new();
    let skill = kit.text(COUNTER).await;
    let limits = Limits { cpu: "1s".parse().unwrap(), ..limits() };
    let mut scene = Scene::new(&kit, &skill, &limits);
    let mut ticks = 0;
    while ticks <= 120 {
        let report = scene.run("burn", "{}").await;
        json(&report.outcome);
        ticks += report.usage.cpu_ticks;
    }
}

#[tokio::test]
async fn memory_is_the_sessions() {
    let kit = Kit::new();
    let probe = kit.guest("probe").await;
    let mut scene = Scene::new(&kit, &probe, &limits());
    scene.run("alloc", r#"{"mib": 20}"#).await.outcome.unwrap();
    let report = scene.run("counter", "{}").await;
    assert!(report.usage.memory_peak >= 20 << 20, "{:?}", report.usage);
    // A guest that minds a refusal goes on, and breaks later for another reason.
    let refused = scene.run("alloc", r#"{"mib": 1000}"#).await;
    assert_eq!(json(&refused.outcome)["error"], "out of memory");
    fault(&scene.run("panic", "{}").await.outcome, FaultCode::Trapped);
}

#[tokio::test]
async fn a_fault_that_leaves_the_guest_whole_leaves_the_session() {
    let kit = Kit::new();
    let skill = kit.text(COUNTER).await;
    let mut scene = Scene::new(&kit, &skill, &limits());
    fault(&scene.run("subtract", "{}").await.outcome, FaultCode::UnknownTool);
    assert_eq!(scene.ask("count").await, 1);
    fault(&scene.run("fail", "{}").await.outcome, FaultCode::ToolError);
    fault(&scene.run("count", r#"{"too": "much"}"#).await.outcome, FaultCode::InvalidInput);
    let large = format!("{{}}{}", " ".repeat(2 << 20));
    fault(&scene.run("count", &large).await.outcome, FaultCode::InvalidInput);
    assert_eq!(scene.ask("count").await, 2);
}

#[tokio::test]
async fn a_trap_a_limit_and_the_end_of_time_end_the_session() {
    let kit = Kit::new();
    let probe = kit.guest("probe").await;
    let limits = Limits { wall: "5s".parse().unwrap(), output: "1KiB".parse().unwrap(), ..limits() };
    for (tool, input, code) in [
        ("panic", "{}", FaultCode::Trapped),
        ("exit", r#"{"code": 0}"#, FaultCode::Trapped),
        ("spin", "{}", FaultCode::LimitCpu),
        ("output", r#"{"bytes": 2000}"#, FaultCode::LimitOutput),
        ("sleep", r#"{"ms": 60000}"#, FaultCode::Deadline),
    ] {
        let mut scene = Scene::new(&kit, &probe, &limits);
        assert_eq!(scene.ask("counter").await, json!({ "calls": 1 }));
        fault(&scene.run(tool, input).await.outcome, code);
        scene.is_gone(tool).await;
    }
    let mut scene = Scene::new(&kit, &probe, &limits);
    scene.host.gone.store(true, Ordering::Relaxed);
    fault(&scene.run("sleep", r#"{"ms": 60000}"#).await.outcome, FaultCode::Cancelled);
    scene.is_gone("cancelled").await;
}

#[tokio::test]
async fn a_call_that_is_dropped_on_its_way_ends_the_session() {
    let kit = Kit::new();
    let probe = kit.guest("probe").await;
    let mut scene = Scene::new(&kit, &probe, &limits());
    assert_eq!(scene.ask("counter").await, json!({ "calls": 1 }));
    {
        let mut running = std::pin::pin!(scene.run("sleep", r#"{"ms": 60000}"#));
        assert!(futures::poll!(&mut running).is_pending());
    }
    scene.is_gone("dropped").await;
    assert_eq!(Arc::strong_count(&scene.host), 1);
}

#[tokio::test]
async fn another_permit_ends_the_session() {
    let kit = Kit::new();
    let skill = kit.text(COUNTER).await;
    let mut scene = Scene::new(&kit, &skill, &limits());
    assert_eq!(scene.ask("count").await, 1);
    let more = Grants { env: BTreeMap::from([("LANG".into(), "C".into())]), ..Grants::default() };
    scene.permit = permit(&more, &limits());
    let message = fault(&scene.run("count", "{}").await.outcome, FaultCode::SessionGone).to_owned();
    assert!(message.contains("changed"), "{message}");
    scene.is_gone("count").await;
}

#[tokio::test]
async fn sessions_have_places_of_their_own() {
    let kit = Kit::new();
    let skill = kit.text(COUNTER).await;
    let mut open: Vec<_> = (0..2).map(|_| Scene::new(&kit, &skill, &limits())).collect();
    let permit = permit(&Grants::default(), &limits());
    let refused = kit.sandbox.open(&skill, &permit).err().unwrap();
    assert_eq!(refused.code, FaultCode::Overloaded);
    for scene in &mut open {
        assert_eq!(scene.ask("count").await, 1);
    }
    // Both sessions have their guests, and all four slots take calls.
    let probe = kit.guest("probe").await;
    let calls = (0..4).map(|_| kit.start(&probe, "sleep", r#"{"ms": 300}"#, &limits()).report);
    for report in futures::future::join_all(calls).await {
        json(&report.unwrap().outcome);
    }
    open.pop();
    drop(kit.sandbox.open(&skill, &permit).unwrap());
    // A session that ended keeps its place until it is dropped.
    let mut ended = Scene::new(&kit, &skill, &limits());
    fault(&ended.run("trap", "{}").await.outcome, FaultCode::Trapped);
    assert_eq!(kit.sandbox.open(&skill, &permit).err().unwrap().code, FaultCode::Overloaded);
    drop(ended);
    kit.sandbox.open(&skill, &permit).unwrap();
}
