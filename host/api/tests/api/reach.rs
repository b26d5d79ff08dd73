//! What each role may do, and that what is out of a scope is answered as if it weren't there: on every route.

use crate::ground::{Ground, PATIENCE};
use crate::keys::make;
use serde_json::{Value, json};
use skep_harness::eventually;

/// A request that the API's own document describes.
struct Operation {
    method: String,
    path: String,
    class: String,
}

impl Operation {
    /// Its path with a skill, and with something for everything else.
    fn path(&self, skill: &str) -> String {
        let parts = self.path.split('/').map(|part| match part {
            "{skill}" => skill,
            part if part.starts_with('{') => "0123456789abcdef",
            part => part,
        });
        parts.collect::<Vec<_>>().join("/")
    }
}

async fn operations(ground: &Ground) -> Vec<Operation> {
    let document = ground.get("/openapi.json").await.ok();
    let paths = document["paths"].as_object().unwrap().clone().into_iter();
    let guarded = paths.filter(|(path, _)| path.starts_with("/v1/"));
    let operations = guarded.flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().clone().into_iter();
        methods.filter(|(_, what)| what["responses"].is_object()).map(move |(method, what)| {
            let class = what["x-skep-class"].as_str();
            let class = class.unwrap_or_else(|| panic!("{method} {path} belongs to no class")).to_owned();
            Operation { method: method.to_uppercase(), path: path.clone(), class }
        })
    });
    operations.collect()
}

#[tokio::test]
async fn every_route_refuses_who_has_no_key_and_who_has_another_role() {
    let ground = Ground::new().await;
    let (caller, _) = make(&ground, json!({ "role": "caller", "all_domains": true })).await;
    let (auditor, _) = make(&ground, json!({ "role": "auditor", "all_domains": true })).await;
    let (part, _) = make(&ground, json!({ "role": "operator" })).await;
    let operations = operations(&ground).await;
    assert!(operations.len() >= 14, "the document shows {} operations", operations.len());
    for operation in operations {
        let Operation { method, class, .. } = &operation;
        let path = operation.path("nobody");
        for bearer in ["", "wrong", "skep_0123456789abcdef_"] {
            ground.as_bearer(bearer, method, &path, Some(json!({}))).await.refused(401, "denied", "");
        }
        for (key, classes) in [
            (&caller, &["anyone", "callers"][..]),
            (&auditor, &["anyone", "auditors", "auditors-of-all"]),
            (&part, &["anyone", "callers", "auditors", "operators"]),
        ] {
            let answer = ground.as_bearer(key, method, &path, Some(json!({}))).await;
            let allowed = classes.contains(&&**class) || (class == "operators-of-domain" && key == &part);
            assert_ne!(answer.status, 401, "{method} {path}: {answer:?}");
            assert_eq!(answer.status != 403, allowed, "{method} {path} ({class}): {answer:?}");
        }
    }
}

#[tokio::test]
async fn on_every_route_a_foreign_skill_is_as_good_as_none() {
    let ground = Ground::new().await;
    ground.install("versioned").await;
    ground.install("echo-typed").await;
    let (key, _) = make(&ground, json!({ "role": "operator", "skills": ["versioned"] })).await;
    let about = operations(&ground).await.into_iter().filter(|operation| operation.path.contains("{skill}"));
    let about: Vec<_> = about.collect();
    assert!(about.len() >= 8);
    for operation in about {
        let mut answers = Vec::new();
        for skill in ["echo-typed", "not-there", "echo-typed@0.1.0"] {
            let path = operation.path(skill);
            let answer = ground.as_bearer(&key, &operation.method, &path, Some(json!({}))).await;
            answer.refused(404, "unknown_skill", "");
            let name = skill.split('@').next().unwrap();
            answers.push(answer.body.to_string().replace(name, "NAME"));
        }
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    }
    // What grants reach and installs name is bounded as well.
    let grant = json!({ "skills": ["echo-typed"] });
    let refused = ground.as_bearer(&key, "POST", "/v1/skills/versioned/grants", Some(grant)).await;
    refused.refused(404, "unknown_skill", "echo-typed");
    let install = json!({ "component": crate::ground::component("echo-typed"), "name": "third" });
    ground.as_bearer(&key, "POST", "/v1/skills", Some(install)).await.refused(404, "unknown_skill", "third");
}

