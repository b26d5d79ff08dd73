//! Traces: from the request over Redis to a skill that calls another one on another host, in one tree.

use crate::collector::{Collector, attribute, tree};
use crate::deployment::{Deployment, check, said, skep};
use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::json;
use skep_harness::{eventually, free_port};
use std::time::Duration;
use tokio::net::TcpListener;

/// How long spans may be on their way.
const ARRIVAL_MAX: Duration = Duration::from_secs(30);
/// The step of the caller that all traces here begin below.
const CALLER: &str = "b7ad6b7169203331";
/// A call that calls none.
const SERVED: &str = "serve(resolve run settle)";
/// Calls that are made until one crosses from host to host twice.
const CALLS_MAX: usize = 200;

fn trace_id(n: usize) -> String {
    format!("{:032x}", n + 1)
}

fn traceparent(n: usize, flags: &str) -> String {
    format!("00-{}-{CALLER}-{flags}", trace_id(n))
}

/// The whole trace of a probe that calls echo.
fn nested() -> String {
    let inner = format!("call(accept queue {SERVED})");
    let outer = SERVED.replace("run", &format!("run({inner})"));
    format!("request(call(accept queue {outer}))")
}

/// Where the calls of a trace were served: that of the first skill, that of the second.
fn hosts(spans: &[Span]) -> [String; 2] {
    ["probe", "echo"].map(|skill| {
        let of_skill = |span: &&Span| attribute(span, "skep.skill").as_deref() == Some(skill);
        let served = spans.iter().filter(|span| span.name == "serve").find(of_skill).expect("a serving host");
        attribute(served, "skep.host").expect("its name")
    })
}

#[tokio::test]
async fn a_call_of_a_call_on_another_host_is_one_tree() {
    let collector = Collector::start();
    let on = Deployment::fleet_with(2, &["--otlp", collector.url()]);
    on.add_guest("echo-typed", "echo", &[]);
    on.add_guest("probe", "probe", &["--skill", "echo", "--env", "MARK=47114713"]);
    on.skep(&["config", "set", "probe", "mark=47114714"]);
    let client = on.client();
    let input = json!({ "skill": "echo", "tool": "add", "input": "{\"a\": 47114711, \"b\": 1}" });
    let call = async |n: usize| {
        let headers = [("traceparent", &*traceparent(n, "01")), ("tracestate", "vendor=1")];
        let path = "/v1/skills/probe/tools/call/call";
        let answer = client.send_with("POST", path, Some(input.clone()), &headers).await;
        assert_eq!(answer.output()["ok"], 47114712, "{answer:?}");
        let parent = hex::decode(CALLER).unwrap();
        // A host that meets a skill for the first time compiles it, wherever in the call that is.
        let spans = || {
            let mut spans = collector.trace(&trace_id(n));
            spans.retain(|span| span.name != "compile");
            spans
        };
        eventually(ARRIVAL_MAX, async || tree(&spans(), &parent) == nested()).await;
        spans()
    };
    for burst in 0..CALLS_MAX / 8 {
        let traces = futures::future::join_all((0..8).map(|n| call(burst * 8 + n))).await;
        for spans in &traces {
            // Every span is in the tree, and none says what was asked, answered, configured or granted.
            assert_eq!(spans.len(), nested().split(|c| " ()".contains(c)).filter(|n| !n.is_empty()).count());
            assert!(spans.iter().all(|span| span.trace_state == "vendor=1"));
            let told = format!(
                "{:?}",
                spans.iter().map(|s| (&s.name, &s.attributes, &s.events, &s.status)).collect::<Vec<_>>()
            );
            assert!(!told.contains("471147"), "{told}");
        }
        if traces.iter().any(|spans| hosts(spans)[0] != hosts(spans)[1]) {
            return;
        }
    }
    panic!("of {CALLS_MAX} calls none was served by one host and called another");
}

