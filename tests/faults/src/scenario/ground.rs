//! What scenarios with jobs stand on: a fleet, jobs that are submitted all the while, and their judgement.

use super::Size;
use crate::fleet::Fleet;
use crate::judge::{self, Strict};
use crate::load::{Load, SKILL};
use crate::verdict::Verdict;
use anyhow::Context as _;
use std::sync::Arc;
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
    submitting: JoinSet<()>,
    watching: JoinSet<()>,
}

impl Ground {
    /// Starts a fleet for a scenario, and begins to submit its jobs.
    pub(super) async fn start(name: &str, seed: u64, size: Size) -> anyhow::Result<Self> {
        let fleet = Arc::new(Fleet::start(&format!("{name}-{seed}")).await?);
        fleet.add(SKILL, "")?;
        fleet.ready(READY_MAX).await.context("the fleet isn't ready at the start")?;
        let load = Load::new(fleet.clone(), seed, size.jobs);
        let (mut submitting, mut watching) = (JoinSet::new(), JoinSet::new());
        submitting.spawn(load.clone().submit_all());
        watching.spawn(load.clone().watch());
        Ok(Self { fleet, load, size, begun: Instant::now(), submitting, watching })
    }

    /// Waits until fault number `n`, from 0, is due: faults and jobs end together.
    pub(super) async fn due(&self, n: usize) {
        let (begun, share) = (Instant::now(), self.size.jobs * (n + 1) / (self.size.faults + 2));
        while self.load.accepted() < share && begun.elapsed() < SHARE_MAX {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// When hosts were killed.
    pub(super) fn kills(&self) -> Vec<u64> {
        let mut kills: Vec<_> = self.fleet.hosts.iter().flat_map(|host| host.kills()).collect();
        kills.sort_unstable();
        kills
    }

    /// Lets the jobs that are left come to their ends, and judges all of them.
    pub(super) async fn judge(mut self, verdict: &mut Verdict, strict: Strict) -> anyhow::Result<()> {
        let rest = timeout(REST_MAX, async { while self.submitting.join_next().await.is_some() {} }).await;
        verdict.must(rest.is_ok(), || format!("jobs are not accepted {REST_MAX:?} after the last fault"));
        let kills = self.kills();
        judge::jobs(verdict, &self.fleet, &self.load, &kills, strict).await?;
        self.watching.abort_all();
        judge::audit(verdict, &self.fleet, strict).await;
        let ended = self.fleet.hosts.iter().flat_map(|host| host.lives());
        let ended = ended.filter(|life| life.ended.is_some() && !life.killed).count();
        verdict.figure("hosts that ended by themselves", ended);
        verdict.figure("took", format!("{:.0} s", self.begun.elapsed().as_secs_f64()));
        Ok(())
    }
}
