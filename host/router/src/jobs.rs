//! Jobs: the durable lane. What was accepted is in the database, and a caller of the fast lane that doesn't forget:
//! a host takes a job, makes an ordinary call for it, and ends it, or it waits to be taken again.

mod answers;
mod attempt;
mod end;
mod feed;
mod gather;
mod hosts;
mod intake;
mod plan;
mod submit;
mod watch;

pub use submit::{JobRequest, Submitted};
pub use watch::JobWatch;

use crate::keys::fault;
use crate::{Inner, Operator, Router};
use intake::Wish;
use parking_lot::Mutex;
use serde::Deserialize;
use skep_core::{AuditAction, DomainName, Fault, Job, JobEvent, JobId, Span, UnixMs};
use skep_store::{Ending, JOBS_BATCH_MAX, JobFilter, JobRoom, Queue, QueueDue};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use watch::Watched;

/// Jobs that wait on one host to be accepted; what is more is refused.
const INTAKE_MAX: usize = 8_192;
/// Bytes of their inputs.
const INTAKE_BYTES_MAX: usize = 128 << 20;

/// How often it is looked for jobs that are to be forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(60);

/// What an operator decides for jobs.
#[derive(Debug, Clone)]
pub struct JobSettings {
    /// Whether this host runs jobs; any host accepts them.
    pub runs: bool,
    /// How many there may be.
    pub bounds: JobBounds,
}

/// How many jobs there may be, and for how long.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct JobBounds {
    /// Jobs of one skill that wait.
    pub waiting_per_skill: u64,
    /// Jobs of one domain that wait.
    pub waiting: u64,
    /// How long a job that is over is remembered, with its result.
    pub keep: Span,
}

impl Default for JobBounds {
    fn default() -> Self {
        let keep = Span(Duration::from_secs(7 * 24 * 3600));
        Self { waiting_per_skill: 100_000, waiting: 1_000_000, keep }
    }
}

impl JobBounds {
    fn room(&self) -> JobRoom {
        JobRoom { skill: self.waiting_per_skill, domain: self.waiting }
    }
}

/// A job that this host has.
struct Held {
    fence: u64,
    queue: Queue,
    /// Somebody wants it stopped.
    cancel: CancellationToken,
}

/// The jobs of one host.
pub(crate) struct Jobs {
    wishes: mpsc::Sender<Wish>,
    /// The bytes that may wait to be accepted besides those that do.
    intake: Arc<Semaphore>,
    endings: mpsc::Sender<Ending>,
    /// What this host has taken and not ended for certain.
    held: Mutex<HashMap<JobId, Held>>,
    /// What somebody on this host waits for.
    watched: Watched,
    /// Told when there may be more to take.
    more: Notify,
    /// Whether one that this host has may have been cancelled.
    unwanted: AtomicBool,
    /// The hosts that run jobs, as far as this one knows.
    hosts: AtomicUsize,
    /// How many wait in each domain, as this host last saw it.
    waiting: Mutex<BTreeMap<DomainName, u64>>,
}

/// What the loops of the jobs read from.
pub(crate) struct Inlets {
    wishes: mpsc::Receiver<Wish>,
    endings: mpsc::Receiver<Ending>,
}

impl Jobs {
    pub(crate) fn new() -> (Self, Inlets) {
        let (wishes, wished) = mpsc::channel(INTAKE_MAX);
        let (endings, ended) = mpsc::channel(JOBS_BATCH_MAX);
        let jobs = Self {
            wishes,
            intake: Arc::new(Semaphore::new(INTAKE_BYTES_MAX)),
            endings,
            held: Mutex::default(),
            watched: Watched::default(),
            more: Notify::new(),
            unwanted: AtomicBool::new(false),
            hosts: AtomicUsize::new(1),
            waiting: Mutex::default(),
        };
        (jobs, Inlets { wishes: wished, endings: ended })
    }

    /// Room for the input of a job that waits to be accepted.
    fn intake_room(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        self.intake.clone().try_acquire_many_owned(u32::try_from(bytes).ok()?).ok()
    }

    /// Stops a job if this host has it, and says whether it has.
    fn cancel(&self, id: JobId) -> bool {
        let held = self.held.lock();
        let here = held.get(&id);
        here.inspect(|held| held.cancel.cancel()).is_some()
    }

    /// Has it looked soon what somebody wants stopped.
    pub(crate) fn look(&self) {
        self.unwanted.store(true, Ordering::Release);
        self.more.notify_one();
    }

