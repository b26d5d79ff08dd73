//! What a job's output asks for, the answers, and the job that goes on with them.

use crate::Router;
use crate::keys::fault;
use bytes::Bytes;
use skep_core::{DomainName, Fault, Job, JobId, Principal};
use skep_store::JobAnswers;
use std::time::Duration;

impl Router {
    /// The input of a job: JSON text.
    pub async fn job_input(&self, domain: &DomainName, id: JobId) -> Result<Bytes, Fault> {
        let found = self.0.store.job_input(domain, id).await.map_err(fault)?;
        found.ok_or_else(|| super::unknown_job(id))
    }

    /// The job that somebody asked for with this idempotency key.
    pub async fn job_of_key(
        &self,
        domain: &DomainName,
        owner: &Principal,
        key: &str,
    ) -> Result<Option<Job>, Fault> {
        self.0.store.job_of_key(domain, owner, key).await.map_err(fault)
    }

    /// What was answered so far to what a job's output asks for.
    pub async fn job_answers(&self, id: JobId) -> Result<JobAnswers, Fault> {
        self.0.store.job_answers(id).await.map_err(fault)
    }

    /// Keeps answers. What was answered before stays as it is.
    pub async fn job_answer(&self, id: JobId, answers: &JobAnswers) -> Result<(), Fault> {
        self.0.store.job_answer(id, answers).await.map_err(fault)
    }

    /// How long a job that is over is remembered.
    pub fn jobs_kept(&self) -> Duration {
        self.0.settings.jobs.bounds.keep.0
    }
}
