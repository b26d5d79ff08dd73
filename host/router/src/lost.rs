//! The calls that the bus lost: whoever waits for one learns it soon, not by its deadline.

use crate::Inner;
use skep_core::{CallId, Fault};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

/// How often the calls that are waited for are looked up.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Calls looked up at once.
const BATCH_MAX: usize = 1_000;

impl Inner {
    /// Looks for calls that the bus knows nothing of. One that it doesn't know twice in a row is lost: if it had
    /// been settled, its reply would have come meanwhile.
    pub(crate) async fn find_lost(self: Arc<Self>) {
        let mut suspects = HashSet::new();
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let unknown = self.unknown_calls().await;
            for call in unknown.intersection(&suspects) {
                let lost = "the message bus lost the call: whether it had an effect is unknown";
                self.waiting.lose(*call, Fault::interrupted(lost));
            }
            suspects = unknown;
        }
    }

    async fn unknown_calls(&self) -> HashSet<CallId> {
        let mut unknown = HashSet::new();
        for (domain, calls) in self.waiting.waiting_for(LOOK_EVERY) {
            for calls in calls.chunks(BATCH_MAX) {
                match self.bus.unknown(&domain, calls).await {
                    Ok(found) => unknown.extend(found),
                    Err(error) => tracing::debug!(%error, "calls can't be looked up"),
                }
            }
        }
        unknown
    }
}
