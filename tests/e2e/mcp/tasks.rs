//! Tasks: calls that outlive their clients, in a session and without one, on any host of a fleet.

use super::{Served, TOKEN, skill_of_fixture};
use crate::deployment::Deployment;
use serde_json::{Value, json};
use skep_core::UnixMs;
use skep_harness::eventually;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);
const EXTENSION: &str = "io.modelcontextprotocol/tasks";

/// The revisions of MCP that clients speak.
#[derive(Clone, Copy, PartialEq)]
enum Revision {
    InSession,
    Stateless,
}

const BOTH: [Revision; 2] = [Revision::InSession, Revision::Stateless];

/// A client that knows of tasks. Nothing holds its requests together but its session, if it has one.
struct Caller {
    http: reqwest::Client,
    url: String,
    bearer: Option<String>,
    session: Option<String>,
    /// What it says that it can do.
    able: Value,
}

impl Caller {
    /// A user of this machine, at one of the hosts.
    async fn local(on: &Deployment, host: usize, revision: Revision) -> Self {
        Self::local_able(on, host, revision, able()).await
    }

    async fn local_able(on: &Deployment, host: usize, revision: Revision, able: Value) -> Self {
        let http = reqwest::Client::builder().unix_socket(on.hosts[host].socket()).build();
        let http = http.expect("a client");
        let url = "http://skep/mcp".to_owned();
        Self { http, url, bearer: None, session: None, able }.open(revision).await
    }

    async fn bearing(served: &Served, bearer: &str) -> Self {
        let (http, bearer) = (reqwest::Client::new(), Some(bearer.to_owned()));
        Self { http, url: served.url(), bearer, session: None, able: able() }
    }

    async fn open(mut self, revision: Revision) -> Self {
        if revision == Revision::InSession {
            let params = json!({
                "protocolVersion": "2025-11-25",
                "capabilities": self.able,
                "clientInfo": { "name": "a test", "version": "1" },
            });
            let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params });
            let opened = self.post("initialize", "", &message).send().await.expect("an answer");
            self.session = Some(opened.headers()["mcp-session-id"].to_str().expect("an id").to_owned());
        }
        self
    }

    fn post(&self, method: &str, name: &str, message: &Value) -> reqwest::RequestBuilder {
        let mut request = self.http.post(&self.url).header("accept", "application/json, text/event-stream");
        if let Some(bearer) = &self.bearer {
            request = request.bearer_auth(bearer);
        }
        request = match &self.session {
            Some(session) => {
                request.header("mcp-session-id", session).header("mcp-protocol-version", "2025-11-25")
            }
            None if method == "initialize" => request,
            None => request
                .header("mcp-protocol-version", "2026-07-28")
                .header("mcp-method", method)
                .header("mcp-name", name),
        };
        request.json(message)
    }

    /// The answer to a request, be it a result or an error.
    async fn ask(&self, method: &str, mut params: Value) -> Value {
        let name = params.get("name").or(params.get("taskId")).and_then(Value::as_str).unwrap_or_default();
        let name = name.to_owned();
        if self.session.is_none() {
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": self.able,
            });
        }
        let message = json!({ "jsonrpc": "2.0", "id": 2, "method": method, "params": params });
        let answer = self.post(method, &name, &message).send().await.expect("an answer");
        let text = answer.text().await.expect("words");
        let line = text.lines().filter_map(|line| line.strip_prefix("data: ")).find(|line| !line.is_empty());
        serde_json::from_str(line.unwrap_or(&text)).unwrap_or_else(|e| panic!("{e}: {text}"))
    }

    /// Begins a task; gives its id.
    async fn begin(&self, tool: &str, arguments: Value) -> String {
        let answer = self.ask("tools/call", json!({ "name": tool, "arguments": arguments })).await;
        assert_eq!(answer["result"]["resultType"], "task", "{answer}");
        answer["result"]["taskId"].as_str().expect("an id").to_owned()
    }

    async fn task(&self, id: &str) -> Value {
        let answer = self.ask("tasks/get", json!({ "taskId": id })).await;
        assert!(answer["result"]["status"].is_string(), "{answer}");
        answer["result"].clone()
    }

    /// The task once it stands so.
    async fn until(&self, id: &str, status: &str) -> Value {
        let mut task = Value::Null;
        eventually(PATIENCE, async || {
            task = self.task(id).await;
            assert!([json!("working"), json!(status)].contains(&task["status"]), "{task}");
            task["status"] == status
        })
        .await;
        task
    }

    async fn answer(&self, id: &str, name: &str, who: &str) {
        let responses = json!({ name: { "action": "accept", "content": { "name": who } } });
        let answer = self.ask("tasks/update", json!({ "taskId": id, "inputResponses": responses })).await;
        assert!(answer["result"].is_object(), "{answer}");
    }

    async fn take_back(&self, id: &str) {
        let answer = self.ask("tasks/cancel", json!({ "taskId": id })).await;
        assert!(answer["result"].is_object(), "{answer}");
    }

    /// Goes, and takes its session along.
    async fn leave(self) {
        if let Some(session) = &self.session {
            let ended = self.http.delete(&self.url).header("mcp-session-id", session);
            assert!(ended.send().await.expect("an answer").status().is_success());
        }
    }
}

