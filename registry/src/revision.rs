//! The revision: how a host knows that what it remembers is still what the database says.

use skep_core::Fault;
use skep_store::Store;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How long a host trusts the revision it read; after that it reads again before it dispatches.
pub const REVISION_AGE_MAX: Duration = Duration::from_secs(1);

/// The newest revision this host has seen, and when the database last confirmed it.
pub struct Revisions {
    store: Store,
    epoch: Instant,
    /// Microseconds since `epoch` at which the newest confirmation began; 0 for never.
    confirmed_us: AtomicU64,
    seen: watch::Sender<u64>,
}

impl Revisions {
    pub(crate) fn new(store: Store) -> Self {
        let (epoch, confirmed_us) = (Instant::now(), AtomicU64::new(0));
        Self { store, epoch, confirmed_us, seen: watch::Sender::new(0) }
    }

    /// The newest revision seen.
    pub fn seen(&self) -> u64 {
        *self.seen.borrow()
    }

    /// Tells of every newer revision that is seen.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.seen.subscribe()
    }

    /// Makes sure that what this host remembers is not older than `at_least`, nor unconfirmed for
    /// longer than [`REVISION_AGE_MAX`]. A host that can't say so dispatches nothing.
    pub async fn confirm(&self, at_least: u64) -> Result<(), Fault> {
        if self.seen() >= at_least && self.is_fresh() { Ok(()) } else { self.refresh().await }
    }

    /// Reads the revision from the database.
    pub async fn refresh(&self) -> Result<(), Fault> {
        let begun = self.age_us();
        let read = tokio::time::timeout(REVISION_AGE_MAX, self.store.revision()).await;
        let revision = match read {
            Ok(revision) => revision.map_err(crate::fault)?,
            Err(_) => return Err(Fault::unavailable("the database didn't confirm the revision within 1 s")),
        };
        self.confirmed_us.fetch_max(begun, Ordering::AcqRel);
        self.observe(revision);
        Ok(())
    }

    /// Takes note of a revision that this host itself made or read.
    pub(crate) fn observe(&self, revision: u64) {
        self.seen.send_if_modified(|seen| {
            let newer = revision > *seen;
            *seen = revision.max(*seen);
            newer
        });
    }

    /// Whether this host alone can change the database, so that its own knowledge is always fresh.
    fn is_fresh(&self) -> bool {
        let confirmed = self.confirmed_us.load(Ordering::Acquire);
        let young = || self.age_us().saturating_sub(confirmed) < REVISION_AGE_MAX.as_micros() as u64;
        confirmed > 0 && (!self.store.shared() || young())
    }

    fn age_us(&self) -> u64 {
        // Never 0, which stands for "never confirmed".
        u64::try_from(self.epoch.elapsed().as_micros()).unwrap_or(u64::MAX).max(1)
    }
}
