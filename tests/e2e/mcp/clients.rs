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
    /// Starts it for a task, over standard streams or over HTTP.
    fn start(served: &Served, mode: &str, task: &str, stdio: bool) -> Self {
        let script = repository().join("tests/e2e/mcp/client.py");
        let mut command = Command::new(installed("venv/bin/python"));
        command.arg(script).args([mode, task]).stdin(Stdio::null()).stdout(Stdio::piped());
        if stdio {
            let data = &served.deployment.host().data;
            command.args(["stdio", env!("CARGO_BIN_EXE_skep"), "mcp", "--data"]).arg(data);
        } else {
            command.args(["http", &served.url(), TOKEN]);
        }
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

fn serve() -> Served {
    let served = Served::with("");
    served.deployment.add_guest("echo-typed", "echo-typed", &[]);
    served.deployment.add_guest("probe", "probe", &[]);
    served
}

async fn goes_through_all_of_it(mode: &str, stdio: bool) {
    let served = serve();
    let mut client = Client::start(&served, mode, "all", stdio);

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
    served.deployment.add_guest("versioned", "newcomer", &[]);
    let told = client.told("changed");
    assert!(told["changed"].as_array().unwrap().contains(&json!("newcomer_version")), "{told}");
}

/// A client that is killed in a call takes the call with it.
async fn takes_its_call_along(mode: &str, stdio: bool) {
    let served = serve();
    let mut client = Client::start(&served, mode, "leave", stdio);
    client.told("running");
    assert_eq!(served.calls_running().await, 1);
    drop(client);
    assert_cancelled(&served).await;
}

/// The guest was stopped long before its end, its slot is free, and the audit says so.
async fn assert_cancelled(served: &Served) {
    let client = served.deployment.client();
    eventually(PATIENCE, async || {
        let page = client.get("/v1/audit?skill=probe&fault=cancelled").await.ok();
        let told = page["records"].as_array().is_some_and(|records| records.len() == 1);
        told && served.calls_running().await == 0
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

#[tokio::test]
async fn a_client_that_goes_away_takes_its_call_along() {
    takes_its_call_along(LEGACY, true).await;
    takes_its_call_along(MODERN, false).await;
}
