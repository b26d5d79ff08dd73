//! The ticker: every 10 ms the epoch advances, so that no guest computes unobserved.

use crate::SandboxError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::{sync::Arc, thread, time::Duration};
use wasmtime::Engine;

/// The grain of processor time.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// Counts ticks, and ends guest code's uninterrupted run at each.
pub(crate) struct Clock {
    engine: Engine,
    ticks: AtomicU64,
}

impl Clock {
    /// Starts the ticker's thread, which ends within a tick of the last handle to the clock.
    pub(crate) fn start(engine: Engine) -> Result<Arc<Self>, SandboxError> {
        let clock = Arc::new(Self { engine, ticks: AtomicU64::new(0) });
        let weak = Arc::downgrade(&clock);
        let run = move || {
            while let Some(clock) = weak.upgrade() {
                // The count first: a guest that the epoch stops must find the tick counted.
                clock.ticks.fetch_add(1, Ordering::Release);
                clock.engine.increment_epoch();
                drop(clock);
                thread::sleep(TICK);
            }
        };
        let spawned = thread::Builder::new().name("skep-ticker".into()).spawn(run);
        spawned.map_err(|e| SandboxError::Engine(format!("no thread for the ticker: {e}")))?;
        Ok(clock)
    }

    /// Ticks so far.
    pub(crate) fn now(&self) -> u64 {
        self.ticks.load(Ordering::Acquire)
    }
}