    /// How many jobs wait in each domain, as this host last saw it.
    pub(crate) fn waiting(&self) -> BTreeMap<DomainName, u64> {
        self.waiting.lock().clone()
    }

    /// Takes note of the queues in which jobs wait.
    fn saw(&self, queues: &[QueueDue]) {
        let mut waiting = self.waiting.lock();
        waiting.values_mut().for_each(|count| *count = 0);
        for QueueDue { queue, waiting: count, .. } in queues {
            *waiting.entry(queue.domain.clone()).or_default() += count;
        }
    }

    /// How many jobs this host has.
    pub(crate) fn count(&self) -> usize {
        self.held.lock().len()
    }
}

impl Router {
    /// Begins to accept jobs, and to run them if this host does.
    pub(crate) fn spawn_jobs(&self, inlets: Inlets) {
        let Inlets { wishes, endings } = inlets;
        let inner = &self.0;
        let (intake, stopped) = (inner.clone(), inner.stopped.clone());
        inner.loops.spawn(async move { intake.accept_jobs(wishes, stopped).await });
        let (ends, stopped) = (inner.clone(), inner.stopped.clone());
        inner.loops.spawn(async move { ends.end_jobs(endings, stopped).await });
        self.until_stopped(|inner| async move { inner.watch_jobs().await });
        if inner.settings.jobs.runs {
            self.until_stopped(|inner| async move { inner.feed_jobs().await });
            self.until_stopped(|inner| async move { inner.beat().await });
            self.until_stopped(|inner| async move { inner.follow_hosts().await });
            self.until_stopped(|inner| async move { inner.forget_jobs().await });
        }
    }

    /// One job.
    pub async fn job(&self, domain: &DomainName, id: JobId) -> Result<Job, Fault> {
        self.within(domain).await?;
        let found = self.0.store.job_load(domain, id).await.map_err(fault)?;
        found.ok_or_else(|| unknown_job(id))
    }

    /// Jobs, the newest first.
    pub async fn job_list(&self, domain: &DomainName, filter: &JobFilter) -> Result<Vec<Job>, Fault> {
        self.within(domain).await?;
        self.0.store.job_list(domain, filter).await.map_err(fault)
    }

    /// What happened to a job after the event `since`, the oldest first; at most `limit` events.
    pub async fn job_events(
        &self,
        domain: &DomainName,
        id: JobId,
        since: u64,
        limit: u64,
    ) -> Result<Vec<JobEvent>, Fault> {
        self.0.store.job_events(domain, id, since, limit).await.map_err(fault)
    }

    /// Takes a job back: one that waits at once, one that runs as soon as its host has heard of it.
    pub async fn job_cancel(&self, by: &Operator, job: &Job) -> Result<Job, Fault> {
        let done = self.0.store.job_cancel(&job.to.domain, job.id, UnixMs::now()).await.map_err(fault);
        if done.as_ref().is_ok_and(|job| job.cancelling) && !self.0.jobs.cancel(job.id) {
            // Another host has it, and looks at what was changed.
            self.announce().await;
        }
        self.governed(by, AuditAction::Cancel, job, &done).await;
        done
    }

    /// Lets a dead letter be tried again.
    pub async fn job_retry(&self, by: &Operator, job: &Job) -> Result<Job, Fault> {
        let done = self.0.store.job_retry(&job.to.domain, job.id, UnixMs::now()).await.map_err(fault);
        self.governed(by, AuditAction::Retry, job, &done).await;
        done
    }

    async fn governed(&self, by: &Operator, action: AuditAction, job: &Job, done: &Result<Job, Fault>) {
        let detail = format!("job {}", job.id);
        self.record(by, action, Some(&job.to.skill), detail, done.as_ref().err()).await;
        self.0.jobs.more.notify_one();
    }
}

impl Inner {
    /// Forgets jobs that have been over for long.
    async fn forget_jobs(self: Arc<Self>) {
        loop {
            let before = UnixMs::now().before(self.settings.jobs.bounds.keep.0);
            match self.store.jobs_forget(before).await {
                // There may be more of them.
                Ok(forgotten) if forgotten == JOBS_BATCH_MAX => continue,
                Ok(_) => {}
                Err(error) => tracing::debug!(%error, "old jobs can't be forgotten yet"),
            }
            tokio::time::sleep(FORGET_EVERY).await;
        }
    }
}

/// The answer to who names a job that isn't there, or not for them.
pub fn unknown_job(id: JobId) -> Fault {
    Fault::not_found(format!("no job `{id}` in this domain: it was forgotten, or is another domain's"))
}
