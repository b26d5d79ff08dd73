//! Single jobs, where it matters which one it is.

use crate::host::Host;
use crate::rest::{Ask, Silence};
use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How long an answer is waited for: a host gives one within 20 s.
pub const ANSWER_MAX: Duration = Duration::from_secs(25);
/// How often a job is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Submits a job, which must be accepted; gives its id.
pub async fn submit(host: &Host, skill: &str, tool: &str, input: &Value) -> anyhow::Result<String> {
    let order = json!({ "skill": skill, "tool": tool, "input": input });
    match host.rest.ask(Ask::post("/v1/jobs").body(&order), ANSWER_MAX).await {
        Ok(answer) if answer.is_ok() => {
            Ok(answer.body["id"].as_str().context("a job without an id")?.to_owned())
        }
        other => bail!("{} doesn't accept a job: {other:?}", host.name),
    }
}

/// Waits until a job is in one of these states; gives it as it stands then.
pub async fn reach(host: &Host, id: &str, states: &[&str], within: Duration) -> anyhow::Result<Value> {
    let (path, begun) = (format!("/v1/jobs/{id}"), Instant::now());
    let mut last = Err(Silence::Late);
    while begun.elapsed() < within {
        last = host.rest.ask(Ask::get(&path), ANSWER_MAX).await;
        if let Ok(answer) = &last
            && answer.body["state"].as_str().is_some_and(|state| states.contains(&state))
        {
            return Ok(answer.body.clone());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    bail!("job {id} isn't {states:?} after {within:?}: {last:?}")
}
