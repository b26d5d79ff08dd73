//! What `/metrics` says moves with what is done, in a text that a strict reader takes.

use crate::exposition::Exposition;
use crate::ground::{Answer, Ground, TOKEN};
use serde_json::json;

async fn metrics(ground: &Ground) -> Exposition {
    let sent = ground.request("GET", "/metrics").send().await.unwrap();
    assert_eq!(sent.status(), 200);
    let kind = sent.headers()["content-type"].to_str().unwrap().to_owned();
    assert!(kind.starts_with("application/openmetrics-text; version=1.0.0"), "{kind}");
    Exposition::read(&sent.text().await.unwrap())
}

#[tokio::test]
async fn numbers_move_as_calls_are_made() {
    let ground = Ground::new().await;
    ground.install("probe").await;
    let before = metrics(&ground).await;
    assert_eq!(before.sum("skep_compiles_total", &[]), 1.0);
    assert!(before.sum("skep_compile_seconds_total", &[]) > 0.0);
    for _ in 0..3 {
        ground.call("probe", "counter", json!({})).await.ok();
    }
    ground.call("probe", "panic", json!({})).await.refused(422, "trapped", "");
    ground.call("probe", "log", json!({ "lines": 4000, "bytes": 400 })).await.ok();
    ground.call("made-up", "tool", json!({})).await.refused(404, "unknown_skill", "");
    let after = metrics(&ground).await;
    let calls =
        |outcome: &str| after.sum("skep_calls_total", &["skill=\"probe\"", &format!("\"{outcome}\"")]);
    assert_eq!([calls("ok"), calls("trapped"), calls("unknown_skill")], [4.0, 1.0, 0.0]);
    let other = after.sum("skep_calls_total", &["skill=\"other\"", "outcome=\"unknown_skill\""]);
    assert_eq!(other, 1.0);
    assert!(!after.samples.keys().any(|series| series.contains("made-up")));
    assert_eq!(after.sum("skep_call_run_seconds_count", &["skill=\"probe\""]), 5.0);
    assert_eq!(after.sum("skep_call_queue_seconds_count", &["domain=\"main\""]), 5.0);
    assert_eq!(after.sum("skep_call_seconds_count", &["domain=\"main\""]), 5.0);
    assert_eq!(after.sum("skep_logs_cut_total", &[]), 1.0);
    let requests = |status: &str| {
        let route = "route=\"/v1/skills/{skill}/tools/{tool}/call\"";
        after.sum("skep_http_requests_total", &[route, &format!("status=\"{status}\"")])
    };
    assert_eq!([requests("200"), requests("422"), requests("404")], [4.0, 1.0, 1.0]);
    for part in ["host", "bus", "database", "audit"] {
        assert_eq!(after.sum("skep_up", &[&format!("part=\"{part}\"")]), 1.0, "{part}");
    }
    for name in ["process_resident_memory_bytes", "process_open_fds", "process_cpu_seconds_total"] {
        assert!(after.sum(name, &[]) > 0.0, "{name}");
    }
}

#[tokio::test]
async fn what_runs_is_seen_while_it_runs() {
    let ground = Ground::new().await;
    ground.install("probe").await;
    let idle = metrics(&ground).await;
    assert_eq!((idle.sum("skep_calls_running", &[]), idle.sum("skep_guest_memory_bytes", &[])), (0.0, 0.0));
    let call = ground.request("POST", "/v1/skills/probe/tools/progress/call");
    let call = call.header("accept", "application/x-ndjson").json(&json!({ "steps": 300, "ms": 100 }));
    let mut running = call.send().await.unwrap();
    running.chunk().await.unwrap().expect("a progress report");
    let busy = metrics(&ground).await;
    for name in ["skep_calls_running", "skep_callers_waiting", "skep_instances", "skep_domain_calls"] {
        assert_eq!(busy.sum(name, &[]), 1.0, "{name}");
    }
    assert!(busy.sum("skep_guest_memory_bytes", &[]) >= 65_536.0);
    drop(running);
    skep_harness::eventually(crate::ground::PATIENCE, async || {
        let left = metrics(&ground).await;
        left.sum("skep_calls_running", &[]) + left.sum("skep_guest_memory_bytes", &[]) == 0.0
    })
    .await;
}

#[tokio::test]
async fn paths_and_methods_that_callers_make_up_are_no_labels() {
    let ground = Ground::new().await;
    for n in 0..20 {
        ground.get(&format!("/v1/made-up-{n}")).await;
        ground.get(&format!("/made-up-{n}")).await;
    }
    ground.request("BREW", "/healthz").send().await.unwrap();
    let seen = metrics(&ground).await;
    assert!(!seen.samples.keys().any(|series| series.contains("made-up") || series.contains("BREW")));
    assert_eq!(seen.sum("skep_http_requests_total", &["status=\"404\""]), 40.0);
}

#[tokio::test]
async fn metrics_are_not_for_everybody() {
    let ground = Ground::new().await;
    let url = format!("http://{}/metrics", ground.address);
    let client = reqwest::Client::new();
    Answer::of(client.get(&url).send().await.unwrap()).await.refused(401, "denied", "--token");
    assert_eq!(client.get(&url).bearer_auth(TOKEN).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn answers_name_the_trace_that_their_caller_began() {
    let ground = Ground::new().await;
    let id = "0af7651916cd43dd8448eb211c80319c";
    let ask = async |flags: &str| {
        let parent = format!("00-{id}-b7ad6b7169203331-{flags}");
        let sent = ground.request("GET", "/v1/skills").header("traceparent", &parent).send().await.unwrap();
        (parent, sent.headers()["traceresponse"].to_str().unwrap().to_owned())
    };
    let (parent, told) = ask("01").await;
    assert!(told != parent && told.starts_with(&format!("00-{id}-")) && told.ends_with("-01"), "{told}");
    let (parent, told) = ask("00").await;
    assert_eq!(told, parent);
    let bare = ground.request("GET", "/v1/skills").header("traceparent", "nonsense").send().await.unwrap();
    assert!(bare.status() == 200 && !bare.headers().contains_key("traceresponse"));
}
