//! What operators keep in order: versions, state, sessions.

use crate::ground::{Answer, Ground, component, manifest};
use serde_json::{Value, json};

const VERSIONS: &str = "/v1/skills/demo/versions";

async fn install(ground: &Ground, version: &str) {
    let body = json!({ "component": component("versioned"), "manifest": manifest(version, "") });
    ground.send("POST", "/v1/skills", body).await.ok();
}

async fn standings(ground: &Ground) -> Vec<(String, String)> {
    let listed = ground.get(VERSIONS).await.ok();
    let text = |version: &Value, field: &str| version[field].as_str().unwrap().to_owned();
    let mut all: Vec<_> = listed["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|version| (text(version, "version"), text(version, "standing")))
        .collect();
    all.sort();
    all
}

#[tokio::test]
async fn an_older_version_serves_again_and_what_does_not_serve_goes() {
    let ground = Ground::new().await;
    for version in ["1.0.0", "1.1.0", "1.2.0"] {
        install(&ground, version).await;
    }
    let stand =
        |all: &[(&str, &str)]| all.iter().map(|(v, s)| (v.to_string(), s.to_string())).collect::<Vec<_>>();
    let activate = async |version: &str| {
        ground.send("POST", &format!("{VERSIONS}/{version}/activate"), json!(null)).await
    };
    let remove =
        async |version: &str| ground.send("DELETE", &format!("{VERSIONS}/{version}"), json!(null)).await;
    activate_ok(&activate("1.0.0").await.ok());
    assert_eq!(standings(&ground).await, stand(&[("1.0.0", "current"), ("1.1.0", "old"), ("1.2.0", "old")]));
    let called = ground.call("demo", "-", json!({})).await.ok();
    assert_eq!(called["version"], "1.0.0");
    activate("1.0.0").await.refused(409, "conflict", "serves already");
    activate("9.0.0").await.refused(404, "unknown_skill", "9.0.0");
    assert_eq!(activate("one").await.status, 400);

    remove("1.0.0").await.refused(409, "conflict", "serves");
    assert_eq!(remove("1.1.0").await.status, 204);
    remove("1.1.0").await.refused(404, "unknown_skill", "1.1.0");
    assert_eq!(standings(&ground).await, stand(&[("1.0.0", "current"), ("1.2.0", "old")]));
    ground.call("demo@1.1.0", "-", json!({})).await.refused(404, "unknown_skill", "1.1.0");
    activate_ok(&activate("1.2.0").await.ok());
}

#[track_caller]
fn activate_ok(answer: &Value) {
    assert!(answer["version"].is_string(), "{answer}");
}

#[tokio::test]
async fn operators_see_and_mend_what_skills_keep() {
    let ground = Ground::new().await;
    ground.install("probe").await;
    for bucket in ["hot", "durable"] {
        let place = format!("/v1/skills/probe/state/{bucket}");
        let put = async |key: &str, value: &'static [u8]| {
            let put = ground.request("PUT", &format!("{place}/{key}")).body(value);
            Answer::of(put.send().await.unwrap()).await
        };
        for (key, value) in [("a", b"one".as_slice()), ("b%2Fc%20%C3%A4", b"\x00\xff")] {
            assert_eq!(put(key, value).await.status, 204);
            let got = ground.request("GET", &format!("{place}/{key}")).send().await.unwrap();
            assert_eq!(got.headers()["content-type"], "application/octet-stream");
            assert_eq!(got.bytes().await.unwrap(), value);
        }
        let keys = ground.get(&place).await.ok();
        assert_eq!(keys, json!({ "keys": ["a", "b/c ä"], "next": null }), "{bucket}");
        assert_eq!(ground.get(&format!("{place}?from=1")).await.ok()["keys"], json!(["b/c ä"]));
        for _ in 0..2 {
            assert_eq!(ground.send("DELETE", &format!("{place}/a"), json!(null)).await.status, 204);
        }
        ground.get(&format!("{place}/a")).await.refused(404, "not_found", "`a`");
        put(&"k".repeat(513), b"").await.refused(400, "invalid_input", "512");
    }
    ground.get("/v1/skills/gone/state/hot").await.refused(404, "unknown_skill", "gone");
    assert_eq!(ground.get("/v1/skills/probe/state/cold").await.status, 400);
}

#[tokio::test]
async fn a_session_that_is_not_held_here_is_told_from_where() {
    let ground = Ground::new().await;
    let held = ground.get("/v1/sessions").await.ok();
    assert_eq!(held["sessions"], json!([]));
    let id = "0123456789abcdef0123456789abcdef.0123456789abcdef0123456789abcdef";
    let ended = ground.send("DELETE", &format!("/v1/sessions/{id}"), json!(null)).await;
    ended.refused(404, "not_found", "before its dot");
}
