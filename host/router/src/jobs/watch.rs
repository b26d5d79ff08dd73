//! Who waits for what happens to jobs: one look-up for all of them on this host, however many wait.

use crate::{Inner, Router};
use parking_lot::Mutex;
use skep_core::JobId;
use skep_store::JOBS_BATCH_MAX;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// How often it is looked.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// The jobs that somebody waits for, each with the number of its last event as far as it was seen.
#[derive(Default)]
pub(crate) struct Watched {
    jobs: Mutex<HashMap<JobId, watch::Sender<u64>>>,
    /// Told when there is one.
    some: Notify,
}

/// Somebody who waits for what happens to a job, until this is dropped.
pub struct JobWatch(watch::Receiver<u64>);

impl Router {
    /// Watches a job for what happens to it from now on.
    pub fn job_watch(&self, id: JobId) -> JobWatch {
        JobWatch(self.0.jobs.watched.watch(id))
    }
}

impl JobWatch {
    /// Waits until something may have happened since this answered last.
    pub async fn stirred(&mut self) {
        // What tells it is there for as long as anybody watches.
        let _ = self.0.changed().await;
    }

    /// Lets the next wait end at once.
    pub fn stir(&mut self) {
        self.0.mark_changed();
    }
}

impl Inner {
    /// Tells those who wait, for as long as anybody does.
    pub(crate) async fn watch_jobs(self: Arc<Self>) {
        let watched = &self.jobs.watched;
        loop {
            let ids = watched.ids();
            if ids.is_empty() {
                watched.some.notified().await;
                continue;
            }
            for batch in ids.chunks(JOBS_BATCH_MAX) {
                match self.store.jobs_happened(batch).await {
                    Ok(counts) => watched.tell(counts),
                    Err(error) => tracing::debug!(%error, "nobody can say what happens to jobs"),
                }
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

impl Watched {
    fn watch(&self, id: JobId) -> watch::Receiver<u64> {
        let last = self.jobs.lock().entry(id).or_insert_with(|| watch::Sender::new(0)).subscribe();
        self.some.notify_one();
        last
    }

    /// What somebody waits for still.
    fn ids(&self) -> Vec<JobId> {
        let mut jobs = self.jobs.lock();
        jobs.retain(|_, last| last.receiver_count() > 0);
        jobs.keys().copied().collect()
    }

    fn tell(&self, counts: Vec<(JobId, u64)>) {
        let jobs = self.jobs.lock();
        for (id, count) in counts {
            if let Some(last) = jobs.get(&id) {
                last.send_if_modified(|last| std::mem::replace(last, count) != count);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_told_what_nobody_waits_for() {
        let (watched, id) = (Watched::default(), JobId::fresh());
        let receiver = watched.watch(id);
        let another = watched.watch(id);
        assert_eq!(watched.ids(), [id]);
        drop((receiver, another));
        assert_eq!(watched.ids(), []);
    }
}
