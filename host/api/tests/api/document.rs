//! The API's own description, and the rules of HTTP that it promises.

use crate::ground::{Answer, Ground};
use serde_json::{Value, json};
use std::collections::HashSet;

/// Every operation with its path.
fn operations(document: &Value) -> Vec<(String, Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, item)| {
        item.as_object().unwrap().iter().map(move |(method, op)| (format!("{method} {path}"), op.clone()))
    });
    operations.collect()
}

#[tokio::test]
async fn every_operation_says_what_it_is() {
    let ground = Ground::new().await;
    let document = ground.get("/openapi.json").await.ok();
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = HashSet::new();
    for (name, operation) in operations(&document) {
        let told = ["operationId", "summary"].map(|field| operation[field].as_str().unwrap_or_default());
        assert!(told.iter().all(|text| !text.is_empty()), "{name}: {operation}");
        assert!(ids.insert(told[0].to_owned()), "{name}: its id stands twice");
        let tags: Vec<_> = document["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
        assert!(tags.contains(&&operation["tags"][0]), "{name}: {operation}");
        let answers = operation["responses"].as_object().unwrap();
        assert!(
            answers.keys().any(|status| status.starts_with('2') || status == "101"),
            "{name}: {operation}"
        );
        let guarded = name.contains(" /v1/") || name.ends_with(" /metrics");
        assert_eq!(
            (operation.get("security").is_some(), answers.contains_key("401")),
            (guarded, guarded),
            "{name}"
        );
    }
    assert!(ids.contains("tool_call"));
}

#[tokio::test]
async fn no_reference_leads_nowhere() {
    fn walk<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(fields) => fields.iter().for_each(|(key, value)| match value {
                Value::String(place) if key == "$ref" => found.push(place),
                value => walk(value, found),
            }),
            Value::Array(items) => items.iter().for_each(|item| walk(item, found)),
            _ => {}
        }
    }
    let document = Ground::new().await.get("/openapi.json").await.ok();
    let mut references = Vec::new();
    walk(&document, &mut references);
    assert!(!references.is_empty());
    for place in references {
        assert!(document.pointer(place.trim_start_matches('#')).is_some(), "{place}");
    }
}

#[tokio::test]
async fn the_page_shows_every_operation_and_fetches_nothing() {
    let ground = Ground::new().await;
    let page = ground.request("GET", "/docs").send().await.unwrap();
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    assert!(page.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
    let page = page.text().await.unwrap();
    for (name, operation) in operations(&ground.get("/openapi.json").await.ok()) {
        let path = name.split(' ').nth(1).unwrap();
        assert!(page.contains(path) && page.contains(operation["summary"].as_str().unwrap()), "{name}");
    }
    assert!(!page.contains("<script") && !page.contains("src="));
}

#[tokio::test]
async fn problems_say_what_they_are() {
    let ground = Ground::new().await;
    let refused = ground.request("GET", "/v1/skills/gone").send().await.unwrap();
    assert_eq!(refused.headers()["content-type"], "application/problem+json");
    let problem = Answer::of(refused).await.body;
    let told = ["type", "title", "status", "code"].map(|field| problem[field].clone());
    assert_eq!(
        told,
        [json!("urn:skep:fault:unknown_skill"), json!("Unknown skill"), json!(404), json!("unknown_skill")]
    );

    let wrong = ground.request("PUT", "/v1/skills").send().await.unwrap();
    let allowed = wrong.headers()["allow"].to_str().unwrap();
    assert!(["GET", "POST"].iter().all(|method| allowed.contains(method)), "{allowed}");
    Answer::of(wrong).await.refused(405, "invalid_input", "PUT");
}

#[tokio::test]
async fn media_types_are_negotiated() {
    let ground = Ground::new().await;
    let accepting = |range| ground.request("GET", "/v1/skills").header("accept", range).send();
    for range in ["*/*", "application/*;q=0.5", "text/html, Application/JSON"] {
        Answer::of(accepting(range).await.unwrap()).await.ok();
    }
    Answer::of(accepting("text/html").await.unwrap()).await.refused(406, "invalid_input", "text/html");
    let sending = |media| {
        let request = ground.request("POST", "/v1/skills/gone/grants").body(r#"{"env":{"A":"b"}}"#);
        request.header("content-type", media).send()
    };
    for media in ["application/json", "application/json; charset=utf-8", "application/merge-patch+json"] {
        Answer::of(sending(media).await.unwrap()).await.refused(404, "unknown_skill", "gone");
    }
    Answer::of(sending("text/plain").await.unwrap()).await.refused(415, "invalid_input", "text/plain");
}
