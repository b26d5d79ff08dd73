//! Whether a host lives, whether it can serve, and what it is doing, for those who watch.

use crate::{Inner, Router};
use prometheus_client::registry::Registry;
use skep_bus::Backlog;
use skep_core::{DomainName, Fault};
use skep_sandbox::Counts;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// How long a part may take to say that it is there.
const ANSWER_MAX: Duration = Duration::from_secs(1);
/// How long the loops of a host may be silent before it counts as dead.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// How each part stands that serving a call needs.
#[derive(Debug, Clone)]
pub struct Health {
    /// That this host takes calls: it neither stops nor was taken for dead by the others.
    pub host: Result<(), Fault>,
    /// That the bus answers, and how soon.
    pub bus: Result<Duration, Fault>,
    /// That the database confirms the revision, and how soon.
    pub database: Result<Duration, Fault>,
    /// That what is done can be recorded.
    pub audit: Result<(), Fault>,
    /// The revision that this host has seen.
    pub revision: u64,
}

/// What a host is doing now.
#[derive(Debug, Clone)]
pub struct Activity {
    /// Calls that run here.
    pub running: usize,
    /// Callers that wait here for their replies.
    pub callers: usize,
    /// Instances that are alive here, those of sessions left out.
    pub instances: usize,
    /// Jobs that this host has.
    pub jobs: usize,
    /// Jobs that wait in each domain, for any host.
    pub jobs_waiting: BTreeMap<DomainName, u64>,
    /// Sessions that are held here.
    pub sessions: usize,
    /// Calls that may run here at once.
    pub slots: usize,
    /// Skills whose breaker is open, on all hosts, as far as this one knows.
    pub breakers_open: usize,
    /// Audit records kept here while neither bus nor database take them.
    pub audit_spilled: usize,
    /// What its guests hold, and what preparing them took.
    pub sandbox: Counts,
    /// What waits on the bus; nothing where the bus doesn't say.
    pub backlogs: Vec<Backlog>,
}

impl Health {
    /// Whether a call would be accepted and served now.
    pub fn ready(&self) -> Result<(), &Fault> {
        self.host.as_ref()?;
        self.bus.as_ref()?;
        self.database.as_ref()?;
        self.audit.as_ref().map(drop)
    }
}

impl Router {
    /// How each part stands, asked now.
    pub async fn health(&self) -> Health {
        let inner = &self.0;
        let (bus, database) = tokio::join!(
            timed("the bus", async { Ok(inner.bus.ping().await?) }),
            timed("the database", inner.registry.revisions().refresh())
        );
        let (host, audit) = (inner.serving(), inner.auditor.room());
        Health { host, bus, database, audit, revision: inner.registry.revisions().seen() }
    }

    /// What the host is doing now.
    pub async fn activity(&self) -> Activity {
        let inner = &self.0;
        let backlogs = timeout(ANSWER_MAX, inner.bus.backlog()).await;
        Activity {
            running: inner.running.count(),
            callers: inner.waiting.count(),
            instances: inner.slots.living(),
            jobs: inner.jobs.count(),
            jobs_waiting: inner.jobs.waiting(),
            sessions: inner.sessions.count(),
            slots: inner.settings.slots,
            breakers_open: inner.breakers.open(),
            audit_spilled: inner.auditor.spilled(),
            sandbox: inner.sandbox.counts(),
            backlogs: backlogs.map(Result::unwrap_or_default).unwrap_or_default(),
        }
    }

    /// Whether the loops of this host still turn.
    pub fn alive(&self) -> bool {
        self.0.turned.lock().elapsed() < SILENCE_MAX
    }

    /// Adds what is counted of calls to a registry of metrics.
    pub fn register(&self, registry: &mut Registry) {
        self.0.meters.register(registry);
    }
}

impl Inner {
    fn serving(&self) -> Result<(), Fault> {
        if self.lost.is_cancelled() {
            return Err(Fault::unavailable("the other hosts took this one for dead"));
        }
        if self.draining.load(Ordering::Acquire) {
            return Err(Fault::unavailable("this host is stopping"));
        }
        Ok(())
    }
}

async fn timed(part: &str, answer: impl Future<Output = Result<(), Fault>>) -> Result<Duration, Fault> {
    let asked = Instant::now();
    let late = |_| Fault::unavailable(format!("{part} didn't answer within {ANSWER_MAX:?}"));
    timeout(ANSWER_MAX, answer).await.map_err(late)??;
    Ok(asked.elapsed())
}