#[tokio::test]
async fn callers_decide_what_is_recorded_and_hosts_where_nobody_did() {
    let collector = Collector::start();
    let on = Deployment::embedded_with(&["--otlp", collector.url()]);
    on.add_guest("echo-typed", "echo", &[]);
    let path = "/v1/skills/echo/tools/add/call";
    let call = async |headers: &[(&str, &str)]| {
        on.client().send_with("POST", path, Some(json!({ "a": 1, "b": 2 })), headers).await.ok();
    };
    call(&[("traceparent", &traceparent(0, "00"))]).await;
    call(&[]).await;
    // Spans arrive in the order in which they ended.
    let whole = format!("request(call(accept queue {SERVED}))");
    let begun = || {
        let spans = collector.all();
        let root = spans.iter().find(|span| {
            let route = attribute(span, "http.route");
            span.parent_span_id.is_empty() && route.is_some_and(|route| route.ends_with("/call"))
        });
        root.is_some_and(|root| {
            let of_root: Vec<_> = spans.iter().filter(|s| s.trace_id == root.trace_id).cloned().collect();
            tree(&of_root, b"") == whole
        })
    };
    eventually(ARRIVAL_MAX, async || begun()).await;
    assert_eq!(collector.trace(&trace_id(0)), []);
    let faulty = [("traceparent", &*traceparent(1, "01"))];
    let answer = on.client().send_with("POST", "/v1/skills/echo/tools/none/call", None, &faulty).await;
    assert_eq!(answer.fault(), "unknown_tool");
    // Support finds the trace by the answer, and by what the command line says.
    assert_eq!(answer.body["trace"], trace_id(1));
    let said = said(&on.host().skep(&["call", "echo/none", "{}"]));
    let told = said.lines().find_map(|line| line.strip_prefix("trace: ")).expect("a trace").to_owned();
    eventually(ARRIVAL_MAX, async || !collector.trace(&told).is_empty()).await;
    eventually(ARRIVAL_MAX, async || {
        let spans = collector.trace(&trace_id(1));
        let call = spans.iter().find(|span| span.name == "call");
        call.is_some_and(|call| attribute(call, "error.type").as_deref() == Some("unknown_tool"))
    })
    .await;
}

#[tokio::test]
async fn no_call_waits_for_a_collector_that_is_away_or_silent() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent_at = silent.local_addr().unwrap().to_string();
    for at in [format!("127.0.0.1:{}", free_port()), silent_at] {
        let mut on = Deployment::embedded_with(&["--otlp", &format!("http://{at}")]);
        on.add_guest("echo-typed", "echo", &[]);
        for n in 0..200 {
            let answer = on.client().call("echo", "add", json!({ "a": n, "b": 1 })).await;
            assert_eq!(*answer.output(), json!(n + 1));
        }
        let host = on.hosts.remove(0);
        eventually(ARRIVAL_MAX, async || host.logged().contains("traces are lost")).await;
        assert_eq!(host.logged().matches("traces are lost").count(), 1, "{}", host.logged());
        host.stop();
    }
}

#[tokio::test]
async fn a_host_that_stops_sends_what_is_left() {
    let collector = Collector::start();
    let mut on = Deployment::embedded_with(&["--otlp", collector.url()]);
    on.add_guest("echo-typed", "echo", &[]);
    let headers = [("traceparent", &*traceparent(0, "01"))];
    let path = "/v1/skills/echo/tools/add/call";
    on.client().send_with("POST", path, Some(json!({ "a": 1, "b": 2 })), &headers).await.ok();
    on.hosts.remove(0).stop();
    let whole = format!("request(call(accept queue {SERVED}))");
    assert_eq!(tree(&collector.trace(&trace_id(0)), &hex::decode(CALLER).unwrap()), whole);
}

#[test]
fn what_is_no_collector_is_refused_at_start() {
    let dir = tempfile::tempdir().unwrap();
    for (url, ratio, word) in [
        ("collector:4318", "1", "--otlp"),
        ("http://me:hunter2@127.0.0.1:4318", "1", "OTEL_EXPORTER_OTLP_HEADERS"),
        ("http://127.0.0.1:4318", "most", "SKEP_TRACE_RATIO"),
    ] {
        let mut command = skep();
        command.args(["serve", "--otlp", url, "--data"]).arg(dir.path()).env("SKEP_TRACE_RATIO", ratio);
        let output = command.output().unwrap();
        check(&output, 2, word);
        assert!(!said(&output).contains("hunter2"));
    }
}
