//! A skill that fails again and again is left alone; when one call does well, it serves again.

use crate::ground::{Ask, Ground, json as answered, probe, refused};
use serde_json::{Value, json};
use skep_bus::Breakers;
use skep_core::{AuditAction, BreakerRules, BreakerState, FaultCode, Grants, Reply};
use skep_harness::eventually;
use skep_store::AuditFilter;
use std::time::{Duration, Instant};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

async fn ground(failures: u32, pause_ms: u64) -> Ground {
    let [pause, pause_max] = [pause_ms, 2 * pause_ms].map(Duration::from_millis);
    let ground = Ground::breaking(BreakerRules::new(failures, pause, pause_max).unwrap()).await;
    ground.add(probe("weak", "1.0.0", "[limits]\nwall = \"3s\""), Grants::default()).await;
    ground
}

async fn count(ground: &Ground) -> Reply {
    ground.count("ann", "weak", None).await
}

async fn ask(ground: &Ground, tool: &str, input: Value) -> Reply {
    ground.send(ground.ask("ann", "weak", tool, input)).await
}

async fn panics(ground: &Ground, times: usize) {
    for _ in 0..times {
        refused(&ask(ground, "panic", json!({})).await, FaultCode::Trapped, "");
    }
}

fn state(ground: &Ground) -> Option<BreakerState> {
    ground.router.breaker(&ground.domain, &"weak".parse().unwrap()).map(|seen| seen.state)
}

fn skip(ground: &Ground) -> Option<Duration> {
    let seen = ground.router.breaker(&ground.domain, &"weak".parse().unwrap())?;
    (seen.wait_ms > 0).then(|| Duration::from_millis(seen.wait_ms))
}

/// Makes a call as soon as one is let through, coming back when it is told to.
async fn once_passed(ground: &Ground, ask: impl Fn() -> Ask) -> Reply {
    let begun = Instant::now();
    loop {
        let reply = ground.send(ask()).await;
        let wait = match &reply.outcome {
            Err(fault) if fault.code == FaultCode::Unavailable => fault.retry_after_ms.unwrap(),
            _ => return reply,
        };
        assert!(begun.elapsed() < PATIENCE, "{reply:?}");
        tokio::time::sleep(Duration::from_millis(wait.max(1))).await;
    }
}

#[tokio::test]
async fn what_fails_again_and_again_is_left_alone_until_a_try_does_well() {
    let ground = ground(3, 1000).await;
    ground.add(probe("neighbour", "1.0.0", ""), Grants::default()).await;
    panics(&ground, 2).await;
    answered(&count(&ground).await);
    assert_eq!((state(&ground), skip(&ground)), (None, None));
    panics(&ground, 3).await;

    let reply = count(&ground).await;
    refused(&reply, FaultCode::Unavailable, "`weak` failed 3 times in a row, the last time with `trapped`");
    assert!((1..=1000).contains(&reply.outcome.unwrap_err().retry_after_ms.unwrap()));
    assert!(skip(&ground).is_some());
    answered(&ground.count("ann", "neighbour", None).await);

    let tried = once_passed(&ground, || ground.ask("ann", "weak", "panic", json!({}))).await;
    refused(&tried, FaultCode::Trapped, "");
    refused(&count(&ground).await, FaultCode::Unavailable, "failed 4 times");
    assert!(skip(&ground).unwrap() > Duration::from_millis(1000), "it is left alone for longer");
    answered(&once_passed(&ground, || ground.ask("ann", "weak", "counter", json!({}))).await);
    assert_eq!((state(&ground), skip(&ground)), (None, None));
    panics(&ground, 2).await;
    answered(&count(&ground).await);
}

#[tokio::test]
async fn what_callers_do_opens_nothing() {
    let ground = ground(2, 60_000).await;
    for _ in 0..3 {
        refused(&ask(&ground, "sleep", json!({ "ms": "long" })).await, FaultCode::InvalidInput, "");
        refused(&ask(&ground, "nothing", json!({})).await, FaultCode::UnknownTool, "");
        let hurried = ground.ask("ann", "weak", "sleep", json!({ "ms": 2500 }));
        let reply = ground.send(hurried.for_at_most(Duration::from_millis(50))).await;
        refused(&reply, FaultCode::Deadline, "");
        ground.start("ann", "weak", None).await.abort();
    }
    assert_eq!(state(&ground), None);
    answered(&count(&ground).await);
    // The same where the skill had all of its time.
    for _ in 0..2 {
        refused(&ask(&ground, "sleep", json!({ "ms": 60_000 })).await, FaultCode::Deadline, "");
    }
    refused(&count(&ground).await, FaultCode::Unavailable, "`deadline`");
}

#[tokio::test]
async fn skills_that_call_it_are_refused_as_well() {
    let ground = ground(1, 60_000).await;
    let grants = Grants { skills: ["weak".parse().unwrap()].into(), ..Grants::default() };
    ground.add(probe("caller", "1.0.0", "[requests]\nskills = [\"weak\"]"), grants).await;
    let input = json!({ "skill": "weak", "tool": "panic", "input": "{}" });
    let call = || ground.ask("ann", "caller", "call", input.clone());
    assert!(answered(&ground.send(call()).await).to_string().contains("trapped"));
    assert!(answered(&ground.send(call()).await).to_string().contains("unavailable"));
}

#[tokio::test]
async fn a_try_whose_caller_goes_away_leaves_it_to_another() {
    let ground = ground(1, 200).await;
    panics(&ground, 1).await;
    eventually(PATIENCE, async || state(&ground) == Some(BreakerState::HalfOpen)).await;
    // It would go on for longer than the skill's calls may.
    let trial = ground.start("ann", "weak", None).await;
    refused(&count(&ground).await, FaultCode::Unavailable, "");
    trial.abort();
    let begun = Instant::now();
    answered(&once_passed(&ground, || ground.ask("ann", "weak", "counter", json!({}))).await);
    assert!(begun.elapsed() < Duration::from_secs(3), "it waited for the try's time to be over");
}

#[tokio::test]
async fn an_operator_and_another_version_close_it() {
    let ground = ground(1, 60_000).await;
    let (by, weak) = (ground.operator(), "weak".parse().unwrap());
    panics(&ground, 1).await;
    refused(&count(&ground).await, FaultCode::Unavailable, "skep reset weak");
    ground.router.breaker_reset(&by, &weak).await.unwrap();
    answered(&count(&ground).await);
    let unknown = ground.router.breaker_reset(&by, &"nobody".parse().unwrap()).await;
    assert_eq!(unknown.unwrap_err().code, FaultCode::UnknownSkill);

    // What another host does is seen soon, however often this one refuses meanwhile.
    panics(&ground, 1).await;
    assert!(ground.bus.breaker_reset(&ground.domain, &weak).await.unwrap());
    eventually(PATIENCE, async || count(&ground).await.outcome.is_ok()).await;

    panics(&ground, 1).await;
    ground.add(probe("weak", "1.0.1", ""), Grants::default()).await;
    answered(&count(&ground).await);
    ground.router.drain().await;
    let filter = AuditFilter { action: Some(AuditAction::Reset), ..AuditFilter::default() };
    assert_eq!(ground.router.audit_list(&filter).await.unwrap().len(), 1);
}

#[tokio::test]
async fn without_a_number_of_failures_there_are_no_breakers() {
    let ground = Ground::breaking(BreakerRules::off()).await;
    ground.add(probe("weak", "1.0.0", ""), Grants::default()).await;
    panics(&ground, 12).await;
    assert_eq!(state(&ground), None);
    answered(&count(&ground).await);
}
