//! The cache before the durable bucket. The database is truth, and this is how no reader is shown less:
//!
//! - A value gets in only with a [`CacheTicket`], and a ticket stands only until somebody begins to write its key.
//! - A writer holds the key before it begins a transaction: what is cached goes, all tickets fall, and readers
//!   miss, without a ticket that stands. With its own ticket it fills in what it committed, unless another writer
//!   held the key at the same time: the order of their commits isn't known here, so nothing is cached then.
//! - A reader that misses while nobody writes gets a ticket, reads the database, and fills in what it found.
//! - A ticket that fell fills in nothing. If it was a writer's, what others cached since is forgotten as well.
//!
//! So it does no harm if Redis loses holds, tickets or values. A writer that dies leaves its hold, which ends after
//! [`CACHE_HOLD_MAX`], longer than its transaction can last. Should a COMMIT be done later still by a database
//! that was stuck, or should Redis come back with what it was, a value lives for [`CACHE_LIFE_MAX`] at most,
//! by its own sealed word: that bounds how old anything can be that a reader sees.

use crate::BusError;
use async_trait::async_trait;
use bytes::Bytes;
use skep_core::{DomainName, SkillName};
use std::time::Duration;
use uuid::Uuid;

/// How long a hold or a ticket stands at most. A database transaction must end sooner.
pub const CACHE_HOLD_MAX: Duration = Duration::from_secs(30);
/// How long a value is believed.
pub const CACHE_LIFE_MAX: Duration = Duration::from_secs(60);

/// What the cache knows of a key.
#[derive(Debug)]
pub enum Cached {
    /// The value that is in the database, or that there is none.
    Hit(Option<Bytes>),
    /// Nothing: read the database, and fill in what you found.
    Miss(CacheTicket),
}

/// The right to fill in one key, once.
#[derive(Debug)]
#[must_use = "a hold keeps readers off the cache until it is filled or released"]
pub struct CacheTicket {
    pub(crate) domain: DomainName,
    pub(crate) skill: SkillName,
    pub(crate) key: String,
    pub(crate) id: Uuid,
    /// Whether it is that of a writer.
    pub(crate) hold: bool,
}

impl CacheTicket {
    pub(crate) fn new(domain: &DomainName, skill: &SkillName, key: &str, hold: bool) -> Self {
        Self { domain: domain.clone(), skill: skill.clone(), key: key.to_owned(), id: Uuid::now_v7(), hold }
    }
}

/// The cache before the durable state of skills. It may miss at any time.
#[async_trait]
pub trait StateCache: Send + Sync {
    /// Looks a key up.
    async fn cache_get(&self, domain: &DomainName, skill: &SkillName, key: &str) -> Result<Cached, BusError>;

    /// Keeps readers off a key. Nobody may write it to the database without this: if it fails, don't write.
    async fn cache_hold(
        &self,
        domain: &DomainName,
        skill: &SkillName,
        key: &str,
    ) -> Result<CacheTicket, BusError>;

    /// Fills in what the database holds: what this writer committed, or this reader found. Ends the hold.
    async fn cache_fill(&self, ticket: CacheTicket, value: Option<Bytes>) -> Result<(), BusError>;

    /// Ends a hold under which nothing was changed for certain. If the outcome isn't known, drop the ticket
    /// instead: the hold then stands for its time.
    async fn cache_release(&self, ticket: CacheTicket) -> Result<(), BusError>;

    /// Forgets all of a skill's keys; tickets from before fill in nothing any more.
    async fn cache_clear(&self, domain: &DomainName, skill: &SkillName) -> Result<(), BusError>;
}
