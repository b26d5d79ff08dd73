//! A client of MCP over HTTP, revision 2025-11-25: a session, one tool, one call after the other.

use reqwest::{Response, StatusCode, header};
use serde_json::{Value, json};
use std::sync::LazyLock;
use std::time::Duration;

const REVISION: &str = "2025-11-25";
const HEADER_REVISION: &str = "mcp-protocol-version";
const HEADER_SESSION: &str = "mcp-session-id";
/// How long one answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(60);

/// Connections are made once and kept, as many as there are clients.
static HTTP: LazyLock<reqwest::Client> = LazyLock::new(|| {
    let http = reqwest::Client::builder().no_proxy().timeout(ANSWER_MAX).pool_max_idle_per_host(usize::MAX);
    http.build().expect("a client")
});

/// What came of a call.
#[derive(Debug, PartialEq)]
pub enum Answer {
    Done,
    /// A fault with its stable code.
    Refused(String),
    /// What isn't either.
    Wrong(String),
}

/// A session with one tool.
#[derive(Clone)]
pub struct Client {
    url: String,
    token: String,
    session: Option<String>,
    tool: String,
}

impl Client {
    /// Begins a session, and finds the only tool of a skill.
    pub async fn open(at: &str, token: &str, skill: &str) -> Self {
        let url = format!("http://{at}/mcp");
        let mut client = Self { url, token: token.to_owned(), session: None, tool: String::new() };
        let about = json!({ "name": "load", "version": "1" });
        let hello = json!({ "protocolVersion": REVISION, "capabilities": {}, "clientInfo": about });
        let answer = client.post(&request("initialize", hello)).await.expect("an answer");
        let session = answer.headers().get(HEADER_SESSION).expect("a session").to_str().expect("a text");
        client.session = Some(session.to_owned());
        message(answer).await.expect("a greeting");
        let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        assert_eq!(client.post(&ready).await.expect("an answer").status(), StatusCode::ACCEPTED);
        let listed = client.post(&request("tools/list", json!({}))).await.expect("an answer");
        let listed = message(listed).await.expect("a list");
        let tools = listed["result"]["tools"].as_array().expect("tools");
        let mut names = tools.iter().filter_map(|tool| tool["name"].as_str());
        client.tool = names.find(|name| name.starts_with(skill)).expect("the skill's tool").to_owned();
        client
    }

    /// Calls the tool; `input` is a JSON object.
    pub async fn call(&self, input: &str) -> Answer {
        let input: Value = serde_json::from_str(input).expect("JSON");
        let call = request("tools/call", json!({ "name": self.tool, "arguments": input }));
        let answer = match self.post(&call).await {
            Ok(answer) => answer,
            Err(error) => return Answer::Wrong(format!("{error:?}")),
        };
        let status = answer.status();
        match message(answer).await {
            Ok(said) => read(status, &said),
            Err(error) => Answer::Wrong(format!("{status}: {error}")),
        }
    }

    async fn post(&self, body: &Value) -> Result<Response, reqwest::Error> {
        let mut request = HTTP.post(&self.url).bearer_auth(&self.token).json(body);
        request = request.header(header::ACCEPT, "application/json, text/event-stream");
        if let Some(session) = &self.session {
            request = request.header(HEADER_SESSION, session).header(HEADER_REVISION, REVISION);
        }
        request.send().await
    }
}

fn request(method: &str, params: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params })
}

/// The one message of an answer: JSON, or the last of a stream of events that says anything.
async fn message(answer: Response) -> Result<Value, String> {
    let text = answer.text().await.map_err(|error| format!("{error:?}"))?;
    let event = text.lines().rev().filter_map(|line| line.strip_prefix("data:")).find(|data| data.len() > 2);
    serde_json::from_str(event.unwrap_or(&text)).map_err(|error| format!("{error}: {text}"))
}

/// A result, a result that tells a fault, an error of JSON-RPC, or a problem of the API.
fn read(status: StatusCode, said: &Value) -> Answer {
    let codes = ["/result/_meta/skep~1fault/code", "/error/data/code", "/code"];
    if let Some(code) = codes.iter().find_map(|place| said.pointer(place)?.as_str()) {
        return Answer::Refused(code.to_owned());
    }
    let result = &said["result"];
    if status.is_success() && result["content"].is_array() && result["isError"] != true {
        return Answer::Done;
    }
    Answer::Wrong(format!("{status}: {said}"))
}
