//! When each job is due: jobs are let go in shares, one for each fault, and evenly over the time that a fault takes.

use parking_lot::Mutex;
use std::time::{Duration, Instant};

/// A pace, which holds back what is not let go yet.
pub struct Pace {
    every: Duration,
    flow: Mutex<Flow>,
}

struct Flow {
    /// Jobs below this number may go.
    open: usize,
    /// When the first went, or would have if there had been no pause since.
    begun: Instant,
}

impl Pace {
    /// One job `every` so often, and none before it is let go.
    pub fn new(every: Duration) -> Self {
        Self { every, flow: Flow { open: 0, begun: Instant::now() }.into() }
    }

    /// Lets jobs below number `open` go. Those that waited for nothing but this go on from `now`.
    pub fn open(&self, open: usize, now: Instant) {
        let flow = &mut *self.flow.lock();
        let waited = now.saturating_duration_since(flow.begun + self.until(flow.open));
        if open > flow.open {
            (flow.open, flow.begun) = (open, flow.begun + waited);
        }
    }

    /// Whether job number `n`, from 0, may go.
    pub fn is_due(&self, n: usize, now: Instant) -> bool {
        let flow = self.flow.lock();
        n < flow.open && now >= flow.begun + self.until(n)
    }

    fn until(&self, n: usize) -> Duration {
        self.every.saturating_mul(u32::try_from(n).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_go_in_shares_and_evenly() {
        let (second, begun) = (Duration::from_secs(1), Instant::now());
        let pace = Pace::new(second);
        assert!(!pace.is_due(0, begun + second));
        pace.open(3, begun + second);
        let due = |after: u32| (0..9).filter(|n| pace.is_due(*n, begun + second * after)).count();
        assert_eq!([1, 2, 9].map(due), [1, 2, 3], "some are held back by the clock, the fourth by its share");
        pace.open(5, begun + second * 9);
        assert_eq!([9, 10, 60].map(due), [4, 5, 5], "a pause isn't made up for");
        pace.open(1, begun);
        assert_eq!(due(60), 5, "nothing is taken back");
    }
}
