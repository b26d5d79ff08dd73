//! Domains: opened, listed within reach, removed when empty; apart from each other.

use crate::ground::{Answer, Ground, component};
use crate::keys::make;
use serde_json::{Value, json};

async fn add(ground: &Ground, name: &str) -> Answer {
    ground.send("POST", "/v1/domains", json!({ "name": name })).await
}

async fn remove(ground: &Ground, name: &str) -> Answer {
    ground.send("DELETE", &format!("/v1/domains/{name}"), json!({})).await
}

fn names(list: &Value) -> Vec<&str> {
    let domains = list["domains"].as_array().unwrap();
    domains.iter().map(|domain| domain["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn what_is_in_no_domain_is_told_how_to_open_one() {
    let ground = Ground::new().await;
    let install = json!({ "component": component("echo-typed"), "name": "echo" });
    for (method, path, body) in [
        ("GET", "/v1/skills", json!({})),
        ("POST", "/v1/skills", install),
        ("POST", "/v1/skills/echo/tools/add/call", json!({ "a": 1, "b": 2 })),
        ("GET", "/v1/secrets", json!({})),
        ("PUT", "/v1/secrets/KEY", json!({ "value": "a-value-of-some-length" })),
        ("POST", "/v1/keys", json!({ "name": "ci" })),
    ] {
        let refused = ground.send(method, &format!("{path}?domain=team"), body).await;
        refused.refused(404, "not_found", "`skep domain add team`");
    }
    remove(&ground, "team").await.refused(404, "not_found", "team");
}

#[tokio::test]
async fn a_domain_comes_serves_and_goes_while_the_host_runs() {
    let ground = Ground::new().await;
    ground.install("versioned").await;
    let made = add(&ground, "team").await;
    assert_eq!((made.status, &made.body["name"]), (201, &json!("team")));
    add(&ground, "team").await.refused(409, "conflict", "team");
    assert_eq!(names(&ground.get("/v1/domains").await.ok()), ["main", "team"]);

    assert_eq!(ground.get("/v1/skills?domain=team").await.ok()["skills"], json!([]));
    let install = json!({ "component": component("echo-typed"), "name": "echo" });
    ground.send("POST", "/v1/skills?domain=team", install).await.ok();
    ground.call("echo", "add", json!({ "a": 1, "b": 2 })).await.refused(404, "unknown_skill", "main");
    let in_team = "/v1/skills/echo/tools/add/call?domain=team";
    let called = ground.send("POST", in_team, json!({ "a": 1, "b": 2 })).await.ok();
    assert_eq!(called["output"], 3);

    remove(&ground, "team").await.refused(409, "conflict", "skills");
    remove(&ground, "main").await.refused(409, "conflict", "main");
    assert_eq!(ground.send("DELETE", "/v1/skills/echo?domain=team", json!({})).await.status, 204);
    let key = {
        let made = ground.send("POST", "/v1/keys?domain=team", json!({ "name": "ci" })).await.ok();
        made["info"]["id"].as_str().unwrap().to_owned()
    };
    remove(&ground, "team").await.refused(409, "conflict", "API keys");
    assert_eq!(ground.send("DELETE", &format!("/v1/keys/{key}"), json!({})).await.status, 204);
    assert_eq!(remove(&ground, "team").await.status, 204);
    ground.send("POST", in_team, json!({ "a": 1, "b": 2 })).await.refused(404, "not_found", "team");
    // What was done there can still be looked up.
    skep_harness::eventually(crate::ground::PATIENCE, async || {
        let audit = ground.get("/v1/audit?domain=team").await.ok();
        let actions: Vec<_> =
            audit["records"].as_array().unwrap().iter().map(|r| r["action"].clone()).collect();
        ["domain_create", "call", "domain_remove"].iter().all(|action| actions.contains(&json!(action)))
    })
    .await;
}

#[tokio::test]
async fn a_key_of_one_domain_knows_of_no_other_and_opens_none() {
    let ground = Ground::new().await;
    add(&ground, "team").await.ok();
    let (key, _) = make(&ground, json!({ "role": "operator" })).await;
    let seen = ground.as_bearer(&key, "GET", "/v1/domains", None).await.ok();
    assert_eq!(names(&seen), ["main"]);
    let mut answers = Vec::new();
    for domain in ["team", "not-there"] {
        for (method, path) in [
            ("GET", "/v1/skills"),
            ("GET", "/v1/audit"),
            ("GET", "/v1/keys"),
            ("GET", "/v1/domains"),
            ("POST", "/v1/skills/versioned/tools/-/call"),
            ("POST", "/v1/keys"),
        ] {
            let path = format!("{path}?domain={domain}");
            let answer = ground.as_bearer(&key, method, &path, Some(json!({}))).await;
            answer.refused(404, "not_found", domain);
            answers.push(answer.body.to_string().replace(domain, "NAME"));
        }
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    let (all, _) = make(&ground, json!({ "role": "auditor", "all_domains": true })).await;
    for (bearer, word) in [(&key, "whole deployment"), (&all, "operator")] {
        let body = Some(json!({ "name": "mine" }));
        ground.as_bearer(bearer, "POST", "/v1/domains", body).await.refused(403, "denied", word);
        ground.as_bearer(bearer, "DELETE", "/v1/domains/main", None).await.refused(403, "denied", word);
    }
}
