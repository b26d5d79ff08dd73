//! Secrets over the API: set, listed, deleted, audited; their values go in and never come out.

use crate::ground::Ground;
use serde_json::json;
use skep_api::types::SecretList;

const VALUE: &str = "sk-canary-0123456789";

#[tokio::test]
async fn a_secret_is_set_replaced_listed_and_deleted_without_being_shown() {
    let ground = Ground::new().await;
    let set = ground.send("PUT", "/v1/secrets/RATES_KEY", json!({ "value": VALUE })).await.ok();
    assert_eq!((&set["name"], &set["version"]), (&json!("RATES_KEY"), &json!(1)));
    let set = ground.send("PUT", "/v1/secrets/RATES_KEY", json!({ "value": "another-value" })).await.ok();
    assert_eq!(set["version"], 2);
    ground.send("PUT", "/v1/secrets/OTHER_KEY?domain=main", json!({ "value": VALUE })).await.ok();

    let listed = ground.get("/v1/secrets").await.ok();
    assert!(!listed.to_string().contains("canary"), "{listed}");
    let SecretList { secrets } = serde_json::from_value(listed).unwrap();
    let names: Vec<_> = secrets.iter().map(|secret| (secret.name.as_str(), secret.version)).collect();
    assert_eq!(names, [("OTHER_KEY", 1), ("RATES_KEY", 2)]);
    assert!(secrets[1].set_by.starts_with("operator:") && secrets[1].updated >= secrets[1].created);

    assert_eq!(ground.send("DELETE", "/v1/secrets/RATES_KEY", json!({})).await.status, 204);
    let gone = ground.send("DELETE", "/v1/secrets/RATES_KEY", json!({})).await;
    gone.refused(404, "not_found", "skep secret list");
}

#[tokio::test]
async fn what_can_be_no_secret_is_refused_and_not_repeated() {
    let ground = Ground::new().await;
    let refused = async |name: &str, body, status, says: &str| {
        let answer = ground.send("PUT", &format!("/v1/secrets/{name}"), body).await;
        answer.refused(status, "invalid_input", says);
        assert!(!answer.body.to_string().contains("hunter"), "{answer:?}");
    };
    refused("KEY", json!({ "value": "hunter2" }), 400, "8 to 8192").await;
    refused("KEY", json!({ "value": "hunter two" }), 400, "visible ASCII").await;
    refused("KEY", json!({ "value": "h".repeat(8193) }), 400, "has 8193").await;
    refused("KEY", json!({ "value": "h".repeat(70_000) }), 413, "too large").await;
    refused("KEY", json!({ "value": VALUE, "colour": 1 }), 400, "unknown field").await;
    refused("lower", json!({ "value": VALUE }), 400, "upper-case").await;
    assert_eq!(ground.get("/v1/secrets").await.ok(), json!({ "secrets": [] }));
}
