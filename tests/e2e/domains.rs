//! Domains on running hosts: opened on one and served by all, and apart from each other.

use crate::client::{Answer, Client};
use crate::deployment::{Deployment, check};
use crate::exposition::Exposition;
use crate::identity::{LISTEN, send};
use serde_json::{Value, json};
use skep_harness::eventually;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);
/// Calls of a flood: far more than its skill takes.
const FLOOD: usize = 60;
/// What the skill takes at once, running and waiting.
const TAKEN: usize = 2 + 4;

/// Opens a domain on the first host, and installs there a skill that takes few calls.
fn open(on: &Deployment) {
    check(&on.host().skep(&["--domain", "team", "list"]), 17, "`skep domain add team`");
    on.skep(&["domain", "add", "team"]);
    assert!(on.skep(&["domain", "list"]).contains("team"));
    let folder = on.folder("few");
    std::fs::copy(skep_harness::guest("probe"), folder.join("probe.wasm")).unwrap();
    let manifest = "[skill]\nname = \"few\"\nversion = \"1.0.0\"\ndescription = \"Takes few calls\"\n\
        component = \"probe.wasm\"\n[limits]\nconcurrency = 2\nwaiting = 4\n";
    std::fs::write(folder.join("skill.toml"), manifest).unwrap();
    on.skep(&["--domain", "team", "add", folder.to_str().unwrap()]);
}

async fn call(client: &Client, tool: &str, input: Value) -> Answer {
    client.send("POST", &format!("/v1/skills/few/tools/{tool}/call?domain=team"), Some(input)).await
}

/// Calls of a domain that aren't over.
async fn calls(client: &Client, domain: &str) -> f64 {
    let told = client.get("/metrics").await;
    let label = format!("domain=\"{domain}\"");
    Exposition::read(told.body.as_str().unwrap()).sum("skep_domain_calls", &[&label])
}

/// A domain that is flooded refuses its own callers and nobody else.
async fn stays_apart(on: &Deployment, client: &Client) {
    on.add_guest("echo-typed", "echo", &[]);
    let flood = (0..FLOOD).map(|_| {
        let client = client.clone();
        tokio::spawn(async move { call(&client, "sleep", json!({ "ms": 60_000 })).await })
    });
    let flood: Vec<_> = flood.collect();
    eventually(PATIENCE, async || flood.iter().filter(|call| call.is_finished()).count() == FLOOD - TAKEN)
        .await;
    assert_eq!([calls(client, "team").await, calls(client, "main").await], [TAKEN as f64, 0.0]);
    assert_eq!(*client.call("echo", "add", json!({ "a": 1, "b": 2 })).await.output(), 3);
    for call in flood {
        match call.is_finished() {
            true => assert_eq!(call.await.unwrap().fault(), "overloaded"),
            false => call.abort(),
        }
    }
    eventually(PATIENCE, async || calls(client, "team").await == 0.0).await;
}

/// A key of the domain reaches that, and nothing beside it.
async fn has_its_own_keys(on: &Deployment) {
    let made = on.skep(&["--domain", "team", "key", "create", "ci", "--json"]);
    let made: Value = serde_json::from_str(&made).unwrap();
    let (key, id) = (made["key"].as_str().unwrap(), made["info"]["id"].as_str().unwrap());
    let host = on.hosts.last().unwrap();
    let own = send(host, key, "GET", "/v1/skills", None).await.ok();
    assert_eq!(own["skills"][0]["name"], "few");
    send(host, key, "POST", "/v1/skills/few/tools/counter/call", Some(json!({}))).await.ok();
    for (method, path) in
        [("GET", "/v1/skills?domain=main"), ("POST", "/v1/skills/echo/tools/add/call?domain=main")]
    {
        assert_eq!(send(host, key, method, path, Some(json!({ "a": 1, "b": 2 }))).await.fault(), "not_found");
    }
    let hidden = send(host, key, "POST", "/v1/skills/echo/tools/add/call", Some(json!({}))).await;
    assert_eq!(hidden.fault(), "unknown_skill");
    check(&on.host().skep(&["domain", "remove", "team"]), 18, "skills");
    on.skep(&["--domain", "team", "remove", "few"]);
    check(&on.host().skep(&["domain", "remove", "team"]), 18, "API keys");
    on.skep(&["key", "revoke", id]);
}

#[tokio::test]
async fn a_domain_comes_and_goes_on_a_host_that_runs() {
    let on = Deployment::embedded_with(&LISTEN);
    open(&on);
    call(&on.client(), "counter", json!({})).await.ok();
    stays_apart(&on, &on.client()).await;
    has_its_own_keys(&on).await;
    on.skep(&["domain", "remove", "team"]);
    assert_eq!(call(&on.client(), "counter", json!({})).await.fault(), "not_found");
}

#[tokio::test]
async fn a_domain_of_a_fleet_is_served_by_every_host() {
    let on = Deployment::fleet_with(2, &LISTEN);
    open(&on);
    let [one, two] = [on.hosts[0].client(), on.hosts[1].client()];
    // At once, by the host that has only heard of it.
    call(&two, "counter", json!({})).await.ok();
    let mut served = std::collections::BTreeSet::new();
    eventually(PATIENCE, async || {
        for client in [&one, &two] {
            served.insert(call(client, "counter", json!({})).await.ok()["served_by"].to_string());
        }
        served.len() == 2
    })
    .await;
    stays_apart(&on, &two).await;
    has_its_own_keys(&on).await;
    on.skep(&["domain", "remove", "team"]);
    assert_eq!(call(&one, "counter", json!({})).await.fault(), "not_found");
    eventually(PATIENCE, async || call(&two, "counter", json!({})).await.fault() == "not_found").await;
}

#[test]
fn what_is_configured_is_opened_and_a_command_opens_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("skep.toml");
    std::fs::write(&config, "domains = [\"tests\"]").unwrap();
    let data = dir.path().join("data");
    let run = |args: &[&str]| {
        let mut command = crate::deployment::skep();
        command.args(args).arg("--data").arg(&data).arg("--config").arg(&config).output().unwrap()
    };
    check(&run(&["domain", "list"]), 0, "tests");
    check(&run(&["--domain", "mistyped", "list"]), 17, "`skep domain add mistyped`");
    assert!(!String::from_utf8(run(&["domain", "list"]).stdout).unwrap().contains("mistyped"));
}
