//! What is granted works.

use super::place::Place;
use super::scene::{Names, Scene};
use serde_json::json;

#[tokio::test]
async fn a_granted_address_is_reached_and_sees_what_the_guest_wrote_and_nothing_more() {
    let (scene, place) = (Scene::new().await, Place::open().await);
    let here = format!("http://127.0.0.1:{}", place.port);
    let answer =
        scene.fetch(&[&here], json!({ "url": format!("{here}/a?b"), "headers": { "x-mine": "1" } })).await;
    assert_eq!((&answer["status"], &answer["headers"]["x-place"]), (&json!(200), &json!("here")));
    let mut lines: Vec<_> = answer["body"].as_str().unwrap().trim_end().lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["GET /a?b HTTP/1.1", &format!("host: 127.0.0.1:{}", place.port), "x-mine: 1"]);
    let long = "longer than one write ".repeat(1000);
    let posted = scene.fetch(&[&here], json!({ "url": here, "method": "POST", "body": long })).await;
    assert!(posted["bytes"].as_u64().unwrap() > long.len() as u64, "{posted}");
    assert!(posted["body"].as_str().unwrap().starts_with("POST / HTTP/1.1\r\n"), "{posted}");
    assert_eq!(place.came(), 2);
}

#[tokio::test]
async fn a_name_is_reached_where_its_address_is_granted_too() {
    let (scene, place) = (Scene::new().await, Place::open().await);
    scene.names.set("inside.example", &[&["127.0.0.1"]]);
    let (name, address) =
        (format!("http://inside.example:{}", place.port), format!("http://127.0.0.1:{}", place.port));
    let denied = scene.get(&[&name], &name).await;
    assert_eq!((&denied["error"], place.came()), (&json!("DestinationIpProhibited"), 0));
    let answer = scene.get(&[&name, &address], &name).await;
    let host = format!("host: inside.example:{}", place.port);
    assert!(answer["body"].as_str().unwrap().contains(&host), "{answer}");
    scene.names.set("localhost", &[&["127.0.0.1"]]);
    let local = format!("http://localhost:{}", place.port);
    assert_eq!(scene.get(&[&local], &local).await["status"], 200);
    scene.names.set("localhost", &[&["10.0.0.1"]]);
    assert_eq!(scene.get(&[&local], &local).await["error"], "DestinationIpProhibited");
}

#[tokio::test]
async fn tls_trusts_who_is_vouched_for_and_nobody_else() {
    let (place, authority) = Place::secure("inside.example").await;
    let scene = Scene::with(Names::default(), vec![authority]).await;
    scene.names.set("inside.example", &[&["127.0.0.1"]]);
    scene.names.set("other.example", &[&["127.0.0.1"]]);
    let rules = [format!("https://*.example:{}", place.port), format!("https://127.0.0.1:{}", place.port)];
    let rules = [rules[0].as_str(), &rules[1]];
    let answer = scene.get(&rules, &format!("https://inside.example:{}/", place.port)).await;
    assert_eq!(answer["status"], 200, "{answer}");
    let other = scene.get(&rules, &format!("https://other.example:{}/", place.port)).await;
    assert_eq!(other["error"], "TlsCertificateError", "{other}");
    let stranger = Scene::new().await;
    stranger.names.set("inside.example", &[&["127.0.0.1"]]);
    let refused = stranger.get(&rules, &format!("https://inside.example:{}/", place.port)).await;
    assert_eq!(refused["error"], "TlsCertificateError", "{refused}");
}
