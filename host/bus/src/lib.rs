//! How messages move between hosts: calls out, replies and notices back, audit records on their way to the
//! database; what skills keep beside them: hot state, and a cache before the durable one; which skills fail too
//! often to be called; and what happens, for those who listen.
//! One contract, [`Bus`], and two ways to keep it: [`RedisBus`] and [`MemoryBus`].
//!
//! What the contract promises:
//! - A call is at most once. What no host has read may go to another host; what was handed out by
//!   [`Bus::receive`] counts as started and is never handed out again.
//! - Quotas hold over all hosts, by the bus's own clock; a call that is over counts no more, however it ended.
//! - A full queue is an answer, never a wait: [`BusError::Overloaded`] names the bound.
//! - A saturated skill keeps its calls in a list of its own, so they never stand in front of its neighbours'.
//! - A call by a skill never stands behind calls of lesser depth: a parent that waits can't starve its child.
//! - A call of a session reaches the host that holds the session, or is answered as interrupted.
//! - A call whose accepting host died is run nonetheless, and its reply goes nowhere; its deadline ends it early.
//! - The database is truth. What Redis loses, waiting callers learn by their deadline.

mod backlog;
mod breakers;
mod broadcast;
mod cache;
mod error;
mod lanes;
mod limits;
mod memory;
mod message;
mod queues;
mod state;
mod streams;

pub use backlog::{Backlog, QueueBacklog, Watched};
pub use breakers::{BreakerOf, Breakers, Noted};
pub use broadcast::{Broadcast, Heard};
pub use cache::{CACHE_HOLD_MAX, CACHE_LIFE_MAX, CacheTicket, Cached, StateCache};
pub use error::{Bound, BusError, OverQuota, Spent};
pub use limits::BusLimits;
pub use memory::MemoryBus;
pub use message::{AuditToken, Charge, Delivery, Entry, Event, Payer};
pub use queues::Room;
pub use state::HotState;
pub use streams::{Diagnosis, RedisBus, RedisSettings, diagnose};

use async_trait::async_trait;
use skep_core::{AuditRecord, CallId, DomainName, Envelope, Incarnation, Progress, RateLevel, Reply};

/// How one host takes part in moving messages. Ask for it as `Arc<dyn Bus>`.
#[async_trait]
pub trait Bus: HotState + StateCache + Watched + Broadcast + Breakers + Send + Sync + 'static {
    /// This life of this host, as it stands in `from` of what it sends.
    fn incarnation(&self) -> Incarnation;

    /// Takes part in a domain from now on, from its first message that no host has read. One that is open stays.
    async fn open_domain(&self, domain: &DomainName) -> Result<(), BusError>;

    /// Admits an entry, charges it to its quotas, and puts it in its queue, or behind its saturated skill, in one
    /// step. Says how far the rate of who asked is drawn down then, if they have one.
    /// [`BusError::NoSuchHost`]: the host that held its session is gone, and the session with it.
    /// After [`BusError::OutcomeUnknown`] it may have been queued: wait for the reply or [`Bus::cancel`] it.
    async fn send(&self, entry: Entry) -> Result<Option<RateLevel>, BusError>;

    /// What there is room for: calls by skills first, the deepest first; then calls of this host's sessions and
    /// from outside by turns, the latter split 8:3:1 among the lanes. None when nothing came within
    /// [`BusLimits::receive_wait`]. Dropping the future loses nothing, so a host whose room grows meanwhile
    /// drops it and asks anew. One caller at a time.
    async fn receive(&self, room: Room) -> Result<Vec<Delivery>, BusError>;

    /// Ends a delivery: removes the entry, moves the skill's next waiting entry on, answers the accepting host
    /// and relays the audit record. Returns once queued; waits only while the queue of settlements is full.
    async fn settle(&self, delivery: Delivery, reply: Reply, audit: AuditRecord) -> Result<(), BusError>;

    /// Takes back a call whose caller has gone. True: it had not started, is gone, and nobody else will settle
    /// or audit it. False: it had started (then [`Event::Cancel`] goes to the host that runs it) or was over.
    async fn cancel(&self, envelope: &Envelope) -> Result<bool, BusError>;

    /// Which of these calls the bus knows nothing of: each was settled or taken back, or Redis lost it. Of a
    /// settled one the reply is on its way already.
    async fn unknown(&self, domain: &DomainName, calls: &[CallId]) -> Result<Vec<CallId>, BusError>;

    /// Tells the host that waits how far its call is. Best effort: under pressure only the latest word counts.
    async fn progress(&self, to: Incarnation, progress: Progress) -> Result<(), BusError>;

    /// The next event for this host. [`BusError::LeaseLost`] and [`BusError::Closed`] are final.
    async fn event(&self) -> Result<Event, BusError>;

    /// Tells every host, this one included, that the database has reached `revision`. Best effort.
    async fn announce(&self, revision: u64) -> Result<(), BusError>;

    /// The newest revision that was announced, asked now: a host that has just received work learns whether
    /// what it remembers is older. 0 where none is known, or where there is no other host.
    async fn announced(&self) -> Result<u64, BusError>;

    /// Relays an audit record that belongs to no delivery.
    async fn audit_push(&self, record: AuditRecord) -> Result<(), BusError>;

    /// Takes up to `max` records of any host for the database; none when none came within
    /// [`BusLimits::audit_wait`]. What isn't done within [`BusLimits::audit_retry`] is handed out again.
    async fn audit_take(&self, max: usize) -> Result<Vec<(AuditToken, AuditRecord)>, BusError>;

    /// Forgets records that are in the database now.
    async fn audit_done(&self, tokens: Vec<AuditToken>) -> Result<(), BusError>;

    /// Whether the bus answers.
    async fn ping(&self) -> Result<(), BusError>;

    /// Sends what has been settled, gives up the lease, and ends: every later use is [`BusError::Closed`].
    /// What is still running then is interrupted.
    async fn close(&self);
}
