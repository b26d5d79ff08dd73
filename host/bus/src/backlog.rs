//! What waits on the bus, in numbers: for those who watch, never for deciding.

use async_trait::async_trait;
use skep_core::DomainName;
use std::time::Duration;

use crate::BusError;

/// What waits in one domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backlog {
    /// The bulkhead.
    pub domain: DomainName,
    /// Calls that were admitted and are not over: queued, behind a saturated skill, or running.
    pub admitted: u64,
    /// Audit records that are not in the database yet.
    pub audit: u64,
    /// The queues that every host reads.
    pub queues: Vec<QueueBacklog>,
}

/// What waits in one queue for a host that is free.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueBacklog {
    /// Its name: a lane, or `d1` to `d3` for calls by skills.
    pub queue: String,
    /// How many calls.
    pub calls: u64,
    /// How long the first of them has waited.
    pub oldest: Duration,
}

/// Whoever watches what waits.
#[async_trait]
pub trait Watched: Send + Sync {
    /// What waits in each domain of this host. Over Redis it is the same for all hosts.
    async fn backlog(&self) -> Result<Vec<Backlog>, BusError>;
}
