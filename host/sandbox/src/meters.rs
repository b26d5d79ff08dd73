//! What is counted of all calls together, for those who watch.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// What a sandbox holds now, and has done so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Bytes of linear memory and tables that live guests hold.
    pub memory_bytes: u64,
    /// Components that were compiled.
    pub compiles: u64,
    /// How long that took, all together.
    pub compiling: Duration,
    /// Calls whose log was cut at its limit.
    pub logs_cut: u64,
}

/// The counters behind [`Counts`].
#[derive(Debug, Default)]
pub(crate) struct Meters {
    memory: AtomicU64,
    compiles: AtomicU64,
    compiling_us: AtomicU64,
    logs_cut: AtomicU64,
}

impl Meters {
    pub(crate) fn memory_taken(&self, bytes: usize) {
        self.memory.fetch_add(bytes as u64, Relaxed);
    }

    pub(crate) fn memory_freed(&self, bytes: usize) {
        self.memory.fetch_sub(bytes as u64, Relaxed);
    }

    pub(crate) fn compiled(&self, time: Duration) {
        self.compiles.fetch_add(1, Relaxed);
        self.compiling_us.fetch_add(u64::try_from(time.as_micros()).unwrap_or(u64::MAX), Relaxed);
    }

    pub(crate) fn log_cut(&self) {
        self.logs_cut.fetch_add(1, Relaxed);
    }

    pub(crate) fn counts(&self) -> Counts {
        Counts {
            memory_bytes: self.memory.load(Relaxed),
            compiles: self.compiles.load(Relaxed),
            compiling: Duration::from_micros(self.compiling_us.load(Relaxed)),
            logs_cut: self.logs_cut.load(Relaxed),
        }
    }
}
