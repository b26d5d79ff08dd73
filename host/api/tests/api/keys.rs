//! API keys: shown once, known again, revoked, expired; and never wider than who made them.

use crate::ground::{Ground, PATIENCE};
use serde_json::{Value, json};
use skep_core::KeyTerms;
use skep_harness::eventually;
use skep_router::KeyRow;

/// Makes a key and gives what its bearer shows, and its id.
pub(crate) async fn make(ground: &Ground, wanted: Value) -> (String, String) {
    let mut body = json!({ "name": "ci" });
    body.as_object_mut().unwrap().extend(wanted.as_object().unwrap().clone());
    let made = ground.send("POST", "/v1/keys", body).await.ok();
    (made["key"].as_str().unwrap().to_owned(), made["info"]["id"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_key_is_shown_once_and_kept_as_a_proof() {
    let ground = Ground::new().await;
    let (key, id) = make(&ground, json!({ "role": "auditor", "expires_in": "90d" })).await;
    assert!(key.starts_with(&format!("skep_{id}_")), "{key}");
    ground.as_bearer(&key, "GET", "/v1/skills", None).await.ok();

    let secret = key.rsplit('_').next().unwrap();
    let list = ground.get("/v1/keys").await.ok();
    assert_eq!((&list["keys"][0]["id"], &list["keys"][0]["role"]), (&json!(id), &json!("auditor")));
    assert!(!list.to_string().contains(secret));
    eventually(PATIENCE, async || ground.get("/v1/keys").await.ok()["keys"][0]["last_used"].is_u64()).await;
    let raw: Vec<_> =
        (0..32).map(|at| u8::from_str_radix(&secret[at * 2..at * 2 + 2], 16).unwrap()).collect();
    for file in ground.dir.path().join("data").read_dir().unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        let holds = |what: &[u8]| bytes.windows(what.len()).any(|window| window == what);
        assert!(!holds(secret.as_bytes()) && !holds(&raw));
    }
}

#[tokio::test]
async fn what_is_revoked_expired_or_nearly_a_key_lets_nobody_in() {
    let ground = Ground::new().await;
    let (key, id) = make(&ground, json!({})).await;
    let status = async |bearer: &str| ground.as_bearer(bearer, "GET", "/v1/skills", None).await.status;
    assert_eq!(status(&key).await, 200);
    let (head, last) = key.split_at(key.len() - 1);
    let other = if last == "0" { "1" } else { "0" };
    let longer = format!("{key}0");
    for wrong in
        [&*format!("{head}{other}"), head, &longer, "skep_", &key.to_uppercase(), &format!("{key} x")]
    {
        assert_eq!(status(wrong).await, 401, "{wrong}");
    }
    assert_eq!(ground.send("DELETE", &format!("/v1/keys/{id}"), json!({})).await.status, 204);
    assert_eq!(status(&key).await, 401);
    ground.send("DELETE", &format!("/v1/keys/{id}"), json!({})).await.refused(404, "not_found", &id);

    let (short, _) = make(&ground, json!({ "expires_in": "2s" })).await;
    eventually(PATIENCE, async || status(&short).await == 401).await;
}

#[tokio::test]
async fn a_row_that_somebody_changed_is_no_key() {
    let ground = Ground::new().await;
    let (key, id) = make(&ground, json!({})).await;
    let id = id.parse().unwrap();
    let row = ground.store.key_load(&id).await.unwrap().unwrap();
    let mut terms: KeyTerms = serde_json::from_str(&row.terms).unwrap();
    terms.role = "operator".parse().unwrap();
    let wider = KeyRow { terms: serde_json::to_string(&terms).unwrap(), ..row.clone() };
    for (row, expect) in [(wider, 401), (row, 200)] {
        ground.store.key_revoke(&id).await.unwrap();
        ground.store.key_create(&row).await.unwrap();
        ground.router.registry().revisions().refresh().await.unwrap();
        assert_eq!(ground.as_bearer(&key, "GET", "/v1/skills", None).await.status, expect, "{row:?}");
    }
}

#[tokio::test]
async fn nobody_makes_sees_or_revokes_a_key_that_reaches_further() {
    let ground = Ground::new().await;
    let (all, all_id) = make(&ground, json!({ "role": "operator", "all_domains": true })).await;
    let (part, part_id) = make(&ground, json!({ "role": "operator", "skills": ["own", "other"] })).await;
    let by = async |key: &str, body: Value| ground.as_bearer(key, "POST", "/v1/keys", Some(body)).await;
    by(&part, json!({ "name": "x", "all_domains": true })).await.refused(403, "denied", "further");
    by(&part, json!({ "name": "x", "skills": ["own", "third"] })).await.refused(403, "denied", "further");
    let own = by(&part, json!({ "name": "x", "skills": ["own"] })).await.ok();
    assert_eq!(own["info"]["created_by"], format!("key:{part_id}"));
    let same = by(&part, json!({ "name": "x" })).await.ok();
    assert_eq!(
        (&same["info"]["skills"], &same["info"]["domain"]),
        (&json!(["other", "own"]), &json!("main"))
    );
    by(&all, json!({ "name": "x", "all_domains": true })).await.ok();

    let seen = ground.as_bearer(&part, "GET", "/v1/keys", None).await.ok();
    assert_eq!(seen["keys"].as_array().unwrap().len(), 3, "{seen}");
    let hidden = ground.as_bearer(&part, "DELETE", &format!("/v1/keys/{all_id}"), None).await;
    hidden.refused(404, "not_found", &all_id);
    assert_eq!(ground.as_bearer(&all, "DELETE", &format!("/v1/keys/{part_id}"), None).await.status, 204);
    by(&part, json!({ "name": "x" })).await.refused(401, "denied", "");
}

#[tokio::test]
async fn what_a_key_can_not_be_for_is_named() {
    let ground = Ground::new().await;
    let bodies = [
        (json!({ "name": "" }), "name"),
        (json!({ "name": "a\nb" }), "name"),
        (json!({ "name": "x".repeat(65) }), "name"),
        (json!({ "name": "x", "skills": [] }), "skills"),
        (json!({ "name": "x", "expires_in": "0s" }), "expires_in"),
        (json!({ "name": "x", "expires_in": "3651d" }), "expires_in"),
        (json!({ "name": "x", "role": "root" }), "root"),
        (json!({ "name": "x", "colour": "red" }), "colour"),
    ];
    for (body, says) in bodies {
        ground.send("POST", "/v1/keys", body).await.refused(400, "invalid_input", says);
    }
    assert_eq!(ground.get("/v1/keys").await.ok()["keys"], json!([]));
}

#[tokio::test]
async fn the_audit_tells_of_keys_and_not_what_they_are() {
    let ground = Ground::new().await;
    let (key, id) = make(&ground, json!({})).await;
    ground.send("DELETE", &format!("/v1/keys/{id}"), json!({})).await;
    eventually(PATIENCE, async || {
        let page = ground.get("/v1/audit").await.ok();
        assert!(!page.to_string().contains(key.rsplit('_').next().unwrap()));
        let told: Vec<_> = page["records"].as_array().unwrap().iter().map(|r| r["action"].clone()).collect();
        told == [json!("key_revoke"), json!("key_create")]
            && page["records"][0]["detail"].as_str().unwrap().contains(&id)
    })
    .await;
}
