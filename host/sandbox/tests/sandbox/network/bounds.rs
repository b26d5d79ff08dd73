//! Sizes, times and numbers: a place may be as hostile as it likes.

use super::place::Place;
use super::scene::Scene;
use crate::kit::{fault, json, limits};
use serde_json::json;
use skep_core::{FaultCode, Limits};

#[tokio::test]
async fn oversized_answers_and_requests_are_cut_by_the_limit() {
    let (scene, place) = (Scene::new().await, Place::open().await);
    let here = format!("http://127.0.0.1:{}", place.port);
    let small = Limits { traffic: "64KiB".parse().unwrap(), ..limits() };
    let run = async |input| {
        let report = scene.run(&[&here], "fetch", input, &small).await;
        let told = report.logs.iter().filter(|line| line.text.contains("`traffic` of 64KiB"));
        assert_eq!(told.count(), 1, "{:?}", report.logs);
        json(&report.outcome)
    };
    let answer = run(json!({ "url": format!("{here}/large") })).await;
    let error = answer["error"].as_str().unwrap();
    assert!(error.contains("body size exceeds limit"), "{error}");
    assert!(answer["bytes"].as_u64().unwrap() <= 64 << 10, "{answer}");
    let request = run(json!({ "url": here, "method": "POST", "fill": 1 << 20 })).await;
    assert_eq!(request["error"], "HttpRequestBodySize", "{request}");
}

#[tokio::test]
async fn headers_without_end_and_answers_that_are_none_are_errors() {
    let (scene, place) = (Scene::new().await, Place::open().await);
    let here = format!("http://127.0.0.1:{}", place.port);
    let check = async |path: &str, expect: &str| {
        let answer = scene.get(&[&here], &format!("{here}{path}")).await;
        assert_eq!(answer["error"], expect, "{path}: {answer}");
    };
    check("/many-headers", "HttpResponseHeaderSectionSize").await;
    check("/large-header", "HttpResponseHeaderSectionSize").await;
    check("/garbage", "HttpProtocolError").await;
}

#[tokio::test]
async fn a_place_that_is_silent_holds_a_call_until_its_time_is_over() {
    let (scene, place) = (Scene::new().await, Place::open().await);
    let here = format!("http://127.0.0.1:{}", place.port);
    let short = Limits { wall: "300ms".parse().unwrap(), ..limits() };
    for path in ["/silent", "/stalls"] {
        let input = json!({ "url": format!("{here}{path}") });
        let report = scene.run(&[&here], "fetch", input, &short).await;
        fault(&report.outcome, FaultCode::Deadline);
        assert!(report.usage.cpu_ticks < 10, "waiting was charged: {:?}", report.usage);
    }
    assert_eq!(place.came(), 2);
}

#[tokio::test]
async fn a_guest_has_so_many_connections_and_no_more() {
    let (scene, place) = (Scene::new().await, Place::open().await);
    let here = format!("http://127.0.0.1:{}", place.port);
    let short = Limits { wall: "2s".parse().unwrap(), ..limits() };
    let input = json!({ "url": format!("{here}/silent"), "many": 40 });
    let report = scene.run(&[&here], "flood", input, &short).await;
    fault(&report.outcome, FaultCode::Deadline);
    assert_eq!(place.came(), 16);
    assert!(report.logs.iter().any(|line| line.text.contains("16 connections")), "{:?}", report.logs);
}
