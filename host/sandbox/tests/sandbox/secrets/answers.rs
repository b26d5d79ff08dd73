//! What comes back: a server may echo, log and list a secret, and the skill reads its placeholder.

use super::scene::{Scene, VALUE, placeholder};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

fn body(answer: &Value) -> &str {
    answer["body"].as_str().unwrap_or_else(|| panic!("{answer}"))
}

#[tokio::test]
async fn an_echo_is_a_placeholder_in_headers_and_bodies() {
    let scene = Scene::new().await;
    let echoed =
        async |path: &str| scene.send(format!("{}{path}", scene.bank.origin()), "Bearer {KEY}").await;
    for path in ["/", "/json"] {
        let answer = echoed(path).await;
        let expect = format!("authorization: Bearer {}", placeholder(body(&answer)));
        assert!(body(&answer).contains(&expect), "{answer}");
    }
    let answer = echoed("/header").await;
    let echo = answer["headers"].as_array().unwrap().iter().find(|header| header[0] == "x-echo").unwrap();
    assert!(echo[1].as_str().unwrap().starts_with("Bearer skep-secret-"), "{echo}");
    for path in ["/base64", "/hex"] {
        let answer = echoed(path).await;
        placeholder(body(&answer));
        let inner = BASE64_STANDARD.encode(&VALUE[3..15]);
        assert!(!body(&answer).contains(&inner[..12]), "{answer}");
    }
}

#[tokio::test]
async fn what_was_never_sent_is_scrubbed_where_it_may_be_known() {
    let scene = Scene::new().await;
    let plain = "sk-plain-0123456789";
    scene.host.secrets.lock().unwrap().insert("KEY".to_owned(), plain.to_owned());
    // The bank knows it from elsewhere, and lists it.
    let answer = scene.send(format!("{}/say/{plain}", scene.bank.origin()), "none").await;
    assert_eq!(placeholder(body(&answer)), body(&answer));
    // Who may not be sent it may say what it likes: it can't have it from here.
    let answer = scene.send(format!("{}/say/{plain}", scene.thief.origin()), "none").await;
    assert_eq!(body(&answer), plain);
}

#[tokio::test]
async fn what_is_compressed_all_the_same_is_refused() {
    let scene = Scene::new().await;
    let answer = scene.send(format!("{}/gzip", scene.bank.origin()), "Bearer {KEY}").await;
    assert!(answer["error"].as_str().unwrap().starts_with("HttpResponseContentCoding"), "{answer}");
    let answer = scene.send(format!("{}/gzip", scene.thief.origin()), "none").await;
    assert_eq!(body(&answer), "none", "without secrets it is the skill's own affair");
}