fn able() -> Value {
    json!({ "elicitation": {}, "extensions": { EXTENSION: {} } })
}

fn add_fixture(on: &Deployment) {
    let folder = skill_of_fixture(on.dir.path(), "test");
    on.skep(&["add", folder.to_str().expect("a path")]);
}

fn asked(task: &Value) -> Vec<&str> {
    let requests = task["inputRequests"].as_object().unwrap_or_else(|| panic!("asks nothing: {task}"));
    requests.keys().map(String::as_str).collect()
}

#[tokio::test]
async fn a_task_outlives_its_client_and_is_read_and_taken_back_on_any_host() {
    let on = Deployment::fleet(2);
    add_fixture(&on);
    for revision in BOTH {
        let first = Caller::local(&on, 0, revision).await;
        let short = first.begin("test_slow_compute", json!({ "seconds": 1, "label": "it" })).await;
        let long = first.begin("test_slow_compute", json!({ "seconds": 60 })).await;
        first.leave().await;

        let later = Caller::local(&on, 1, revision).await;
        let task = later.until(&short, "completed").await;
        assert_eq!(task["result"]["content"][0]["text"], "computed it", "{task}");
        assert!(task["ttlMs"].as_u64().is_some_and(|ms| ms > 3_600_000), "{task}");
        later.take_back(&long).await;
        later.until(&long, "cancelled").await;
        // Who looks for jobs finds both.
        let listed = on.hosts[1].client().get("/v1/jobs?skill=test").await.ok();
        let states = [(short, "done"), (long, "cancelled")];
        for (id, state) in states {
            let job = listed["jobs"].as_array().expect("jobs").iter().find(|job| job["id"] == *id);
            assert_eq!(job.expect("the job")["state"], state);
        }
    }
}

#[tokio::test]
async fn what_a_task_asks_for_is_answered_bit_by_bit_on_any_host() {
    let on = Deployment::fleet(2);
    add_fixture(&on);
    for revision in BOTH {
        let (one, two) = (Caller::local(&on, 0, revision).await, Caller::local(&on, 1, revision).await);
        let id = one.begin("test_multi_input", json!({})).await;
        assert_eq!(asked(&one.until(&id, "input_required").await), ["1.first", "1.second"]);
        two.answer(&id, "1.second", "Bob").await;
        // What was answered stays so, and what isn't asked for is ignored.
        two.answer(&id, "1.second", "Eve").await;
        two.answer(&id, "2.first", "Eve").await;
        assert_eq!(asked(&one.task(&id).await), ["1.first"]);
        one.answer(&id, "1.first", "Ann").await;
        let task = two.until(&id, "completed").await;
        assert_eq!(task["result"]["content"][0]["text"], "\"Ann\" and \"Bob\"", "{task}");

        let waits = one.begin("test_confirm_delete", json!({ "filename": "a.txt" })).await;
        one.until(&waits, "input_required").await;
        two.take_back(&waits).await;
        assert_eq!(one.task(&waits).await["status"], "cancelled");
        one.answer(&waits, "1.confirm", "Eve").await;
        assert_eq!(two.task(&waits).await["status"], "cancelled");
    }
}

#[tokio::test]
async fn only_who_made_a_task_knows_of_it() {
    let served = Served::with("");
    add_fixture(&served.deployment);
    let other = served.deployment.skep(&["key", "create", "other"]);
    let (maker, other) =
        (Caller::bearing(&served, TOKEN).await, Caller::bearing(&served, other.trim()).await);
    let id = maker.begin("test_slow_compute", json!({ "seconds": 60 })).await;
    assert_eq!(maker.task(&id).await["taskId"], id.as_str());
    let unknown = "00000000-0000-7000-8000-000000000000";
    for method in ["tasks/get", "tasks/update", "tasks/cancel"] {
        let params = |id: &str| json!({ "taskId": id, "inputResponses": {} });
        let (theirs, none) = (other.ask(method, params(&id)).await, other.ask(method, params(unknown)).await);
        assert_eq!(theirs["error"]["code"], -32602, "{theirs}");
        assert_eq!(theirs.to_string().replace(&id, unknown), none.to_string());
    }
    assert_eq!(maker.task(&id).await["status"], "working");
    maker.take_back(&id).await;
    maker.until(&id, "cancelled").await;
}

