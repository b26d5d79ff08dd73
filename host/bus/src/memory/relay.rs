//! Audit records on their way to the database, in memory.

use skep_core::AuditRecord;
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// Records that wait, and records that were taken and not yet done.
#[derive(Default)]
pub(super) struct Relay {
    ready: VecDeque<(u64, AuditRecord)>,
    taken: BTreeMap<u64, (Instant, AuditRecord)>,
    last: u64,
}

impl Relay {
    /// How many are not done.
    pub(super) fn len(&self) -> u64 {
        (self.ready.len() + self.taken.len()) as u64
    }

    pub(super) fn push(&mut self, record: AuditRecord) {
        self.last += 1;
        self.ready.push_back((self.last, record));
    }

    /// Hands out up to `max`, first those taken longer than `retry` ago.
    pub(super) fn take(&mut self, max: usize, retry: Duration) -> Vec<(u64, AuditRecord)> {
        let now = Instant::now();
        let late = self.taken.iter_mut().filter(|(_, (since, _))| now.duration_since(*since) >= retry);
        let mut taken: Vec<_> = late
            .take(max)
            .map(|(id, (since, record))| {
                *since = now;
                (*id, record.clone())
            })
            .collect();
        let fresh = self.ready.len().min(max - taken.len());
        for (id, record) in self.ready.drain(..fresh) {
            self.taken.insert(id, (now, record.clone()));
            taken.push((id, record));
        }
        taken
    }

    pub(super) fn done(&mut self, id: u64) {
        self.taken.remove(&id);
    }
}
