//! Sessions: whose they are, what they run, who waits for them and who gives way.

use crate::ground::{Ground, counted, json, probe, refused, skill};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use serde_json::json;
use skep_core::{FaultCode, Grants, SessionId};
use skep_registry::AddOptions;

async fn is_gone(ground: &Ground, who: &str, skill: &str, session: SessionId) {
    refused(&ground.count(who, skill, Some(session)).await, FaultCode::SessionGone, "no such session");
}

#[tokio::test]
async fn only_who_opened_it_resumes_it_and_only_with_its_skill() {
    let ground = Ground::new().await;
    for name in ["kept", "other"] {
        ground.add(probe(name, "1.0.0", ""), Grants::default()).await;
    }
    let session = ground.begin("ann", "kept").await;
    is_gone(&ground, "bob", "kept", session).await;
    is_gone(&ground, "ann", "other", session).await;
    assert_eq!(counted(&ground.count("ann", "kept", Some(session)).await), 2);
}

#[tokio::test]
async fn it_runs_its_version_and_refuses_another() {
    let ground = Ground::new().await;
    ground.add(probe("kept", "1.0.0", ""), Grants::default()).await;
    let session = ground.begin("ann", "kept").await;
    ground.add(skill("versioned", "kept", "2.0.0", ""), Grants::default()).await;
    for name in ["kept", "kept@1.0.0"] {
        let reply = ground.count("ann", name, Some(session)).await;
        assert_eq!(reply.version, Some("1.0.0".parse().unwrap()), "{reply:?}");
    }
    let other = ground.count("ann", "kept@2.0.0", Some(session)).await;
    refused(&other, FaultCode::InvalidInput, "the session runs 1.0.0 of `kept`, not 2.0.0");
    let tool = ground.ask("ann", "kept", "version", json!({})).within(Some(session));
    refused(&ground.send(tool).await, FaultCode::UnknownTool, "counter");
    assert_eq!(counted(&ground.count("ann", "kept", Some(session)).await), 4);
}

#[tokio::test]
async fn it_ends_when_its_grants_are_given_to_other_code() {
    let ground = Ground::new().await;
    let granted = |text: &str| Grants::from_flags(&[], &[text.to_owned()], &[]).unwrap();
    let asks = "[requests]\nenv = [\"A\", \"B\"]";
    ground.add(probe("kept", "1.0.0", asks), granted("A=1")).await;
    let env = ground.ask("ann", "kept", "env", json!({}));
    let first = ground.send(env).await;
    assert_eq!(json(&first), json!({ "A": "1" }));
    // With the same grants the code before may go on.
    ground.add(probe("kept", "1.1.0", asks), Grants::default()).await;
    assert_eq!(counted(&ground.count("ann", "kept", first.session).await), 1);
    ground.add(probe("kept", "2.0.0", asks), granted("B=2")).await;
    is_gone(&ground, "ann", "kept", first.session.unwrap()).await;
}

#[tokio::test]
async fn few_wait_for_a_busy_one_and_neighbours_run_meanwhile() {
    let ground = Ground::new().await;
    for name in ["kept", "other"] {
        ground.add(probe(name, "1.0.0", ""), Grants::default()).await;
    }
    let session = Some(ground.begin("ann", "kept").await);
    let busy = ground.start("ann", "kept", session).await;
    let mut more: FuturesUnordered<_> = (0..6).map(|_| ground.count("ann", "kept", session)).collect();
    for _ in 0..2 {
        refused(&more.next().await.unwrap(), FaultCode::Overloaded, "4 calls wait for it already");
    }
    assert_eq!(counted(&ground.count("bob", "other", None).await), 1);
    // Its caller leaves, and the session ends with the call that is cut off.
    busy.abort();
    while let Some(waited) = more.next().await {
        refused(&waited, FaultCode::SessionGone, "");
    }
}

#[tokio::test]
async fn who_opens_many_puts_out_its_own() {
    let ground = Ground::new().await;
    ground.add(probe("kept", "1.0.0", ""), Grants::default()).await;
    let anns = ground.begin("ann", "kept").await;
    let first = ground.begin("bob", "kept").await;
    for _ in 0..5 {
        ground.begin("bob", "kept").await;
    }
    is_gone(&ground, "bob", "kept", first).await;
    assert_eq!(counted(&ground.count("ann", "kept", Some(anns)).await), 2);
}

#[tokio::test]
async fn who_has_none_gets_one_of_those_who_have_many() {
    let ground = Ground::new().await;
    ground.add(probe("kept", "1.0.0", "[limits]\nsessions = 2"), Grants::default()).await;
    let (first, second) = (ground.begin("bob", "kept").await, ground.begin("bob", "kept").await);
    let anns = ground.begin("ann", "kept").await;
    is_gone(&ground, "bob", "kept", first).await;
    for (who, session) in [("bob", second), ("ann", anns)] {
        assert_eq!(counted(&ground.count(who, "kept", Some(session)).await), 2);
    }
}

#[tokio::test]
async fn the_place_of_one_that_ended_in_use_is_counted_until_its_call_ends() {
    let ground = Ground::new().await;
    ground.add(probe("kept", "1.0.0", ""), Grants::default()).await;
    let session = ground.begin("ann", "kept").await;
    let running = ground.start("ann", "kept", Some(session)).await;
    let options = AddOptions { replace: true, ..AddOptions::default() };
    let replaced = probe("kept", "1.0.0", "description = \"Another\"");
    ground.router.add(&ground.operator(), replaced, options).await.unwrap();
    is_gone(&ground, "ann", "kept", session).await;
    assert!(!running.is_finished(), "the call of a replaced version goes on");
    let first = ground.begin("ann", "kept").await;
    for _ in 0..3 {
        ground.begin("ann", "kept").await;
    }
    is_gone(&ground, "ann", "kept", first).await;
}
