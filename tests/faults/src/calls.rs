//! Ordinary calls, each with a deadline, and what came of them.

use crate::effects::Effects;
use crate::fleet::{Fleet, TOOL};
use crate::host::Host;
use crate::rest::{Answer, Ask, Silence};
use serde_json::json;
use std::time::{Duration, Instant};

/// How long after its deadline a call must be answered.
pub const GRACE: Duration = Duration::from_secs(1);
/// How long an answer that is late already is waited for, to tell how late it is.
const LATE_MAX: Duration = Duration::from_secs(30);

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
    let (id, host, took) = (id.to_owned(), host.name.clone(), begun.elapsed());
    Called { id, host, begun, took, end: answer.map_or_else(End::Silent, |answer| end(&answer)) }
}

/// What makes the effect `id`.
pub fn input(effects: &Effects, id: &str, takes: Duration) -> serde_json::Value {
    json!({ "url": effects.url(id, takes), "method": "POST", "body": id })
}

/// Waits until all hosts are ready and each serves a call; says how long that took, if not too long.
pub async fn serves(fleet: &Fleet, skill: &str, within: Duration) -> Option<Duration> {
    /// How long one call may take.
    const DEADLINE: Duration = Duration::from_secs(2);
    const PAUSE: Duration = Duration::from_millis(50);
    let begun = Instant::now();
    fleet.ready(within).await?;
    for host in &fleet.hosts {
        // It isn't told apart: such calls aren't counted.
        while call(host, &fleet.effects, skill, ("serves", Duration::ZERO), DEADLINE).await.end != End::Done {
            if begun.elapsed() > within {
                return None;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
    Some(begun.elapsed())
}

fn end(answer: &Answer) -> End {
    match (answer.is_ok(), answer.code()) {
        (true, _) if answer.body["output"]["body"] == "done" => End::Done,
        (false, Some(code)) => End::Fault(code.to_owned()),
        _ => End::Wrong(format!("{}: {}", answer.status, answer.body)),
    }
}
