//! A grant opens what it names: not another port, scheme or name, and no place that an answer points to.

use super::place::Place;
use super::scene::Scene;
use crate::kit::limits;
use serde_json::json;
use skep_core::Level;

#[tokio::test]
async fn a_grant_opens_one_port_of_one_host_by_one_scheme() {
    let (scene, granted, other) = (Scene::new().await, Place::open().await, Place::open().await);
    let rules =
        [format!("http://127.0.0.1:{}", granted.port), format!("http://*.apex.example:{}", granted.port)];
    let rules = [rules[0].as_str(), &rules[1]];
    for name in ["apex.example", "a.apex.example", "notapex.example"] {
        scene.names.set(name, &[&["127.0.0.1"]]);
    }
    let check = async |url: String, expect: &str| {
        let answer = scene.get(&rules, &url).await;
        assert_eq!(answer["error"], expect, "{url}: {answer}");
    };
    check(format!("http://127.0.0.1:{}/", other.port), "HttpRequestDenied").await;
    check("http://127.0.0.1/".to_owned(), "HttpRequestDenied").await;
    check(format!("https://127.0.0.1:{}/", granted.port), "HttpRequestDenied").await;
    check(format!("http://127.0.0.2:{}/", granted.port), "HttpRequestDenied").await;
    check(format!("http://apex.example:{}/", granted.port), "HttpRequestDenied").await;
    check(format!("http://notapex.example:{}/", granted.port), "HttpRequestDenied").await;
    assert_eq!((granted.came(), other.came()), (0, 0));
    let below = scene.get(&rules, &format!("http://a.apex.example:{}/", granted.port)).await;
    assert_eq!(below["status"], 200, "{below}");
}

#[tokio::test]
async fn a_denial_names_the_grant_that_would_allow_it() {
    let scene = Scene::new().await;
    let report = scene.run(&[], "fetch", json!({ "url": "https://API.example.com:443/x" }), &limits()).await;
    let [line] = &report.logs[..] else { panic!("one line: {:?}", report.logs) };
    assert_eq!((line.level, line.source.as_str()), (Level::Warn, "skep"));
    assert!(line.text.contains("`--net https://api.example.com`"), "{}", line.text);
    assert_eq!(scene.names.asked(), 0, "a name that isn't granted was looked up");
}

#[tokio::test]
async fn redirects_are_told_and_not_followed() {
    let (scene, place, other) = (Scene::new().await, Place::open().await, Place::open().await);
    let here = format!("http://127.0.0.1:{}", place.port);
    for to in
        [format!("http://127.0.0.1:{}/", other.port), "http://169.254.169.254/".to_owned(), here.clone()]
    {
        let answer = scene.get(&[&here], &format!("{here}/redirect?to={to}")).await;
        assert_eq!((&answer["status"], &answer["headers"]["location"]), (&json!(302), &json!(to)));
    }
    assert_eq!((place.came(), other.came()), (3, 0));
}

#[tokio::test]
async fn what_belongs_to_the_connection_is_not_the_guests() {
    let (scene, place) = (Scene::new().await, Place::open().await);
    let here = format!("http://127.0.0.1:{}", place.port);
    for name in ["host", "connection", "transfer-encoding", "upgrade", "proxy-authorization", "te", "trailer"]
    {
        let input = json!({ "url": here, "headers": { name: "x" } });
        let report = scene.run(&[&here], "fetch", input, &limits()).await;
        assert!(report.outcome.unwrap_err().message.contains("Forbidden"), "{name}");
    }
    for method in ["CONNECT", "TRACE"] {
        let answer = scene.fetch(&[&here], json!({ "url": here, "method": method })).await;
        assert_eq!(answer["error"], "HttpRequestMethodInvalid", "{method}");
    }
    assert_eq!(place.came(), 0);
}
