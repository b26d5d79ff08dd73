//! Jobs that kill whatever host has them. No job can, so the driver does it for them, each time.

use super::Size;
use super::ground::Ground;
use crate::books::{Books, Job};
use crate::calls::input;
use crate::fleet::{Fleet, HOSTS, TOOL};
use crate::host::Host;
use crate::judge::{Hosts, Strict};
use crate::life::defect;
use crate::load::SKILL;
use crate::orders::{reach, submit};
use crate::verdict::Verdict;
use anyhow::Context as _;
use rand::Rng as _;
use rand::rngs::StdRng;
use std::time::{Duration, Instant};

/// How long it takes until one is dead, about.
const LASTS: Duration = Duration::from_secs(20);
/// How many hosts one job may kill.
const KILLS_MAX: usize = 3;
/// How long its effect takes: longer than it takes to be killed.
const EFFECT: Duration = Duration::from_secs(20);
/// How long it may take until another host has it, and until it is over.
const NEXT_MAX: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long a killed host stays down.
const DOWN: Duration = Duration::from_secs(1);

pub(super) async fn run(seed: u64, mut chance: StdRng, size: Size) -> anyhow::Result<Verdict> {
    let mut verdict = Verdict::new("poison", seed);
    let ground = Ground::start("poison", seed, size, LASTS).await?;
    let url = ground.fleet.maria.lock().url();
    let mut books = Books::open(&url).await?;
    let (mut ids, mut wrong) = (Vec::new(), Vec::new());
    for n in 0..size.faults {
        let host = &ground.fleet.hosts[chance.random_range(0..HOSTS)];
        ground.due(n).await;
        let input = input(&ground.fleet.effects, &key(n), EFFECT);
        let id = submit(host, SKILL, TOOL, &input).await.with_context(|| format!("poison {n}"))?;
        wrong.extend(poison(&ground.fleet, &mut books, (&id, &key(n)), host).await?);
        ids.push(id);
    }
    let fleet = ground.fleet.clone();
    verdict.figure("jobs that killed their hosts", size.faults);
    verdict.figure("hosts killed", fleet.kills().len());
    verdict.none("not dead after three hosts", &wrong);
    let strict = Strict { audit: false, starts: true, hosts: Hosts::Killed, again: None };
    ground.judge(&mut verdict, strict).await?;
    let jobs = books.jobs().await?;
    let after =
        ids.iter().enumerate().filter_map(|(n, id)| revived(jobs.get(id), fleet.effects.of(&key(n)).len()));
    verdict.none("not dead for good", &after.collect::<Vec<_>>());
    Ok(verdict)
}

/// The effect of number `n`.
fn key(n: usize) -> String {
    format!("poison-{n}")
}

/// What is wrong with one when all is over: it has lived again, or its life makes no sense.
fn revived(job: Option<&Job>, effects: usize) -> Option<String> {
    let Some(job) = job else { return Some("no such job".to_owned()) };
    let defect = defect(job);
    (effects != KILLS_MAX || job.state != "dead" || defect.is_some())
        .then(|| format!("{effects} effects, {defect:?}: {job:?}"))
}

/// Kills each host that has the job; says what is wrong with its end.
async fn poison(
    fleet: &Fleet,
    books: &mut Books,
    (id, key): (&str, &str),
    host: &Host,
) -> anyhow::Result<Option<String>> {
    for kill in 1..=KILLS_MAX {
        let begun = Instant::now();
        // It is running, not only taken, once it makes its effect.
        while fleet.effects.of(key).len() < kill && begun.elapsed() < NEXT_MAX {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let count = fleet.effects.of(key).len();
        if count != kill {
            return Ok(Some(format!(
                "job {id} has run {count} times, not {kill}, after {:?}",
                begun.elapsed()
            )));
        }
        let life = books.host_of(id).await?.with_context(|| format!("nobody has job {id}"))?;
        let has = fleet.host_of(&life).with_context(|| format!("no host was ever {life}"))?;
        if !has.kill(DOWN) {
            return Ok(Some(format!("{} has job {id} for the time {kill}, and is down", has.name)));
        }
    }
    let over = reach(host, id, &["dead", "done", "cancelled"], NEXT_MAX).await?;
    let good = over["state"] == "dead" && over["interruptions"] == KILLS_MAX;
    Ok((!good).then(|| over.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::books::Step;
    use serde_json::Value;

    #[test]
    fn a_dead_letter_has_killed_three_hosts_and_no_more() {
        let step = |seq, step: &str, attempt| Step {
            seq,
            at: seq,
            step: step.to_owned(),
            attempt,
            detail: String::new(),
        };
        let mut steps = vec![step(1, "accepted", 0)];
        for attempt in 1..=3 {
            steps.push(step(attempt * 2, "started", attempt));
            steps.push(step(attempt * 2 + 1, "interrupted", attempt));
        }
        steps.push(step(8, "dead", 3));
        let mut job = Job { state: "dead".to_owned(), outcome: Value::Null, key: String::new(), steps };
        assert_eq!(revived(Some(&job), 3), None);
        assert!(revived(Some(&job), 4).is_some() && revived(None, 3).is_some());
        job.steps.push(step(9, "started", 4));
        assert!(revived(Some(&job), 3).unwrap().contains("dead, and then"));
    }
}
