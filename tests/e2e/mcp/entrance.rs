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

fn list_tools() -> Value {
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": { "_meta": meta } })
}

fn bearer() -> String {
    format!("Bearer {TOKEN}")
}

/// The names of the tools that a request finds.
async fn tools(served: &Served, query: &str) -> Vec<String> {
    let bearer = bearer();
    let version = ("mcp-protocol-version", "2026-07-28");
    let headers = [("authorization", bearer.as_str()), version, ("mcp-method", "tools/list")];
    let text = served.post(query, &headers, &list_tools()).await.text().await.expect("an answer");
    // A single event, or the message itself.
    let message = text.lines().find_map(|line| line.strip_prefix("data: ")).unwrap_or(&text);
    let message: Value = serde_json::from_str(message).unwrap_or_else(|e| panic!("{e}: {text}"));
    let tools = message["result"]["tools"].as_array().unwrap_or_else(|| panic!("no tools: {message}"));
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
