//! A skill with a long queue and one place, and calls of another: how much later those are answered.

use super::Size;
use crate::calls::{Called, End, call, input};
use crate::fleet::{Fleet, HOSTS, TOOL};
use crate::load::SKILL;
use crate::orders::submit;
use crate::verdict::{Times, Verdict};
use anyhow::Context as _;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use rand::Rng as _;
use rand::rngs::StdRng;
use std::time::{Duration, Instant};

/// The skill that is saturated.
const CROWD: &str = "crowd";
const LIMITS: &str = "concurrency = 1";
/// How long each of its jobs takes.
const CROWD_EFFECT: Duration = Duration::from_millis(50);
/// How long a neighbour's call takes.
const EFFECT: Duration = Duration::from_millis(5);
const DEADLINE: Duration = Duration::from_secs(10);
/// Callers of each host.
const CALLERS: usize = 2;
/// Submitters at once.
const SUBMITTERS: usize = 16;
const READY_MAX: Duration = Duration::from_secs(60);
/// How much later calls may be answered beside the crowd, as a ratio, in a long run and in a short one.
const RATIO_MAX: [f64; 2] = [1.5, 10.0];

pub(super) async fn run(seed: u64, mut chance: StdRng, size: Size) -> anyhow::Result<Verdict> {
    let mut verdict = Verdict::new("neighbours", seed);
    let fleet = Fleet::start(&format!("neighbours-{seed}")).await?;
    fleet.add(SKILL, "")?;
    fleet.add(CROWD, LIMITS)?;
    fleet.ready(READY_MAX).await.context("the fleet isn't ready at the start")?;
    let time = Duration::from_secs(size.faults as u64);
    // Skills are compiled, connections opened.
    calls(&fleet, "warm", time / 4).await;
    let calm = calls(&fleet, "calm", time).await;
    let orders = (0..size.jobs).map(|n| (n, chance.random_range(0..HOSTS)));
    let orders = stream::iter(orders).map(async |(n, host)| {
        let input = input(&fleet.effects, &format!("crowd-{n}"), CROWD_EFFECT);
        submit(&fleet.hosts[host], CROWD, TOOL, &input).await
    });
    let submitted: Vec<String> = orders.buffer_unordered(SUBMITTERS).try_collect().await?;
    let before = served(&fleet);
    let full = calls(&fleet, "full", time).await;
    let served = served(&fleet);
    verdict.figure("jobs of the crowd, and served by the end", format!("{}, {served}", submitted.len()));
    verdict.figure("of these beside the neighbour", served - before);
    verdict.must(served > before, || "the crowd isn't served beside the neighbour".to_owned());
    verdict.must(served < submitted.len(), || "the crowd's queue was empty before the end".to_owned());
    verdict.none("calls of the neighbour that failed", &failed(calm.iter().chain(&full)));
    let [calm, full]: [Times; 2] =
        [calm, full].map(|calls| calls.into_iter().map(|called| called.took).collect());
    let ratio = full.percentile(99).as_secs_f64() / calm.percentile(99).as_secs_f64();
    let most = size.bound(RATIO_MAX[0], RATIO_MAX[1]);
    verdict.within("the neighbour, calm", &calm, 100, DEADLINE);
    verdict.within("the neighbour, beside the crowd", &full, 100, DEADLINE);
    verdict.figure("p99, as a ratio", format!("{ratio:.2}"));
    verdict.must(ratio <= most, || format!("the neighbour is {ratio:.2} times as slow, more than {most}"));
    Ok(verdict)
}

/// Calls through all hosts for so long.
async fn calls(fleet: &Fleet, name: &str, time: Duration) -> Vec<Called> {
    let until = Instant::now() + time;
    let callers = (0..HOSTS * CALLERS).map(|caller| async move {
        let mut made = Vec::new();
        while Instant::now() < until {
            let id = format!("{name}-{caller}-{}", made.len());
            made.push(
                call(&fleet.hosts[caller % HOSTS], &fleet.effects, SKILL, (&id, EFFECT), DEADLINE).await,
            );
        }
        made
    });
    futures::future::join_all(callers).await.into_iter().flatten().collect()
}

/// Jobs of the crowd that were begun.
fn served(fleet: &Fleet) -> usize {
    fleet.effects.all().keys().filter(|id| id.starts_with("crowd-")).count()
}

fn failed<'a>(calls: impl Iterator<Item = &'a Called>) -> Vec<String> {
    calls.filter(|called| called.end != End::Done).map(|called| format!("{called:?}")).collect()
}
