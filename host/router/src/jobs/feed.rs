//! Taking jobs: as many as this host's share of each skill allows, and no more than it can run soon.

use super::attempt::set_back;
use super::plan::Turns;
use super::{Held, fault};
use crate::Inner;
use skep_core::{BreakerSeen, BreakerState, ClaimedJob, Fault, FaultCode, Job, Setback, UnixMs};
use skep_store::{Ending, JOBS_BATCH_MAX, Queue, QueueDue};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How often it is looked what waits, where nothing told that it does.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Pause after database or bus refused.
const PAUSE: Duration = Duration::from_millis(200);
/// How often what this host has is compared with what the database says that it has.
const COMPARE_EVERY: Duration = Duration::from_secs(5);
/// Jobs taken for each slot: one runs, the next is there when it ends.
const PER_SLOT: usize = 2;

/// What the feeder remembers between two looks.
#[derive(Default)]
struct Feeder {
    turns: Turns,
    /// How many of a skill's calls may run at once in the fleet, and as of which revision.
    concurrency: HashMap<Queue, (u64, usize)>,
    compared: Option<Instant>,
    /// When it was asked what is to be stopped.
    asked: Option<Instant>,
    /// Whether it could not take any the last time.
    stuck: bool,
}

impl Inner {
    /// Takes jobs and starts attempts at them.
    pub(crate) async fn feed_jobs(self: Arc<Self>) {
        let mut feeder = Feeder::default();
        loop {
            let fed = self.feed(&mut feeder).await;
            match (&fed, feeder.stuck) {
                (Err(fault), false) => tracing::warn!(%fault, "no jobs can be taken until that is over"),
                (Ok(_), true) => tracing::info!("jobs are taken again"),
                _ => {}
            }
            feeder.stuck = fed.is_err();
            let _ = tokio::time::timeout(fed.unwrap_or(PAUSE), self.jobs.more.notified()).await;
        }
    }

    /// Takes what there is room for, and says when to look again.
    async fn feed(self: &Arc<Self>, feeder: &mut Feeder) -> Result<Duration, Fault> {
        if feeder.compared.is_none_or(|at| at.elapsed() >= COMPARE_EVERY) {
            self.compare_held().await?;
            feeder.compared = Some(Instant::now());
        }
        let told = self.jobs.unwanted.swap(false, Ordering::AcqRel);
        if told || feeder.asked.is_none_or(|at| at.elapsed() >= LOOK_EVERY) {
            self.stop_cancelled().await?;
            feeder.asked = Some(Instant::now());
        }
        if self.draining.load(Ordering::Acquire) {
            return Ok(LOOK_EVERY);
        }
        // Without the bus they would only come back.
        self.bus.ping().await?;
        let waits = self.store.jobs_due().await.map_err(fault)?;
        self.jobs.saw(&waits);
        let free = (self.settings.slots * PER_SLOT).saturating_sub(self.jobs.count());
        let room = self.room(feeder, &waits).await;
        let now = UnixMs::now();
        let plan = feeder.turns.plan(&waits, now, free, &room);
        // If this fails after it was done, what was taken in vain is found by comparing.
        let compared = feeder.compared.take();
        let taken = self.store.jobs_claim(self.bus.incarnation(), &plan.wanted, now).await.map_err(fault)?;
        feeder.compared = compared;
        // A lane that had less than its share left room to the others.
        let more = (1..plan.count()).contains(&taken.len());
        for claimed in taken {
            self.start_job(claimed);
        }
        if more {
            return Ok(Duration::ZERO);
        }
        let next = plan.next.map_or(LOOK_EVERY, UnixMs::remaining);
        Ok(next.clamp(Duration::from_millis(1), LOOK_EVERY))
    }

    fn start_job(self: &Arc<Self>, claimed: ClaimedJob) {
        let (job, cancel) = (&claimed.job, CancellationToken::new());
        let held = Held { fence: job.fence, queue: Queue::of(&job.to), cancel: cancel.clone() };
        self.jobs.held.lock().insert(job.id, held);
        let inner = self.clone();
        self.calls.spawn(async move { inner.attempt(claimed, cancel).await });
    }

    /// How many more jobs of each queue this host may take: its share of what may run at once in the fleet, and
    /// one that waits for the next place.
    async fn room(&self, feeder: &mut Feeder, waits: &[QueueDue]) -> HashMap<Queue, usize> {
        let hosts = self.jobs.hosts.load(Ordering::Relaxed).max(1);
        let mut held = HashMap::<Queue, usize>::new();
        for job in self.jobs.held.lock().values() {
            *held.entry(job.queue.clone()).or_default() += 1;
        }
        let seen = self.registry.revisions().seen();
        let mut room = HashMap::new();
        feeder.concurrency.retain(|queue, _| waits.iter().any(|waits| waits.queue == *queue));
        for QueueDue { queue, .. } in waits {
            let concurrency = match feeder.concurrency.get(queue) {
                Some((revision, known)) if *revision == seen => *known,
                _ => {
                    let found = self.registry.concurrency(&queue.domain, &queue.skill).await;
                    let away = matches!(&found, Err(Fault { code: FaultCode::Unavailable, .. }));
                    // What isn't there any more is refused when it is called.
                    let found = found.map_or(1, |many| many as usize);
                    if !away {
                        feeder.concurrency.insert(queue.clone(), (seen, found));
                    }
                    found
                }
            };
            let share = self.share(queue, concurrency.div_ceil(hosts) + 1);
            room.insert(queue.clone(), share.saturating_sub(held.get(queue).copied().unwrap_or(0)));
        }
        room
    }

    /// What a host may have of a queue: nothing while its skill's breaker is open, one job to try it.
    fn share(&self, queue: &Queue, usual: usize) -> usize {
        match self.breakers.of(&queue.domain, &queue.skill) {
            None | Some(BreakerSeen { state: BreakerState::Closed, .. }) => usual,
            Some(seen) => usize::from(seen.wait_ms == 0),
        }
    }

    /// Stops what somebody wants stopped.
    async fn stop_cancelled(&self) -> Result<(), Fault> {
        if self.jobs.count() > 0 {
            for id in self.store.jobs_cancelling(self.bus.incarnation()).await.map_err(fault)? {
                self.jobs.cancel(id);
            }
        }
        Ok(())
    }

    /// Compares what this host has with what the database says: what was taken by an answer that was lost goes
    /// back.
    async fn compare_held(self: &Arc<Self>) -> Result<(), Fault> {
        let known: HashSet<_> = self.jobs.held.lock().iter().map(|(id, held)| (*id, held.fence)).collect();
        let mut after = None;
        loop {
            let page = self.store.jobs_held(self.bus.incarnation(), after).await.map_err(fault)?;
            after = page.last().filter(|_| page.len() == JOBS_BATCH_MAX).map(|job| job.id);
            let lost = page.into_iter().filter(|job| !known.contains(&(job.id, job.fence)));
            let endings: Vec<_> = lost.map(unheld).collect();
            self.store.jobs_end(&endings).await.map_err(fault)?;
            if after.is_none() {
                return Ok(());
            }
        }
    }
}

/// The end of a job that a host has and doesn't run.
pub(super) fn unheld(job: Job) -> Ending {
    let fault = Fault::unavailable("the host that took the job didn't start it");
    let end = set_back(&job, Setback::Deferred, fault);
    Ending { job, end, at: UnixMs::now() }
}
