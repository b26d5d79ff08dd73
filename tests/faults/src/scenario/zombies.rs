//! Hosts whose clocks stop for longer than anybody waits, and which then go on as if nothing had been. All but one of
//! the fleet's stop at once, so that somebody takes over what they had.

use super::Size;
use super::ground::Ground;
use crate::fleet::HOSTS;
use crate::host::Host;
use crate::judge::{Hosts, Strict};
use crate::verdict::Verdict;
use rand::Rng as _;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How long a host stands still: longer than its lease, and than others wait for it to beat.
const STILL_MS: std::ops::RangeInclusive<u64> = 17_000..=20_000;
/// The same in a long run.
const STILL_LONG_MS: u64 = 60_000;
/// How long it is waited at most before hosts stop, so that they have something.
const PAUSE_MAX_MS: u64 = 500;
/// How long a host that should stop may take until it is ready.
const UP_MAX: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// What a host says whose end of a job is refused, since another has the job.
const TOO_LATE: &str = "the end of a job came too late";

pub(super) async fn run(seed: u64, mut chance: StdRng, size: Size) -> anyhow::Result<Verdict> {
    let mut verdict = Verdict::new("zombies", seed);
    // At full pace: hosts must have much when they stop.
    let ground = Ground::start("zombies", seed, size, Duration::ZERO).await?;
    let (mut stood, mut next, mut meanwhile) = (0, 0, 0);
    while next < size.faults {
        let still = size.bound(STILL_LONG_MS, chance.random_range(STILL_MS));
        let pause = chance.random_range(0..=PAUSE_MAX_MS);
        let mut hosts: Vec<_> = ground.fleet.hosts.iter().collect();
        hosts.shuffle(&mut chance);
        hosts.truncate((HOSTS - 1).min(size.faults - next));
        ground.due(next).await;
        next += hosts.len();
        ready(&hosts, &mut verdict).await;
        tokio::time::sleep(Duration::from_millis(pause)).await;
        stood += hosts.iter().filter(|host| host.pause()).count();
        let before = ground.fleet.effects.distinct();
        // Whoever is left has something to do.
        ground.let_go(next + 1);
        tokio::time::sleep(Duration::from_millis(still)).await;
        meanwhile += ground.fleet.effects.distinct() - before;
        hosts.iter().for_each(|host| host.resume());
    }
    verdict.figure("hosts that stood still", stood);
    verdict.figure("jobs first run meanwhile", meanwhile);
    verdict.must(stood == size.faults, || format!("{stood} hosts stood still, not {}", size.faults));
    let strict = Strict { audit: false, starts: true, hosts: Hosts::End, again: None };
    let logs = ground.fleet.logs.clone();
    let interrupted = ground.judge(&mut verdict, strict).await?.interrupted;
    verdict.must(meanwhile > 0, || "no job ran while hosts stood still".to_owned());
    verdict.must(interrupted > 0, || "nothing was taken over from hosts that stood still".to_owned());
    let stale = said(&logs, TOO_LATE)?;
    verdict.figure("ends of jobs that came too late", stale);
    verdict.must(stale > 0 || !size.long, || "nobody tried to end what others had".to_owned());
    Ok(verdict)
}

/// How often hosts have said so in all their lives.
fn said(logs: &Path, what: &str) -> anyhow::Result<usize> {
    let mut count = 0;
    for log in std::fs::read_dir(logs)? {
        count += std::fs::read_to_string(log?.path())?.matches(what).count();
    }
    Ok(count)
}

/// Waits until each of these hosts has come back from the last time.
async fn ready(hosts: &[&Arc<Host>], verdict: &mut Verdict) {
    for host in hosts {
        let ready = async {
            while !host.is_ready().await {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        let up = tokio::time::timeout(UP_MAX, ready).await;
        verdict.must(up.is_ok(), || format!("{} isn't ready {UP_MAX:?} after it stood still", host.name));
    }
}
