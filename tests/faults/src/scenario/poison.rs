//! Jobs that kill whatever host has them. No job can, so the driver does it for them, each time.

use super::Size;
use super::ground::Ground;
use crate::books::Books;
use crate::calls::input;
use crate::fleet::TOOL;
use crate::judge::{Hosts, Strict};
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
    let mut wrong = Vec::new();
    for n in 0..size.faults {
        let host = chance.random_range(0..ground.fleet.hosts.len());
        ground.due(n).await;
        wrong.extend(poison(&ground, &mut books, n, host).await.with_context(|| format!("poison {n}"))?);
    }
    verdict.figure("jobs that killed their hosts", size.faults);
    verdict.figure("hosts killed", ground.kills().len());
    verdict.none("not dead after three hosts", &wrong);
    let strict = Strict { audit: false, starts: true, hosts: Hosts::Killed, again: None };
    ground.judge(&mut verdict, strict).await?;
    Ok(verdict)
}

/// Submits one and kills each host that has it; says what is wrong with its end.
async fn poison(ground: &Ground, books: &mut Books, n: usize, host: usize) -> anyhow::Result<Option<String>> {
    let (fleet, key) = (&ground.fleet, format!("poison-{n}"));
    let id = submit(&fleet.hosts[host], SKILL, TOOL, &input(&fleet.effects, &key, EFFECT)).await?;
    for kill in 1..=KILLS_MAX {
        let begun = Instant::now();
        // It is running, not only taken, once it makes its effect.
        while fleet.effects.of(&key).len() < kill && begun.elapsed() < NEXT_MAX {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let count = fleet.effects.of(&key).len();
        if count != kill {
            return Ok(Some(format!(
                "job {id} has run {count} times, not {kill}, after {:?}",
                begun.elapsed()
            )));
        }
        let life = books.host_of(&id).await?.with_context(|| format!("nobody has job {id}"))?;
        let has = fleet.host_of(&life).with_context(|| format!("no host was ever {life}"))?;
        if !has.kill(DOWN) {
            return Ok(Some(format!("{} has job {id} for the time {kill}, and is down", has.name)));
        }
    }
    let over = reach(&fleet.hosts[host], &id, &["dead", "done", "cancelled"], NEXT_MAX).await?;
    let good = over["state"] == "dead" && over["interruptions"] == KILLS_MAX;
    Ok((!good).then(|| over.to_string()))
}