#[tokio::test]
async fn lists_and_audit_show_what_is_within_the_scope_alone() {
    let ground = Ground::new().await;
    ground.install("versioned").await;
    ground.install("echo-typed").await;
    for _ in 0..3 {
        ground.call("versioned", "-", json!({})).await.ok();
        ground.call("echo-typed", "nope", json!({})).await.refused(404, "unknown_tool", "");
    }
    let audit = async || ground.get("/v1/audit").await.ok()["records"].as_array().unwrap().clone();
    eventually(PATIENCE, async || audit().await.len() == 8).await;
    let foreign =
        audit().await.into_iter().find(|r| r["skill"] == "echo-typed" && r["call"].is_string()).unwrap();

    let (key, _) = make(&ground, json!({ "role": "auditor", "skills": ["versioned"] })).await;
    let get = async |path: &str| ground.as_bearer(&key, "GET", path, None).await.ok();
    let names: Vec<_> =
        get("/v1/skills").await["skills"].as_array().unwrap().iter().map(|s| s["name"].clone()).collect();
    assert_eq!(names, ["versioned"]);
    let (mut seen, mut before) = (Vec::new(), String::new());
    loop {
        let page = get(&format!("/v1/audit?limit=1{before}")).await;
        seen.extend(page["records"].as_array().unwrap().iter().map(|record| record["skill"].clone()));
        let Some(next) = page["before"].as_u64() else { break };
        before = format!("&before={next}");
    }
    assert_eq!(seen, vec![json!("versioned"); 4]);
    for nothing in
        ["skill=echo-typed", &format!("call={}", foreign["call"].as_str().unwrap()), "action=key_create"]
    {
        assert_eq!(get(&format!("/v1/audit?{nothing}")).await["records"], json!([]), "{nothing}");
    }
    let whole = ground.as_bearer(&key, "POST", "/v1/audit/verify", None).await;
    whole.refused(403, "denied", "whole deployment");
}

#[tokio::test]
async fn another_domain_is_as_good_as_none() {
    let ground = Ground::new().await;
    let (key, _) = make(&ground, json!({ "role": "operator" })).await;
    let mut answers = Vec::new();
    for domain in ["other", "not-there"] {
        let answer = ground.as_bearer(&key, "GET", &format!("/v1/skills?domain={domain}"), None).await;
        answer.refused(404, "not_found", domain);
        answers.push(answer.body.to_string().replace(domain, "NAME"));
    }
    assert_eq!(answers[0], answers[1]);
    let twice = ground.as_bearer(&key, "GET", "/v1/skills?domain=main&domain=other", None).await;
    twice.refused(400, "invalid_input", "domain");
}

#[tokio::test]
async fn callers_see_what_they_may_call_and_nothing_of_the_host() {
    let ground = Ground::new().await;
    ground.install("versioned").await;
    let secret = ground.dir.path().join("shared");
    std::fs::create_dir(&secret).unwrap();
    let host = secret.to_str().unwrap();
    let grant =
        json!({ "files": [{ "host": host, "guest": "/in", "access": "ro" }], "env": { "A": "word" } });
    ground.send("POST", "/v1/skills/versioned/grants", grant).await.ok();
    let (key, _) = make(&ground, json!({ "skills": ["versioned"] })).await;
    for path in ["/v1/skills", "/v1/skills/versioned"] {
        let seen = ground.as_bearer(&key, "GET", path, None).await.ok().to_string();
        assert!(seen.contains("versioned") && !seen.contains(host) && !seen.contains("word"), "{seen}");
    }
    let whole: Value = ground.get("/v1/skills/versioned").await.ok();
    assert!(whole["grants"].to_string().contains(host));
    let called =
        ground.as_bearer(&key, "POST", "/v1/skills/versioned/tools/-/call", Some(json!({}))).await.ok();
    assert!(called["version"].is_string());
    let refused = ground.as_bearer(&key, "GET", "/v1/skills/versioned/grants", None).await;
    refused.refused(403, "denied", "auditor");
}
