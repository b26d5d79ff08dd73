//! Ordinary calls, each with a deadline, and what came of them.

use crate::clock::now_ms;
use crate::effects::{Effects, number};
use crate::fleet::{Fleet, TOOL};
use crate::host::Host;
use crate::orders;
use crate::rest::{Answer, Ask, Silence};
use serde_json::json;
use std::time::{Duration, Instant};

/// How long after its deadline a call must be answered.
pub const GRACE: Duration = Duration::from_secs(1);
/// How long an answer that is late already is waited for, to tell how late it is.
const LATE_MAX: Duration = Duration::from_secs(30);
/// Pause between two tries.
const PAUSE: Duration = Duration::from_millis(50);

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Its result.
    Done,
    /// A fault, by its stable code.
    Fault(String),
    /// No answer at all.
    Silent(Silence),
    /// An answer that is none of these.
    Wrong(String),
}

/// A call that was made.
#[derive(Debug, Clone)]
pub struct Called {
    /// Its effect.
    pub id: String,
    /// The host that was asked.
    pub host: String,
    /// When.
    pub begun: Instant,
    /// How long the answer took.
    pub took: Duration,
    /// What it was.
    pub end: End,
}

/// Calls `skill` through `host`: it makes the effect `id`, which takes so long.
pub async fn call(
    host: &Host,
    effects: &Effects,
    skill: &str,
    (id, takes): (&str, Duration),
    deadline: Duration,
) -> Called {
    let path = format!("/v1/skills/{skill}/tools/{TOOL}/call");
    let input = input(effects, id, takes);
    let ask = Ask::post(&path).body(&input).header("skep-timeout", format!("{}ms", deadline.as_millis()));
    let begun = Instant::now();
    let answer = host.rest.ask(ask, deadline + GRACE + LATE_MAX).await;
    let took = begun.elapsed();
    let end = answer.map_or_else(End::Silent, |answer| end(id, &answer));
    Called { id: id.to_owned(), host: host.name.clone(), begun, took, end }
}

/// What makes the effect `id`.
pub fn input(effects: &Effects, id: &str, takes: Duration) -> serde_json::Value {
    json!({ "url": effects.url(id, takes), "method": "POST", "body": id })
}

/// Waits until all hosts are ready, and each serves a call and has a job run; says how long that took, if not too
/// long.
pub async fn serves(fleet: &Fleet, skill: &str, within: Duration) -> Option<Duration> {
    let begun = Instant::now();
    let all = async {
        fleet.ready(within).await?;
        let hosts = fleet.hosts.iter().map(|host| async {
            served(fleet, host, skill).await;
            ran(fleet, host, skill).await;
        });
        futures::future::join_all(hosts).await;
        Some(begun.elapsed())
    };
    tokio::time::timeout(within, all).await.ok()?
}

/// Calls through a host until a call is done.
async fn served(fleet: &Fleet, host: &Host, skill: &str) {
    /// How long one call may take.
    const DEADLINE: Duration = Duration::from_secs(2);
    // It isn't told apart: such calls aren't counted.
    while call(host, &fleet.effects, skill, ("serves", Duration::ZERO), DEADLINE).await.end != End::Done {
        tokio::time::sleep(PAUSE).await;
    }
}

/// Submits a job by a host until that accepts one, and waits for its effect.
async fn ran(fleet: &Fleet, host: &Host, skill: &str) {
    loop {
        let id = format!("{}-runs-{}", host.name, now_ms());
        let input = input(&fleet.effects, &id, Duration::ZERO);
        if orders::submit(host, skill, TOOL, &input).await.is_ok() {
            while fleet.effects.of(&id).is_empty() {
                tokio::time::sleep(PAUSE).await;
            }
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn end(id: &str, answer: &Answer) -> End {
    let said = answer.body["output"]["body"].as_str().unwrap_or_default();
    match (answer.is_ok(), answer.code()) {
        (true, _) if number(id, said).is_some() => End::Done,
        (false, Some(code)) => End::Fault(code.to_owned()),
        _ => End::Wrong(format!("{}: {}", answer.status, answer.body)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_result_of_its_own_effect_is_one() {
        let end = |status, body| end("a-1", &Answer { status, body });
        assert_eq!(end(200, json!({ "output": { "status": 200, "body": "a-1 1" } })), End::Done);
        for wrong in [json!({ "body": "a-2 1" }), json!({ "error": "ConnectionRefused" }), json!(null)] {
            assert!(matches!(end(200, json!({ "output": wrong })), End::Wrong(_)));
        }
        assert_eq!(end(504, json!({ "code": "deadline" })), End::Fault("deadline".to_owned()));
    }
}
