//! Hosts that are killed, any of them at any time, and started again.

use super::Size;
use super::ground::Ground;
use crate::fleet::HOSTS;
use crate::judge::{Hosts, Strict};
use crate::verdict::Verdict;
use rand::Rng as _;
use rand::rngs::StdRng;
use std::time::Duration;

/// How long a host stays down at most, and how long it is waited between two kills.
const DOWN_MAX_MS: u64 = 1_500;
/// How long a host is waited for that is down when it should be killed.
const UP_MAX: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How soon what a host had is started again, in a long run and in a short one.
const AGAIN_MAX: [Duration; 2] = [Duration::from_secs(20), Duration::from_secs(60)];

pub(super) async fn run(seed: u64, mut chance: StdRng, size: Size) -> anyhow::Result<Verdict> {
    let mut verdict = Verdict::new("kills", seed);
    let ground = Ground::start("kills", seed, size, Duration::ZERO).await?;
    for n in 0..size.faults {
        let mut some_ms = || Duration::from_millis(chance.random_range(0..=DOWN_MAX_MS));
        let (pause, down, host) = (some_ms(), some_ms(), chance.random_range(0..HOSTS));
        ground.due(n).await;
        tokio::time::sleep(pause).await;
        let kill = async {
            while !ground.fleet.hosts[host].kill(down) {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        let killed = tokio::time::timeout(UP_MAX, kill).await;
        verdict.must(killed.is_ok(), || format!("host{} doesn't come back", host + 1));
    }
    let kills = ground.fleet.kills().len();
    verdict.figure("kills", kills);
    let again = Some(size.bound(AGAIN_MAX[0], AGAIN_MAX[1]));
    let strict = Strict { audit: false, starts: true, hosts: Hosts::Killed, again };
    let hits = ground.judge(&mut verdict, strict).await?.hits;
    verdict.must(hits * 2 >= kills, || format!("only {hits} of {kills} kills interrupted something"));
    Ok(verdict)
}
