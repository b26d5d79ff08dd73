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
    /// It printed more than it may answer.
    #[error("the output limit is reached")]
    Output,
}

/// Counts what one call computes. The task that polls the guest tells when each slice of computing begins
/// and ends; between the two, the guest's own tick handler, which the same poll runs, charges it.
pub(crate) struct Budget {
    ticks_max: u64,
    ticks: AtomicU64,
    charged_until: AtomicU64,
}

impl Budget {
    pub(crate) fn new(cpu: Duration) -> Self {
        let ticks = cpu.as_nanos().div_ceil(TICK.as_nanos());
        let ticks_max = u64::try_from(ticks).unwrap_or(u64::MAX);
        Self { ticks_max, ticks: AtomicU64::new(0), charged_until: AtomicU64::new(0) }
    }

    /// The guest goes on, after a wait that isn't charged.
    pub(crate) fn begin(&self, now: u64) {
        self.charged_until.store(now, Ordering::Relaxed);
    }

    /// Charges what was computed since the last charge, by the guest or by the host on its behalf.
    pub(crate) fn charge(&self, now: u64) {
        let since = self.charged_until.swap(now, Ordering::Relaxed);
        self.ticks.fetch_add(now.saturating_sub(since), Ordering::Relaxed);
    }

    /// Whether there is something left.
    pub(crate) fn check(&self) -> Result<(), Stop> {
        if self.ticks() >= self.ticks_max { Err(Stop::Cpu) } else { Ok(()) }
    }

    /// Ticks charged so far.
    pub(crate) fn ticks(&self) -> u64 {
        self.ticks.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_is_not_charged_and_computing_is() {
        let budget = Budget::new(TICK * 3);
        budget.begin(10);
        budget.charge(11);
        budget.charge(12);
        budget.begin(1000); // a long wait
        budget.charge(1000);
        assert_eq!((budget.ticks(), budget.check()), (2, Ok(())));
        budget.charge(1001);
        assert_eq!(budget.check(), Err(Stop::Cpu));
    }

    #[test]
    fn a_guest_that_goes_unobserved_for_long_pays_for_all_of_it() {
        let budget = Budget::new(TICK * 50);
        budget.begin(100);
        budget.charge(149);
        assert_eq!(budget.check(), Ok(()));
        budget.charge(150);
        assert_eq!(budget.check(), Err(Stop::Cpu));
    }
}
