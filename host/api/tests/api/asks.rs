//! Requests for grants: made, seen, decided once, void when the skill is other code.

use crate::ground::{Answer, Ground, PATIENCE, component, manifest};
use crate::keys::make;
use serde_json::{Value, json};
use skep_harness::eventually;

const ASKS: &str = "[requests]\nenv = [\"LANG\", \"TZ\"]\n";
const GRANTS: &str = "/v1/skills/demo/grants";

async fn install(ground: &Ground, version: &str) {
    let body = json!({ "component": component("probe"), "manifest": manifest(version, ASKS) });
    ground.send("POST", "/v1/skills", body).await.ok();
}

fn wish(env: Value) -> Value {
    json!({ "skill": "demo", "grants": { "env": env }, "why": "times are shown" })
}

async fn ask(ground: &Ground, env: Value) -> Value {
    ground.send("POST", "/v1/requests", wish(env)).await.ok()
}

async fn decide(ground: &Ground, ask: &Value, what: &str, body: Value) -> Answer {
    let id = ask["id"].as_str().unwrap();
    ground.send("POST", &format!("/v1/requests/{id}/{what}"), body).await
}

#[tokio::test]
async fn what_is_asked_for_waits_and_is_granted_once() {
    let ground = Ground::new().await;
    install(&ground, "1.0.0").await;
    let made = ground.send("POST", "/v1/requests", wish(json!({ "TZ": "UTC" }))).await;
    assert_eq!(made.status, 202);
    let asked = made.ok();
    assert_eq!((&asked["state"], &asked["why"]), (&json!("pending"), &json!("times are shown")));
    assert_eq!(ground.get(GRANTS).await.ok()["env"], json!({}));
    // Who asks twice made one request.
    assert_eq!(ask(&ground, json!({ "TZ": "UTC" })).await, asked);
    let other = ask(&ground, json!({ "LANG": "C" })).await;
    let waiting = ground.get("/v1/requests?state=pending").await.ok();
    assert_eq!(waiting["requests"], json!([other, asked]));

    let approved = decide(&ground, &asked, "approve", json!(null)).await.ok();
    assert_eq!((&approved["state"], &approved["decided_by"]), (&json!("approved"), &asked["asked_by"]));
    assert_eq!(ground.get(GRANTS).await.ok()["env"], json!({ "TZ": "UTC" }));
    let path = format!("/v1/requests/{}", asked["id"].as_str().unwrap());
    assert_eq!(ground.get(&path).await.ok(), approved);
    decide(&ground, &asked, "approve", json!(null)).await.refused(409, "conflict", "approved already");
    decide(&ground, &asked, "deny", json!({})).await.refused(409, "conflict", "approved already");

    let denied = decide(&ground, &other, "deny", json!({ "reason": "no" })).await.ok();
    assert_eq!((&denied["state"], &denied["reason"]), (&json!("denied"), &json!("no")));
    assert_eq!(ground.get(GRANTS).await.ok()["env"], json!({ "TZ": "UTC" }));
    assert_eq!(ground.get("/v1/requests?state=pending").await.ok()["requests"], json!([]));
    let told = async |action: &str| {
        let told = ground.get(&format!("/v1/audit?action={action}")).await.ok();
        let detail = told["records"][0]["detail"].as_str().unwrap_or_default().to_owned();
        detail.contains(asked["asked_by"].as_str().unwrap()) && detail.contains("--env ")
    };
    eventually(PATIENCE, async || told("grant").await && told("deny").await).await;
}

