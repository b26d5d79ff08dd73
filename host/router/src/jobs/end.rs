//! Ending jobs: whatever has come to an end is committed together, while the next gathers.

use super::gather::gather;
use crate::Inner;
use skep_core::JobEnd;
use skep_store::{Ending, StoreError};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

/// Pause after the database refused.
const PAUSE: Duration = Duration::from_millis(200);
/// How long a stopping host tries to end the jobs it has; the others find what is left.
const STOP_MAX: Duration = Duration::from_secs(5);

impl Inner {
    /// Ends jobs until `stopped`; then what has come to an end by then.
    pub(crate) async fn end_jobs(
        self: Arc<Self>,
        mut endings: mpsc::Receiver<Ending>,
        stopped: CancellationToken,
    ) {
        while let Some(Some(first)) = stopped.run_until_cancelled(endings.recv()).await {
            let batch = gather(first, &mut endings, size);
            // Its results are kept until they are stored: nothing more is taken meanwhile.
            let mut told = false;
            while let Err(error) = self.end_batch(&batch).await {
                if !std::mem::replace(&mut told, true) {
                    tracing::warn!(%error, count = batch.len(), "the ends of jobs wait for the database");
                }
                if stopped.run_until_cancelled(sleep(PAUSE)).await.is_none() {
                    break;
                }
            }
        }
        let until = Instant::now() + STOP_MAX;
        endings.close();
        while let Some(first) = endings.recv().await {
            let batch = gather(first, &mut endings, size);
            let _ = timeout_at(until, self.end_batch(&batch)).await;
        }
        let _ = timeout_at(until, self.give_back_jobs()).await;
    }

    async fn end_batch(&self, batch: &[Ending]) -> Result<(), StoreError> {
        let held = self.store.jobs_end(batch).await?;
        for (Ending { job, end, .. }, held) in batch.iter().zip(held) {
            let mut jobs = self.jobs.held.lock();
            // It may have been taken again since, if others took this host for dead.
            if jobs.get(&job.id).is_some_and(|now| now.fence == job.fence) {
                jobs.remove(&job.id);
            }
            drop(jobs);
            if held {
                self.meters.job_ended(end);
            } else {
                tracing::warn!(job = %job.id, attempt = job.attempt, "the end of a job came too late: others have it");
                self.meters.job_stale();
            }
        }
        self.jobs.more.notify_one();
        Ok(())
    }

    /// Gives back what this host has and won't run.
    async fn give_back_jobs(&self) -> Result<(), StoreError> {
        let me = self.bus.incarnation();
        loop {
            let held = self.store.jobs_held(me, None).await?;
            if held.is_empty() {
                return self.store.job_host_forget(me).await;
            }
            let given: Vec<_> = held.into_iter().map(super::feed::unheld).collect();
            self.store.jobs_end(&given).await?;
        }
    }
}

fn size(ending: &Ending) -> usize {
    if let JobEnd::Done(output) = &ending.end { output.len() } else { 0 }
}
