//! The public client for Python lists, calls, follows, cancels and listens, over both transports and in both revisions.

use super::{Served, TOKEN, installed};
use serde_json::{Value, json};
use skep_harness::{eventually, repository};
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);
const LEGACY: &str = "legacy";
const MODERN: &str = "2026-07-28";

/// The client's process and what it tells.
struct Client {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Client {
    fn start(mode: &str, way: &[&str]) -> Self {
        let script = repository().join("tests/e2e/mcp/client.py");
        let mut command = Command::new(installed("venv/bin/python"));
        command.arg(script).arg(mode).args(way).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("python runs");
        let lines = BufReader::new(child.stdout.take().expect("its output"));
        Self { child, lines }
    }

    /// What it tells next, which must have this field.
    #[track_caller]
    fn told(&mut self, field: &str) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("a line");
        let told: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("no `{field}`: {e}: {line}"));
        assert!(told.get(field).is_some(), "expected `{field}`: {told}");
        told
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn goes_through_all_of_it(mode: &str, stdio: bool) {
    let served = Served::with("");
    let deployment = &served.deployment;
    deployment.add_guest("echo-typed", "echo-typed", &[]);
    deployment.add_guest("probe", "probe", &[]);
    let (url, data) = (served.url(), deployment.host().data.clone());
    let data = data.to_str().expect("a path");
    let over_stdio = ["stdio", env!("CARGO_BIN_EXE_skep"), "mcp", "--data", data];
    let way = if stdio { &over_stdio[..] } else { &["http", &url, TOKEN] };
    let mut client = Client::start(mode, way);

    let told = client.told("tools");
    let protocol = if mode == LEGACY { "2025-11-25" } else { mode };
    assert_eq!(told["protocol"], protocol);
    assert!(told["tools"].as_array().unwrap().contains(&json!("echo-typed_greet")), "{told}");
    let told = client.told("structured");
    assert!(told["text"].as_str().unwrap().contains("Ann"), "{told}");
    assert_eq!(told["structured"]["result"], told["text"]);
    let told = client.told("error");
    assert_eq!((&told["error"], &told["meta"]["skep/fault"]["code"]), (&json!(true), &json!("tool_error")));
    let told = client.told("progress");
    let steps: Vec<_> = told["progress"].as_array().unwrap().iter().map(|s| s[0].as_f64().unwrap()).collect();
    assert!(steps.len() > 1 && steps.is_sorted(), "{told}");
    assert_eq!(client.told("cancelled")["cancelled"], true);
    assert_cancelled(&served).await;

    client.told("listening");
    deployment.add_guest("versioned", "newcomer", &[]);
    let told = client.told("changed");
    assert!(told["changed"].as_array().unwrap().contains(&json!("newcomer_version")), "{told}");
}

/// The guest was stopped long before its end, and the audit says so.
async fn assert_cancelled(served: &Served) {
    let client = served.deployment.client();
    eventually(PATIENCE, async || {
        let page = client.get("/v1/audit?skill=probe&fault=cancelled").await.ok();
        page["records"].as_array().is_some_and(|records| records.len() == 1)
    })
    .await;
}

#[tokio::test]
async fn over_standard_streams_with_a_handshake() {
    goes_through_all_of_it(LEGACY, true).await;
}

#[tokio::test]
async fn over_standard_streams_without_one() {
    goes_through_all_of_it(MODERN, true).await;
}

#[tokio::test]
async fn over_http_in_a_session() {
    goes_through_all_of_it(LEGACY, false).await;
}

#[tokio::test]
async fn over_http_without_one() {
    goes_through_all_of_it(MODERN, false).await;
}
