//! Waiting for a condition, with a limit: what tests do instead of sleeping.

use std::panic::Location;
use std::thread;
use std::time::{Duration, Instant};

/// How often a condition is looked at.
pub(crate) const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// Waits until `condition` holds; panics, naming the caller, when `limit` has passed first.
#[track_caller]
pub fn eventually<C>(limit: Duration, mut condition: C) -> impl Future<Output = ()>
where
    C: AsyncFnMut() -> bool,
{
    let caller = Location::caller();
    async move {
        let end = Instant::now() + limit;
        while !condition().await {
            assert!(Instant::now() < end, "{caller}: not so within {limit:?} of waiting");
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }
}

/// [`eventually`] for tests without a runtime.
#[track_caller]
pub fn eventually_blocking(limit: Duration, condition: impl FnMut() -> bool) {
    assert!(holds_within(limit, condition), "not so within {limit:?} of waiting");
}

/// Looks at `condition` until it holds or `limit` has passed, and says which.
fn holds_within(limit: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + limit;
    loop {
        if condition() {
            return true;
        }
        if Instant::now() >= end {
            return false;
        }
        thread::sleep(POLL_INTERVAL);
    }
}
