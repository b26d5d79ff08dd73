//! Quotas as clients meet them: when to come back, and what is left.

use crate::ground::{Answer, Ground};
use crate::keys::make;
use reqwest::Response;
use serde_json::json;
use skep_api::types::NDJSON;

const CALL: &str = "/v1/skills/versioned/tools/-/call";

async fn call(ground: &Ground, key: &str, accept: &str) -> Response {
    let url = format!("http://{}{CALL}", ground.address);
    reqwest::Client::new().post(url).bearer_auth(key).header("accept", accept).send().await.unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn answers_say_what_is_left_and_refusals_when_to_come_back() {
    let ground = Ground::new().await;
    ground.install("versioned").await;
    let (key, id) = make(&ground, json!({ "quota": { "rate": "2/h" } })).await;
    let (other, _) = make(&ground, json!({})).await;
    for (left, full_in) in [(1, 1800), (0, 3600)] {
        let answer = call(&ground, &key, "*/*").await;
        assert_eq!(answer.status(), 200);
        assert_eq!(header(&answer, "ratelimit-policy"), Some("\"principal\";q=2;w=3600"));
        let told = header(&answer, "ratelimit").unwrap();
        // What comes back meanwhile may be a second's worth, or more on a slow machine.
        let (start, end) = told.split_once(";t=").unwrap();
        assert_eq!(start, format!("\"principal\";r={left}"));
        assert!((full_in - 60..=full_in).contains(&end.parse().unwrap()), "{told}");
    }
    let refused = call(&ground, &key, "*/*").await;
    assert!(header(&refused, "ratelimit").unwrap().starts_with("\"principal\";r=0;t="));
    let seconds: u64 = header(&refused, "retry-after").unwrap().parse().unwrap();
    let answer = Answer::of(refused).await;
    answer.refused(429, "overloaded", &id);
    let ms = answer.body["retry_after_ms"].as_u64().unwrap();
    assert_eq!(seconds, ms.div_ceil(1000));
    assert!((1700..=1800).contains(&seconds), "{seconds}");
    // An answer in lines has begun by then, and says it in its last line.
    let lines = call(&ground, &key, NDJSON).await.text().await.unwrap();
    assert!(lines.contains("\"fault\"") && lines.contains("\"retry_after_ms\""), "{lines}");

    let free = call(&ground, &other, "*/*").await;
    assert_eq!((free.status().as_u16(), header(&free, "ratelimit")), (200, None));
    ground.call("versioned", "-", json!({})).await.ok();
}

#[tokio::test]
async fn quotas_of_keys_are_shown_and_bad_ones_named() {
    let ground = Ground::new().await;
    let quota = json!({ "rate": "600/m", "concurrency": 8 });
    make(&ground, json!({ "quota": quota })).await;
    assert_eq!(ground.get("/v1/keys").await.ok()["keys"][0]["quota"], quota);
    for (bad, says) in [
        (json!({ "rate": "100/d" }), "100/d"),
        (json!({ "rate": "0/s" }), "0/s"),
        (json!({ "rate": 7 }), "7"),
        (json!({ "concurrency": 0 }), "0"),
        (json!({ "concurrency": -1 }), "-1"),
        (json!({ "colour": "red" }), "colour"),
    ] {
        let body = json!({ "name": "x", "quota": bad });
        ground.send("POST", "/v1/keys", body).await.refused(400, "invalid_input", says);
    }
}

#[tokio::test]
async fn nobody_makes_a_key_that_may_use_up_more() {
    let ground = Ground::new().await;
    let own = json!({ "rate": "60/m", "concurrency": 8 });
    let (key, _) = make(&ground, json!({ "role": "operator", "quota": own })).await;
    let made = async |quota: serde_json::Value| {
        let body = json!({ "name": "x", "quota": quota });
        ground.as_bearer(&key, "POST", "/v1/keys", Some(body)).await
    };
    made(json!({ "rate": "61/m" })).await.refused(403, "denied", "60/m");
    made(json!({ "concurrency": 9 })).await.refused(403, "denied", "8 at once");
    assert_eq!(made(json!({})).await.ok()["info"]["quota"], own);
    let less = made(json!({ "rate": "10/h" })).await.ok();
    assert_eq!(less["info"]["quota"], json!({ "rate": "10/h", "concurrency": 8 }));
}
