//! MCP for who comes with a key: what each role finds there, and how an agent asks for a grant.

use crate::ground::{Ground, PATIENCE, component, manifest};
use crate::keys::make;
use serde_json::{Value, json};
use skep_api::MCP_SESSIONS_OWN_MAX;

const ASK: &str = "skep_request_grant";
const REVISION: &str = "2026-07-28";

/// The answer to a request of the revision without sessions, by who bears this.
async fn ask(ground: &Ground, bearer: &str, method: &str, mut params: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": REVISION,
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let url = format!("http://{}/mcp", ground.address);
    let request = reqwest::Client::new().post(url).bearer_auth(bearer).json(&message);
    let request = request.header("accept", "application/json, text/event-stream");
    let request = request.header("mcp-protocol-version", REVISION).header("mcp-method", method);
    let named = message["params"]["name"].as_str().into_iter();
    let request = named.fold(request, |request, name| request.header("mcp-name", name));
    let text = request.send().await.unwrap().text().await.unwrap();
    // The message itself, or an event that has it.
    let answer = text.lines().find_map(|line| line.strip_prefix("data: ")).unwrap_or(&text);
    let answer: Value = serde_json::from_str(answer).unwrap_or_else(|e| panic!("{e}: {text}"));
    answer.get("result").unwrap_or_else(|| panic!("{answer}")).clone()
}

async fn tools(ground: &Ground, bearer: &str) -> Vec<String> {
    let listed = ask(ground, bearer, "tools/list", json!({})).await;
    listed["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn each_role_finds_what_it_may_call() {
    let ground = Ground::new().await;
    ground.install("versioned").await;
    ground.install("echo-typed").await;
    for path in ["/mcp", "/mcp/stdio"] {
        for bearer in ["", "wrong"] {
            ground.as_bearer(bearer, "POST", path, Some(json!({}))).await.refused(401, "denied", "");
        }
    }
    let (operator, _) = make(&ground, json!({ "role": "operator" })).await;
    let all = tools(&ground, &operator).await;
    assert!(all.len() > 2 && all.is_sorted(), "{all:?}");
    let (caller, _) = make(&ground, json!({ "skills": ["versioned"] })).await;
    assert_eq!(tools(&ground, &caller).await, [ASK, "versioned_version"]);
    let (auditor, _) = make(&ground, json!({ "role": "auditor" })).await;
    assert_eq!(tools(&ground, &auditor).await, [""; 0]);
    let (elsewhere, _) = make(&ground, json!({ "role": "operator" })).await;
    let path = "/mcp?domain=other";
    ground.as_bearer(&elsewhere, "POST", path, Some(json!({}))).await.refused(404, "not_found", "other");
}

#[tokio::test]
async fn an_agent_asks_for_a_grant_and_gets_none() {
    let ground = Ground::new().await;
    ground.install("versioned").await;
    let demo = manifest("1.0.0", "[requests]\nenv = [\"TZ\"]\n");
    let demo = json!({ "component": component("probe"), "manifest": demo });
    ground.send("POST", "/v1/skills", demo).await.ok();
    let (key, id) = make(&ground, json!({ "skills": ["demo"] })).await;
    let wish = async |arguments: Value| {
        ask(&ground, &key, "tools/call", json!({ "name": ASK, "arguments": arguments })).await
    };
    let wanted = json!({ "skill": "demo", "grants": { "env": { "TZ": "UTC" } }, "why": "times are shown" });
    let made = wish(wanted.clone()).await;
    let asked = &made["structuredContent"];
    assert_eq!((&made["isError"], &asked["state"]), (&json!(false), &json!("pending")), "{made}");
    assert_eq!(asked["asked_by"], format!("key:{id}"));
    assert!(made["content"][0]["text"].as_str().unwrap().contains("skep requests"), "{made}");
    assert_eq!(wish(wanted).await["structuredContent"], *asked);
    let waiting = ground.get("/v1/requests?state=pending").await.ok();
    assert_eq!(waiting["requests"], json!([asked]));
    assert_eq!(ground.get("/v1/skills/demo/grants").await.ok()["env"], json!({}));

    let foreign = json!({ "skill": "versioned", "grants": { "env": { "TZ": "UTC" } }, "why": "" });
    for (arguments, code) in [
        (foreign, "unknown_skill"),
        (json!({ "skill": "demo", "grants": {}, "why": "" }), "invalid_input"),
        (json!({ "skill": "demo" }), "invalid_input"),
    ] {
        let refused = wish(arguments).await;
        assert_eq!(refused["isError"], true, "{refused}");
        assert_eq!(refused["_meta"]["skep/fault"]["code"], code, "{refused}");
    }
}

/// Opens a session; gives its id, or the status of the refusal.
async fn open(ground: &Ground, client: &reqwest::Client, bearer: &str) -> Result<String, u16> {
    let hello = json!({
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": { "name": "a test", "version": "1" },
        },
    });
    let request = client.post(format!("http://{}/mcp", ground.address)).bearer_auth(bearer).json(&hello);
    let answer = request.header("accept", "application/json, text/event-stream").send().await.unwrap();
    match answer.headers().get("mcp-session-id") {
        Some(id) => Ok(id.to_str().unwrap().to_owned()),
        None => Err(answer.status().as_u16()),
    }
}

#[tokio::test]
async fn nobody_holds_all_the_sessions() {
    let ground = Ground::new().await;
    let client = reqwest::Client::new();
    let (greedy, _) = make(&ground, json!({})).await;
    let (modest, _) = make(&ground, json!({})).await;
    let mut last = String::new();
    for _ in 0..MCP_SESSIONS_OWN_MAX {
        last = open(&ground, &client, &greedy).await.unwrap();
    }
    assert_eq!(open(&ground, &client, &greedy).await, Err(429));
    open(&ground, &client, &modest).await.unwrap();
    let end = client.delete(format!("http://{}/mcp", ground.address)).bearer_auth(&greedy);
    let ended = end.header("mcp-session-id", &last).send().await.unwrap();
    assert!(ended.status().is_success(), "{ended:?}");
    open(&ground, &client, &greedy).await.unwrap();
}

#[tokio::test]
async fn a_pipe_ends_with_its_key() {
    let ground = Ground::new().await;
    let (key, id) = make(&ground, json!({})).await;
    // The client's side stays open.
    let messages = futures::stream::pending::<Result<Vec<u8>, std::io::Error>>();
    let request =
        reqwest::Client::new().post(format!("http://{}/mcp/stdio", ground.address)).bearer_auth(&key);
    let mut piped = request.body(reqwest::Body::wrap_stream(messages)).send().await.unwrap();
    assert_eq!(piped.status(), 200);
    let mut ended = std::pin::pin!(piped.chunk());
    assert!(futures::poll!(ended.as_mut()).is_pending());
    ground.send("DELETE", &format!("/v1/keys/{id}"), json!(null)).await.ok();
    let ended = tokio::time::timeout(PATIENCE, ended).await.expect("the pipe goes on");
    assert!(!matches!(ended, Ok(Some(_))), "{ended:?}");
}
