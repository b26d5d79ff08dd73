//! Hosts whose clocks stop for longer than anybody waits, and which then go on as if nothing had been. All but one of
//! the fleet's stop at once, so that somebody takes over what they had.

use super::Size;
use super::ground::Ground;
use crate::fleet::HOSTS;
use crate::judge::Strict;
use crate::verdict::Verdict;
use rand::Rng as _;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use std::time::Duration;

/// How long a host stands still: longer than its lease, and than others wait for it to beat.
const STILL_MS: std::ops::RangeInclusive<u64> = 17_000..=20_000;
/// The same in a long run.
const STILL_LONG_MS: u64 = 60_000;
/// A run of so many faults is a long one.
const LONG: usize = 10;

pub(super) async fn run(seed: u64, mut chance: StdRng, size: Size) -> anyhow::Result<Verdict> {
    let mut verdict = Verdict::new("zombies", seed);
    let ground = Ground::start("zombies", seed, size).await?;
    let mut stood = 0;
    while stood < size.faults {
        let still = if size.faults < LONG { chance.random_range(STILL_MS) } else { STILL_LONG_MS };
        let mut hosts: Vec<_> = ground.fleet.hosts.iter().collect();
        hosts.shuffle(&mut chance);
        hosts.truncate((HOSTS - 1).min(size.faults - stood));
        ground.due(stood).await;
        hosts.iter().for_each(|host| host.pause());
        tokio::time::sleep(Duration::from_millis(still)).await;
        hosts.iter().for_each(|host| host.resume());
        stood += hosts.len();
    }
    verdict.figure("hosts that stood still", stood);
    ground.judge(&mut verdict, Strict { audit: false, starts: true }).await?;
    Ok(verdict)
}
