//! Accepting jobs: all that wait are committed together, each with the audit record of its acceptance.

use super::gather::gather;
use crate::Inner;
use crate::keys::fault;
use skep_core::{AuditEvent, AuditRecord, Fault, Job, NewJob};
use skep_store::StoreError;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// How long a stopping host goes on to accept what waits.
const STOP_MAX: Duration = Duration::from_secs(5);

/// A job that somebody waits to see accepted.
pub(crate) struct Wish {
    pub(crate) job: NewJob,
    pub(crate) event: AuditEvent,
    pub(crate) answer: oneshot::Sender<Result<Job, Fault>>,
    /// Its share of the bytes that may wait.
    pub(crate) room: OwnedSemaphorePermit,
}

impl Inner {
    /// Accepts jobs until `stopped`; what waits by then is accepted still, if the database takes it soon.
    pub(crate) async fn accept_jobs(
        self: Arc<Self>,
        mut wishes: mpsc::Receiver<Wish>,
        stopped: CancellationToken,
    ) {
        let size = |wish: &Wish| wish.job.input.len();
        while let Some(Some(first)) = stopped.run_until_cancelled(wishes.recv()).await {
            self.accept_batch(gather(first, &mut wishes, size)).await;
        }
        wishes.close();
        let until = Instant::now() + STOP_MAX;
        while let Some(first) = wishes.recv().await {
            if Instant::now() > until {
                // Whoever waits for these learns it by their being gone.
                return;
            }
            self.accept_batch(gather(first, &mut wishes, size)).await;
        }
    }

    async fn accept_batch(&self, batch: Vec<Wish>) {
        let (mut jobs, mut records, mut answers) = (Vec::new(), Vec::new(), Vec::new());
        let mut rooms = Vec::new();
        for Wish { job, event, answer, room } in batch {
            rooms.push(room);
            // Nothing is accepted that can't be recorded.
            match self.auditor.chained(&event) {
                Some(record) => {
                    jobs.push(job);
                    records.push(record);
                    answers.push(answer);
                }
                None => drop(answer.send(Err(Fault::internal("the audit record could not be written")))),
            }
        }
        match self.store.jobs_create(&jobs, &records, self.settings.jobs.bounds.room()).await {
            Ok(outcomes) => {
                for (answer, outcome) in answers.into_iter().zip(outcomes) {
                    // Who asked may have gone; the job is accepted all the same.
                    let _ = answer.send(outcome.map_err(fault));
                }
            }
            Err(error) => self.not_accepted(records, answers, error).await,
        }
    }

    /// The records have their places in this host's chain, which must not have gaps: they go the usual way,
    /// followed by what tells that the jobs were refused.
    async fn not_accepted(
        &self,
        records: Vec<AuditRecord>,
        answers: Vec<oneshot::Sender<Result<Job, Fault>>>,
        error: StoreError,
    ) {
        let fault = fault(error);
        for record in records {
            self.auditor.relay(record).await;
        }
        for answer in answers {
            let _ = answer.send(Err(fault.clone()));
        }
    }
}
