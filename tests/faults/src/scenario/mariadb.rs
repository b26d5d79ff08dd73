//! MariaDB that is killed, that stands still, that loses the answer to COMMIT, whose locks are held against everybody.

mod locks;

use super::Size;
use super::ground::Ground;
use crate::calls::serves;
use crate::fleet::{Fleet, HOSTS};
use crate::judge::{Hosts, Strict};
use crate::load::SKILL;
use crate::proxy::Mode;
use crate::verdict::{Times, Verdict};
use anyhow::Context as _;
use rand::Rng as _;
use rand::rngs::StdRng;
use std::time::Duration;
use tokio::task::block_in_place;

/// How long a fault and what follows last, about.
const LASTS: Duration = Duration::from_secs(5);
/// How long MariaDB is away.
const AWAY_MS: std::ops::RangeInclusive<u64> = 200..=3_000;
/// How long it stands still.
const STILL_MS: std::ops::RangeInclusive<u64> = 500..=12_000;
/// How long it is waited for a COMMIT that can be cut.
const COMMIT_MAX: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// How long all hosts may take to serve again.
const SERVES_MAX: Duration = Duration::from_secs(60);

/// What happens to MariaDB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Kill,
    CutCommit,
    Deadlocks,
    Stop,
    LockTimeout,
}

/// How many faults met hosts at what they were made for.
#[derive(Default)]
struct Met {
    /// COMMITs that were cut.
    cuts: usize,
    /// Transactions of hosts that a deadlock ended.
    deadlocks: u64,
    /// Faults in which hosts waited for a lock in vain.
    waits: usize,
}

impl Met {
    fn judge(&self, verdict: &mut Verdict, faults: usize) {
        verdict.figure("COMMITs cut", self.cuts);
        verdict.figure("deadlocks that hosts lost", self.deadlocks);
        verdict.figure("locks held until hosts gave up", self.waits);
        verdict.must(self.deadlocks > 0, || "no host lost a deadlock".to_owned());
        for (fault, met) in [(Fault::CutCommit, self.cuts), (Fault::LockTimeout, self.waits)] {
            let made = (0..faults).filter(|n| FAULTS[n % FAULTS.len()] == fault).count();
            verdict.must(met > 0 && met * 2 >= made, || format!("{met} of {made} met hosts: {fault:?}"));
        }
    }
}

const FAULTS: [Fault; 5] = [Fault::Kill, Fault::CutCommit, Fault::Deadlocks, Fault::Stop, Fault::LockTimeout];

pub(super) async fn run(seed: u64, mut chance: StdRng, size: Size) -> anyhow::Result<Verdict> {
    let mut verdict = Verdict::new("mariadb", seed);
    let ground = Ground::start("mariadb", seed, size, LASTS).await?;
    let (mut served, mut late, mut met) = (Vec::new(), Vec::new(), Met::default());
    for n in 0..size.faults {
        let fault = FAULTS[n % FAULTS.len()];
        ground.due(n).await;
        make(&ground.fleet, fault, &mut chance, &mut met).await.with_context(|| format!("{fault:?}"))?;
        match serves(&ground.fleet, SKILL, SERVES_MAX).await {
            Some(took) => served.push(took),
            None => late.push(format!("fault {n}, {fault:?}")),
        }
    }
    verdict.figure("faults of MariaDB", size.faults);
    met.judge(&mut verdict, size.faults);
    verdict.figure("serving again after its return", served.into_iter().collect::<Times>());
    verdict.none("not serving 60 s after its return", &late);
    let strict = Strict { audit: true, starts: true, hosts: Hosts::Live, again: None };
    ground.judge(&mut verdict, strict).await?;
    Ok(verdict)
}

/// Returns when MariaDB is back.
async fn make(fleet: &Fleet, fault: Fault, chance: &mut StdRng, met: &mut Met) -> anyhow::Result<()> {
    let (away, still) = (chance.random_range(AWAY_MS), chance.random_range(STILL_MS));
    let (host, arrives) = (chance.random_range(0..HOSTS), chance.random());
    match fault {
        Fault::Kill => {
            fleet.maria.lock().stop();
            tokio::time::sleep(Duration::from_millis(away)).await;
            block_in_place(|| fleet.maria.lock().restart())?;
        }
        Fault::Stop => {
            fleet.maria.lock().pause();
            tokio::time::sleep(Duration::from_millis(still)).await;
            fleet.maria.lock().resume();
        }
        Fault::CutCommit => met.cuts += usize::from(cut_commit(fleet, host, arrives).await),
        Fault::Deadlocks => met.deadlocks += locks::against_the_order(fleet).await?,
        Fault::LockTimeout => met.waits += usize::from(locks::for_too_long(fleet).await?),
    }
    Ok(())
}

/// Cuts one COMMIT of a host, if there is one in time; says whether there was.
async fn cut_commit(fleet: &Fleet, host: usize, arrives: bool) -> bool {
    let (way, before) = (&fleet.hosts[host].mysql, fleet.hosts[host].mysql.cuts());
    way.set(Mode::CutAtCommit { arrives });
    let cut = async {
        while way.cuts() == before {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    let was_cut = tokio::time::timeout(COMMIT_MAX, cut).await.is_ok();
    way.set(Mode::Pass);
    was_cut
}
