//! Ending jobs: whatever has come to an end is committed together, while the next gathers.

use super::gather::gather;
use crate::Inner;
use skep_core::{Fault, JobEnd, Setback};
use skep_store::{Ending, StoreError};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// Pause after the database refused.
const PAUSE: Duration = Duration::from_millis(200);
/// How long a stopping host tries to end the jobs it has; the others find what is left.
const STOP_MAX: Duration = Duration::from_secs(5);

impl Inner {
    /// Ends jobs until `stopped`; then what has come to an end by then, if the database takes it soon.
    pub(crate) async fn end_jobs(
        self: Arc<Self>,
        endings: mpsc::Receiver<Ending>,
        stopped: CancellationToken,
    ) {
        let given_up = async {
            stopped.cancelled().await;
            sleep(STOP_MAX).await;
        };
        tokio::select! {
            () = self.end_all(endings, &stopped) => {}
            () = given_up => tracing::warn!("this host's jobs could not all be ended: the others find them"),
        }
    }

    async fn end_all(&self, mut endings: mpsc::Receiver<Ending>, stopped: &CancellationToken) {
        while let Some(Some(first)) = stopped.run_until_cancelled(endings.recv()).await {
            self.end_surely(gather(first, &mut endings, size)).await;
        }
        endings.close();
        while let Some(first) = endings.recv().await {
            self.end_surely(gather(first, &mut endings, size)).await;
        }
        while let Err(error) = self.give_back_jobs().await {
            tracing::debug!(%error, "this host's jobs can't be given back yet");
            sleep(PAUSE).await;
        }
    }

    /// Ends a batch however long the database is away: its results are kept, nothing more is taken meanwhile.
    async fn end_surely(&self, batch: Vec<Ending>) {
        let mut told = false;
        loop {
            match self.end_batch(&batch).await {
                Ok(()) => return,
                // No other try would mend it, and it must not hold up the others.
                Err(error @ (StoreError::Unstorable { .. } | StoreError::StatementTooLarge(_))) => {
                    return self.end_apart(batch, &error).await;
                }
                Err(error) => {
                    if !std::mem::replace(&mut told, true) {
                        tracing::warn!(%error, count = batch.len(), "the ends of jobs wait for the database");
                    }
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// Ends each of a batch of which one can't be stored: that one is a dead letter.
    async fn end_apart(&self, mut batch: Vec<Ending>, error: &StoreError) {
        if let [ending] = batch.as_mut_slice() {
            tracing::error!(%error, job = %ending.job.id, "the end of a job can't be stored");
            if matches!(ending.end, JobEnd::Dead(..)) {
                return;
            }
            let fault = Fault::internal(format!("what the job came to can't be stored: {error}"));
            ending.end = JobEnd::Dead(Setback::Failed, fault);
        }
        for ending in batch {
            Box::pin(self.end_surely(vec![ending])).await;
        }
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