#[tokio::test]
async fn a_task_whose_answers_no_tool_takes_has_failed() {
    let on = Deployment::embedded();
    add_fixture(&on);
    let half = "x".repeat(600 << 10);
    for revision in BOTH {
        let caller = Caller::local(&on, 0, revision).await;
        let id = caller.begin("test_multi_input", json!({})).await;
        caller.until(&id, "input_required").await;
        caller.answer(&id, "1.first", &half).await;
        assert_eq!(asked(&caller.task(&id).await), ["1.second"]);
        // Together they are more than an input may be.
        caller.answer(&id, "1.second", &half).await;
        caller.take_back(&id).await;
        let task = caller.task(&id).await;
        assert_eq!(
            (&task["status"], &task["error"]["data"]["code"]),
            (&json!("failed"), &json!("invalid_input"))
        );
    }
}

#[tokio::test]
async fn who_cannot_answer_a_task_can_take_it_back() {
    let on = Deployment::embedded();
    add_fixture(&on);
    for revision in BOTH {
        let maker = Caller::local(&on, 0, revision).await;
        let unable = Caller::local_able(&on, 0, revision, json!({ "extensions": { EXTENSION: {} } })).await;
        let id = maker.begin("test_confirm_delete", json!({ "filename": "a.txt" })).await;
        maker.until(&id, "input_required").await;
        let refused = unable.ask("tasks/get", json!({ "taskId": id })).await;
        assert_eq!(
            refused["error"]["data"]["requiredCapabilities"],
            json!({ "elicitation": {} }),
            "{refused}"
        );
        unable.take_back(&id).await;
        assert_eq!(maker.task(&id).await["status"], "cancelled");
    }
}

#[tokio::test]
async fn a_task_whose_tool_is_gone_has_failed_unless_it_was_over() {
    let on = Deployment::embedded();
    add_fixture(&on);
    let caller = Caller::local(&on, 0, Revision::Stateless).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        let id = caller.begin("test_confirm_delete", json!({ "filename": "a.txt" })).await;
        caller.until(&id, "input_required").await;
        ids.push(id);
    }
    caller.answer(&ids[0], "1.confirm", "Ann").await;
    caller.until(&ids[0], "completed").await;
    caller.take_back(&ids[1]).await;
    let check = async || {
        for (id, status) in ids.iter().zip(["completed", "cancelled", "failed"]) {
            let task = caller.task(id).await;
            assert_eq!(task["status"], status, "{task}");
            caller.take_back(id).await;
        }
        assert_eq!(caller.task(&ids[2]).await["error"]["data"]["code"], "unknown_tool");
    };
    on.skep(&["remove", "test"]);
    check().await;
    // Another skill of that name has no such tool.
    on.add_guest("echo-typed", "test", &[]);
    check().await;
    // What has failed stays so, even if its tool comes back.
    on.skep(&["remove", "test"]);
    add_fixture(&on);
    check().await;
}

#[tokio::test]
async fn a_task_tells_when_its_job_was_started() {
    /// More than a host with one slot takes at once.
    const MANY: usize = 8;
    let on = Deployment::embedded_with(&["--slots", "1"]);
    add_fixture(&on);
    let caller = Caller::local(&on, 0, Revision::Stateless).await;
    let slow = async || caller.begin("test_slow_compute", json!({ "seconds": 60 })).await;
    let mut before = Vec::new();
    for _ in 0..MANY {
        before.push(slow().await);
    }
    let last = slow().await;
    let accepted = caller.task(&last).await["createdAt"].clone();
    // Times are told to the second.
    eventually(PATIENCE, async || accepted != UnixMs::now().date()).await;
    assert_eq!(caller.task(&last).await["lastUpdatedAt"], accepted);
    for id in &before {
        caller.take_back(id).await;
    }
    let mut started = None;
    eventually(PATIENCE, async || {
        let page = on.client().get(&format!("/v1/jobs/{last}/events")).await.ok();
        let mut events = page["events"].as_array().expect("events").iter();
        started = events.find(|event| event["step"] == "started").and_then(|event| event["at"].as_u64());
        started.is_some()
    })
    .await;
    let task = caller.task(&last).await;
    assert_eq!(task["status"], "working", "{task}");
    assert_eq!(task["lastUpdatedAt"], UnixMs(started.expect("a time")).date(), "{task}");
    caller.take_back(&last).await;
    caller.until(&last, "cancelled").await;
}
