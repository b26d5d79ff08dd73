//! Who gets in: by key, under a known name, from no foreign page; in a session of one's own; and to what a profile shows.

use super::{Served, TOKEN};
use serde_json::{Value, json};

const JSON: (&str, &str) = ("content-type", "application/json");

fn initialize() -> Value {
    json!({
        "jsonrpc": "2.0", "id": 1, "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": { "name": "a test", "version": "1" },
        },
    })
}

/// A message without a session.
fn message(method: &str, mut params: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params })
}

fn bearer() -> String {
    format!("Bearer {TOKEN}")
}

/// The result of a message that names what it is about in its headers.
async fn result(served: &Served, query: &str, named: &[(&str, &str)], message: &Value) -> Value {
    let bearer = bearer();
    let method = message["method"].as_str().expect("a method");
    let usual =
        [("authorization", bearer.as_str()), ("mcp-protocol-version", "2026-07-28"), ("mcp-method", method)];
    let text = served.post(query, &[&usual, named].concat(), message).await.text().await.expect("an answer");
    // A single event, or the message itself.
    let answer = text.lines().find_map(|line| line.strip_prefix("data: ")).unwrap_or(&text);
    let answer: Value = serde_json::from_str(answer).unwrap_or_else(|e| panic!("{e}: {text}"));
    answer["result"].clone()
}

/// The names of the tools that a request finds.
async fn tools(served: &Served, query: &str) -> Vec<String> {
    let result = result(served, query, &[], &message("tools/list", json!({}))).await;
    let tools = result["tools"].as_array().unwrap_or_else(|| panic!("no tools: {result}"));
    tools.iter().map(|tool| tool["name"].as_str().expect("a name").to_owned()).collect()
}

#[tokio::test]
async fn nobody_gets_in_without_a_key_or_from_elsewhere() {
    let served = Served::with("");
    let (bearer, own) = (bearer(), format!("http://{}", served.address));
    let key = ("authorization", bearer.as_str());
    let rows: [(&[(&str, &str)], u16); 7] = [
        (&[], 401),
        (&[("authorization", "Bearer 0123456789abcdef0123456789abcdeX")], 401),
        (&[key], 200),
        (&[key, ("origin", &own)], 200),
        (&[key, ("origin", "https://evil.example")], 403),
        (&[key, ("origin", "null")], 403),
        (&[key, ("host", "evil.example")], 403),
    ];
    for (headers, status) in rows {
        assert_eq!(served.post("", headers, &initialize()).await.status(), status, "{headers:?}");
        let piped = served.post("/stdio", headers, &json!({})).await.status();
        assert_eq!(piped, status, "stdio: {headers:?}");
    }
    let asked = reqwest::Client::new().request(reqwest::Method::OPTIONS, served.url());
    let asked = asked.header("origin", "https://evil.example").send().await.expect("an answer");
    assert_eq!(asked.status(), 403);
    let broken =
        reqwest::Client::new().post(served.url()).header("accept", "application/json, text/event-stream");
    let broken = broken.header("authorization", &bearer).header(JSON.0, JSON.1).body("{\"jsonrpc\":").send();
    let broken = broken.await.expect("an answer");
    assert_eq!(broken.status(), 400);
    assert_eq!(broken.json::<Value>().await.expect("JSON")["error"]["code"], -32700);
}

#[tokio::test]
async fn a_session_is_its_openers_alone() {
    let served = Served::with("");
    let bearer = bearer();
    let key = ("authorization", bearer.as_str());
    let opened = served.post("", &[key], &initialize()).await;
    let session = opened.headers()["mcp-session-id"].to_str().expect("a session").to_owned();
    let ping = json!({ "jsonrpc": "2.0", "id": 2, "method": "ping" });
    let named = [key, ("mcp-session-id", session.as_str())];
    assert_eq!(served.post("", &named, &ping).await.status(), 200);
    // The same key in another domain, and somebody else who learned the id.
    let elsewhere = served.post("?domain=other", &named, &ping).await;
    assert_eq!(elsewhere.status(), 404);
    let socket = served.deployment.host().socket();
    let local = reqwest::Client::builder().unix_socket(socket).build().expect("a client");
    let local = local.post("http://skep/mcp").header("mcp-session-id", &session);
    let local = local.header("accept", "application/json, text/event-stream").json(&ping);
    assert_eq!(local.send().await.expect("an answer").status(), 404);
    let made_up = [key, ("mcp-session-id", "00000000-0000-4000-8000-000000000000")];
    assert_eq!(served.post("", &made_up, &ping).await.status(), 404);
}

#[tokio::test]
async fn a_profile_shows_what_it_names_and_no_more() {
    let profiles = "[profiles.greeter]\ntools = [\"echo-typed/greet\", \"absent/tool\"]\n\
                    [profiles.versions]\nskills = [\"versioned\"]\n";
    let served = Served::with(profiles);
    served.deployment.add_guest("echo-typed", "echo-typed", &[]);
    served.deployment.add_guest("versioned", "versioned", &[]);
    assert!(tools(&served, "").await.len() > 2);
    assert_eq!(tools(&served, "?profile=greeter").await, ["echo-typed_greet"]);
    assert_eq!(tools(&served, "?profile=versions").await, ["versioned_version"]);
    let bearer = bearer();
    let unknown = served.post("?profile=none", &[("authorization", bearer.as_str())], &initialize()).await;
    assert_eq!(unknown.status(), 400);
    assert!(unknown.text().await.expect("words").contains("greeter"));
}

#[tokio::test]
async fn a_quota_that_is_used_up_says_when_to_come_back() {
    let served = Served::with("[quota.principal]\nrate = \"1/h\"\n");
    served.deployment.add_guest("versioned", "versioned", &[]);
    let call = message("tools/call", json!({ "name": "versioned_version", "arguments": {} }));
    let named = [("mcp-name", "versioned_version")];
    let first = result(&served, "", &named, &call).await;
    assert_ne!(first["isError"], true, "{first}");
    let second = result(&served, "", &named, &call).await;
    let fault = &second["_meta"]["skep/fault"];
    assert_eq!((&second["isError"], &fault["code"]), (&json!(true), &json!("overloaded")), "{second}");
    assert!(fault["retry_after_ms"].as_u64().is_some_and(|ms| ms <= 3_600_000), "{second}");
}
