//! The processor budget: ticks that found the guest computing. Waiting isn't charged.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::engine::TICK;

/// Why the host ended a guest's run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Stop {
    /// It computed longer than it may.
    #[error("the processor budget is spent")]
    Cpu,
    /// Its time was over.
    #[error("the deadline has passed")]
    Deadline,
    /// The caller has gone, or an operator stopped it.
    #[error("the call was cancelled")]
    Cancelled,
}

/// When the guest last began to compute, in ticks. The task that polls the guest marks it; the guest's
/// own tick handler, which the same poll runs, reads it.
#[derive(Default)]
pub(crate) struct Slice(AtomicU64);

impl Slice {
    pub(crate) fn begin(&self, now: u64) {
        self.0.store(now, Ordering::Relaxed);
    }
    fn begun(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Counts what one call computes.
pub(crate) struct Budget {
    ticks_max: u64,
    ticks: u64,
    charged_until: u64,
}

impl Budget {
    pub(crate) fn new(cpu: Duration) -> Self {
        let ticks = cpu.as_nanos().div_ceil(TICK.as_nanos());
        Self { ticks_max: u64::try_from(ticks).unwrap_or(u64::MAX), ticks: 0, charged_until: 0 }
    }

    /// Charges what was computed since the slice began or since the last charge, whichever is later.
    pub(crate) fn charge(&mut self, slice: &Slice, now: u64) -> Result<(), Stop> {
        let since = slice.begun().max(self.charged_until);
        self.ticks += now.saturating_sub(since);
        self.charged_until = now;
        if self.ticks >= self.ticks_max { Err(Stop::Cpu) } else { Ok(()) }
    }

    /// Ticks charged so far.
    pub(crate) fn ticks(&self) -> u64 {
        self.ticks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_is_not_charged_and_computing_is() {
        let (slice, mut budget) = (Slice::default(), Budget::new(TICK * 3));
        slice.begin(10);
        assert_eq!(budget.charge(&slice, 11), Ok(()));
        slice.begin(11);
        assert_eq!(budget.charge(&slice, 12), Ok(()));
        slice.begin(1000); // a long wait
        assert_eq!(budget.charge(&slice, 1000), Ok(()));
        assert_eq!(budget.ticks(), 2);
        assert_eq!(budget.charge(&slice, 1001), Err(Stop::Cpu));
    }

    #[test]
    fn a_guest_that_goes_unobserved_for_long_pays_for_all_of_it() {
        let (slice, mut budget) = (Slice::default(), Budget::new(TICK * 50));
        slice.begin(100);
        assert_eq!(budget.charge(&slice, 149), Ok(()));
        assert_eq!(budget.charge(&slice, 150), Err(Stop::Cpu));
    }
}