#[tokio::test]
async fn requests_keep_to_the_manifest_and_to_the_code() {
    let ground = Ground::new().await;
    install(&ground, "1.0.0").await;
    let rows = [
        (wish(json!({ "HOME": "/" })), 400, "invalid_input", "HOME"),
        (wish(json!({})), 400, "invalid_input", "nothing to grant"),
        (
            json!({ "skill": "gone", "grants": { "env": { "TZ": "UTC" } }, "why": "" }),
            404,
            "unknown_skill",
            "gone",
        ),
        (json!({ "skill": "demo", "grants": {}, "why": "x".repeat(1001) }), 400, "invalid_input", "why"),
        (json!({ "skill": "demo", "grants": {} }), 400, "invalid_input", "why"),
    ];
    for (body, status, code, says) in rows {
        ground.send("POST", "/v1/requests", body).await.refused(status, code, says);
    }
    let mut short = wish(json!({ "TZ": "UTC" }));
    short["expires_in"] = json!("59s");
    ground.send("POST", "/v1/requests", short).await.refused(400, "invalid_input", "59s");

    let asked = ask(&ground, json!({ "TZ": "UTC" })).await;
    install(&ground, "1.0.1").await;
    decide(&ground, &asked, "approve", json!(null)).await.refused(409, "conflict", "other code");
    assert_eq!(ground.get(GRANTS).await.ok()["env"], json!({}));
    assert_eq!(ground.send("DELETE", "/v1/skills/demo", json!({})).await.status, 204);
    decide(&ground, &asked, "approve", json!(null)).await.refused(404, "not_found", "no request");
}

#[tokio::test]
async fn nobody_makes_more_requests_than_an_operator_can_read() {
    let ground = Ground::new().await;
    install(&ground, "1.0.0").await;
    for n in 0..16 {
        ask(&ground, json!({ "TZ": n.to_string() })).await;
    }
    let more = ground.send("POST", "/v1/requests", wish(json!({ "TZ": "16" }))).await;
    more.refused(429, "overloaded", "16 requests");
    let page = ground.get("/v1/requests?limit=10").await.ok();
    let next = page["next"].as_str().unwrap();
    let rest = ground.get(&format!("/v1/requests?limit=10&before={next}")).await.ok();
    let count = |page: &Value| page["requests"].as_array().unwrap().len();
    assert_eq!((count(&page), count(&rest), &rest["next"]), (10, 6, &Value::Null));
    for bad in ["limit=0", "limit=1001", "before=7", "state=lost"] {
        assert_eq!(ground.get(&format!("/v1/requests?{bad}")).await.status, 400, "{bad}");
    }
    let first = decide(&ground, &page["requests"][0], "deny", json!({})).await;
    first.ok();
    ask(&ground, json!({ "TZ": "16" })).await;
}

#[tokio::test]
async fn callers_ask_and_see_what_they_asked_for_and_decide_nothing() {
    let ground = Ground::new().await;
    install(&ground, "1.0.0").await;
    let caller = async |skill: &str| make(&ground, json!({ "role": "caller", "skills": [skill] })).await.0;
    let [ann, bob] = [caller("demo").await, caller("demo").await];
    let stranger = caller("other").await;
    let asks =
        async |key: &str, env: Value| ground.as_bearer(key, "POST", "/v1/requests", Some(wish(env))).await;
    let asked = asks(&ann, json!({ "TZ": "UTC" })).await.ok();
    let other = asks(&bob, json!({ "TZ": "UTC" })).await.ok();
    assert_ne!(asked["id"], other["id"], "each has a request of their own");
    asks(&stranger, json!({ "TZ": "UTC" })).await.refused(404, "unknown_skill", "demo");

    let path = format!("/v1/requests/{}", asked["id"].as_str().unwrap());
    assert_eq!(ground.as_bearer(&ann, "GET", &path, None).await.ok(), asked);
    for key in [&bob, &stranger] {
        ground.as_bearer(key, "GET", &path, None).await.refused(404, "not_found", "no request");
    }
    for (key, seen) in [(&ann, json!([asked])), (&bob, json!([other])), (&stranger, json!([]))] {
        let page = ground.as_bearer(key, "GET", "/v1/requests", None).await.ok();
        assert_eq!(page["requests"], seen);
    }
    for what in ["approve", "deny"] {
        let answer = ground.as_bearer(&ann, "POST", &format!("{path}/{what}"), Some(json!({}))).await;
        answer.refused(403, "denied", "");
    }
    assert_eq!(ground.get(GRANTS).await.ok()["env"], json!({}));
}
