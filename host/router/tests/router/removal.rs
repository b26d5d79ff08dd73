//! What is left of a skill that was removed: nothing, so that the next one of its name begins anew.

use crate::ground::{Ground, counted, json, probe, refused};
use serde_json::json;
use skep_bus::HotState;
use skep_core::{FaultCode, Grants, Limits, StateChange};

#[tokio::test]
async fn a_session_ends_with_its_skill_and_never_serves_for_the_next_of_that_name() {
    let ground = Ground::new().await;
    ground.add(probe("kept", "1.0.0", ""), Grants::default()).await;
    let session = ground.begin("ann", "kept").await;
    ground.remove("kept").await;
    refused(&ground.count("ann", "kept", Some(session)).await, FaultCode::SessionGone, "");
    ground.add(probe("kept", "1.0.1", ""), Grants::default()).await;
    refused(&ground.count("ann", "kept", Some(session)).await, FaultCode::SessionGone, "");
    assert_eq!(counted(&ground.count("ann", "kept", None).await), 1);
}

#[tokio::test]
async fn its_running_calls_are_stopped() {
    let ground = Ground::new().await;
    ground.add(probe("kept", "1.0.0", ""), Grants::default()).await;
    let running = ground.start("ann", "kept", None).await;
    ground.remove("kept").await;
    refused(&running.await.unwrap(), FaultCode::Cancelled, "`kept` was removed");
}

#[tokio::test]
async fn what_is_written_after_it_isnt_the_next_ones() {
    let ground = Ground::new().await;
    ground.add(probe("kept", "1.0.0", ""), Grants::default()).await;
    ground.remove("kept").await;
    let skill = "kept".parse().unwrap();
    let late = StateChange::Set(b"late"[..].into());
    ground.bus.state_change(&ground.domain, &skill, "k", &late, (&Limits::default()).into()).await.unwrap();
    ground.add(probe("kept", "1.0.0", ""), Grants::default()).await;
    let get = ground.ask("ann", "kept", "state", json!({ "op": "get", "bucket": "hot", "key": "k" }));
    assert_eq!(json(&ground.send(get).await), json!({ "ok": null }));
}
