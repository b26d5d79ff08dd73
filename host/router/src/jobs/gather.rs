//! Gathering what is committed together: whatever waits, as far as one commit carries it.

use skep_store::JOBS_BATCH_MAX;
use tokio::sync::mpsc;

/// Bytes of input or output that are committed together, one job's apart.
const GATHER_BYTES_MAX: usize = 8 << 20;

/// Takes what waits behind the first; `size` is what each weighs in bytes.
pub(super) fn gather<T>(first: T, waiting: &mut mpsc::Receiver<T>, size: impl Fn(&T) -> usize) -> Vec<T> {
    let mut bytes = size(&first);
    let mut batch = vec![first];
    while batch.len() < JOBS_BATCH_MAX && bytes < GATHER_BYTES_MAX {
        let Ok(next) = waiting.try_recv() else { break };
        bytes += size(&next);
        batch.push(next);
    }
    batch
}
