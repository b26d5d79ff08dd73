//! What scenarios with jobs stand on: a fleet, jobs that are submitted all the while, and their judgement.

use super::Size;
use crate::fleet::Fleet;
use crate::host::Host;
use crate::judge::{self, Hosts, Judged, Strict};
use crate::load::{Load, SKILL};
use crate::pace::Pace;
use crate::verdict::Verdict;
use anyhow::Context as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How long the fleet may take to be ready at first.
const READY_MAX: Duration = Duration::from_secs(60);
/// How long one fault waits at most for its share of the jobs.
const SHARE_MAX: Duration = Duration::from_secs(60);
/// How often that is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long the jobs that are left may take to be accepted once nothing fails any more.
const REST_MAX: Duration = Duration::from_secs(600);

/// A fleet at work.
pub(super) struct Ground {
    pub(super) fleet: Arc<Fleet>,
    load: Arc<Load>,
    size: Size,
    begun: Instant,
    /// Faults that waited for their share of the jobs in vain.
    late: AtomicUsize,
    submitting: JoinSet<()>,
    watching: JoinSet<()>,
}

impl Ground {
    /// Starts a fleet for a scenario, and begins to submit its jobs: each fault's share evenly over the time that
    /// the fault `lasts`.
    pub(super) async fn start(name: &str, seed: u64, size: Size, lasts: Duration) -> anyhow::Result<Self> {
        let fleet = Arc::new(Fleet::start(&format!("{name}-{seed}")).await?);
        fleet.add(SKILL, "")?;
        fleet.ready(READY_MAX).await.context("the fleet isn't ready at the start")?;
        let pace = Pace::new(lasts.mul_f64(size.faults as f64 / size.jobs.max(1) as f64));
        pace.open(share(size, 1), Instant::now());
        let load = Load::new(fleet.clone(), seed, size.jobs, pace);
        let (mut submitting, mut watching) = (JoinSet::new(), JoinSet::new());
        submitting.spawn(load.clone().submit_all());
        watching.spawn(load.clone().watch());
        let (begun, late) = (Instant::now(), AtomicUsize::new(0));
        Ok(Self { fleet, load, size, begun, late, submitting, watching })
    }

    /// Waits until fault number `n`, from 0, is due, and lets further jobs go: faults and jobs end together.
    pub(super) async fn due(&self, n: usize) {
        let begun = Instant::now();
        while self.load.accepted() < share(self.size, n) {
            if begun.elapsed() > SHARE_MAX {
                self.late.fetch_add(1, Ordering::Relaxed);
                break;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        self.let_go(n + 2);
    }

    /// Lets jobs go as far as the share of fault number `n`.
    pub(super) fn let_go(&self, n: usize) {
        self.load.pace.open(share(self.size, n), Instant::now());
    }

    /// Lets the jobs that are left come to their ends, and judges all of them.
    pub(super) async fn judge(mut self, verdict: &mut Verdict, strict: Strict) -> anyhow::Result<Judged> {
        self.load.pace.open(self.size.jobs, Instant::now());
        let rest = timeout(REST_MAX, async { while self.submitting.join_next().await.is_some() {} }).await;
        verdict.must(rest.is_ok(), || format!("jobs are not accepted {REST_MAX:?} after the last fault"));
        let late = self.late.load(Ordering::Relaxed);
        verdict.must(late == 0, || {
            format!("{late} faults waited {SHARE_MAX:?} for their share of the jobs in vain")
        });
        let judged = judge::jobs(verdict, &self.fleet, &self.load, strict).await?;
        self.watching.abort_all();
        judge::audit(verdict, &self.fleet, strict, &judged.records).await?;
        let ended: Vec<_> = self.fleet.hosts.iter().flat_map(ended).collect();
        match strict.hosts {
            Hosts::Live | Hosts::Killed => verdict.none("hosts that ended by themselves", &ended),
            Hosts::End => verdict.figure("hosts that ended by themselves", ended.len()),
        }
        verdict.figure("took", format!("{:.0} s", self.begun.elapsed().as_secs_f64()));
        Ok(judged)
    }
}

/// How many jobs are accepted when fault number `n` is due.
fn share(size: Size, n: usize) -> usize {
    (size.jobs * (n + 1) / (size.faults + 2)).min(size.jobs)
}

/// The lives of a host that it ended itself.
fn ended(host: &Arc<Host>) -> Vec<String> {
    let lives = host.lives().into_iter().filter(|life| life.ended.is_some() && !life.killed);
    lives.map(|life| format!("{}: {life:?}", host.name)).collect()
}
