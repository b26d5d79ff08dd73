//! Floor 3: the flow of a message, from accept to settle. Read `flow.rs` first.

mod asks;
mod audit;
mod breakers;
mod domains;
mod events;
mod fit;
mod flow;
mod health;
mod hub;
mod jobs;
mod keys;
mod lost;
mod meters;
mod observe;
mod operate;
mod quotas;
mod refusals;
mod running;
mod secrets;
mod serve;
mod services;
mod sessions;
mod slots;
mod state;
mod steps;
mod turn;
mod vault;
mod waiting;

pub use asks::Wish;
pub use domains::unknown_domain;
pub use flow::{Attempt, CallRequest};
pub use health::{Activity, Health};
pub use hub::{EVENTS_WAITING_BYTES_MAX, EVENTS_WAITING_MAX, LISTENERS_MAX, Listener, PATTERNS_MAX, Told};
pub use jobs::{JobBounds, JobRequest, JobSettings, JobWatch, Submitted, unknown_job};
pub use observe::Verdict;
pub use operate::Operator;
pub use quotas::Quotas;
pub use sessions::SessionSeen;
pub use skep_store::{
    DomainRow, JOB_ANSWER_NAME_BYTES_MAX, JOB_EVENTS_PAGE_MAX, JOBS_PAGE_MAX, JobAnswers, JobFilter, KeyRow,
    SecretRow,
};

use audit::Auditor;
use breakers::Breakers;
use domains::Domains;
use jobs::Jobs;
use meters::Meters;
use parking_lot::Mutex;
use refusals::Refusals;
use running::Running;
use sessions::Sessions;
use skep_bus::Bus;
use skep_core::{AuditChain, BreakerRules, Incarnation, Limits, Ratio};
use skep_registry::Registry;
use skep_sandbox::Sandbox;
use skep_store::Store;
use slots::Slots;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use vault::Vault;
use waiting::Waiting;

/// What an operator decides for a router.
#[derive(Debug, Clone)]
pub struct RouterSettings {
    /// Calls that run at once on this host.
    pub slots: usize,
    /// Callers that wait at once on this host.
    pub waiting_max: usize,
    /// What principals and domains may use up.
    pub quotas: Quotas,
    /// What holds for jobs.
    pub jobs: JobSettings,
    /// When a skill that fails is left alone, and for how long. The same on all hosts.
    pub breaker: BreakerRules,
    /// How many of the calls that come without a trace this host traces by itself.
    pub traced: Ratio,
    /// The key of the audit chain.
    pub audit_key: [u8; 32],
    /// The key that secrets are sealed with.
    pub secrets_key: [u8; 32],
    /// How long a stopping host waits for the calls it has.
    pub drain: Duration,
}

/// The router of one host. Cheap to clone.
#[derive(Clone)]
pub struct Router(Arc<Inner>);

struct Inner {
    bus: Arc<dyn Bus>,
    registry: Registry,
    sandbox: Sandbox,
    store: Store,
    settings: RouterSettings,
    ceiling: Limits,
    slots: Slots,
    sessions: Sessions,
    waiting: Waiting,
    running: Running,
    jobs: Jobs,
    auditor: Auditor,
    refusals: Refusals,
    breakers: Breakers,
    vault: Vault,
    domains: Domains,
    hub: hub::Hub,
    meters: Arc<Meters>,
    /// When the loops of this host last turned.
    turned: Mutex<Instant>,
    progress: mpsc::Sender<services::Report>,
    draining: AtomicBool,
    /// Ends the receiving of work.
    receiving: CancellationToken,
    /// Ends everything else, once nothing runs any more.
    stopped: CancellationToken,
    /// Set when the other hosts have taken this one for dead.
    lost: CancellationToken,
    calls: TaskTracker,
    loops: TaskTracker,
}

/// The parts that a router joins.
pub struct Parts {
    /// How messages move.
    pub bus: Arc<dyn Bus>,
    /// What the skills are.
    pub registry: Registry,
    /// Where they run.
    pub sandbox: Sandbox,
    /// Where the audit is kept.
    pub store: Store,
}

impl Router {
    /// Starts to serve what the bus brings.
    pub fn start(parts: Parts, ceiling: Limits, settings: RouterSettings) -> Self {
        let (progress, reports) = mpsc::channel(services::REPORTS_MAX);
        let (jobs, inlets) = Jobs::new();
        let meters = Arc::new(Meters::new());
        parts.store.observe(meters.of_database());
        let chain = AuditChain::new(parts.bus.incarnation(), settings.audit_key);
        let router = Self(Arc::new(Inner {
            slots: Slots::new(settings.slots),
            sessions: Sessions::default(),
            waiting: Waiting::new(settings.waiting_max),
            running: Running::default(),
            jobs,
            auditor: Auditor::new(chain, meters.clone(), parts.bus.clone(), parts.store.clone()),
            refusals: Refusals::default(),
            breakers: Breakers::default(),
            meters,
            turned: Mutex::new(Instant::now()),
            hub: hub::Hub::default(),
            vault: Vault::new(&settings.secrets_key),
            domains: Domains::default(),
            bus: parts.bus,
            registry: parts.registry,
            sandbox: parts.sandbox,
            store: parts.store,
            settings,
            ceiling,
            progress,
            draining: AtomicBool::new(false),
            receiving: CancellationToken::new(),
            stopped: CancellationToken::new(),
            lost: CancellationToken::new(),
            calls: TaskTracker::new(),
            loops: TaskTracker::new(),
        }));
        router.spawn_loops(reports);
        router.spawn_jobs(inlets);
        router
    }

    /// This life of this host.
    pub fn incarnation(&self) -> Incarnation {
        self.0.bus.incarnation()
    }

    /// The skills, for reading. Changes go through the router, which audits them.
    pub fn registry(&self) -> &Registry {
        &self.0.registry
    }

    /// The most that any skill's limits may be.
    pub fn ceiling(&self) -> &Limits {
        &self.0.ceiling
    }
}
