//! What whoever asked for a job answers to what its output asks for, and the job that goes on with the answers.

use super::{WHOLE, create, read};
use crate::change::json;
use crate::db::{Abort, Purpose, Tx, Work, text, values};
use crate::{Store, StoreError};
use async_trait::async_trait;
use bytes::Bytes;
use skep_core::{DomainName, Job, JobId, Principal};
use std::collections::BTreeMap;

/// Longest name of what a job asks for, in bytes.
pub const JOB_ANSWER_NAME_BYTES_MAX: usize = 255;

/// Answers by the names of what is asked for.
pub type JobAnswers = BTreeMap<String, serde_json::Value>;

impl Store {
    /// The input of a job: JSON text.
    pub async fn job_input(&self, domain: &DomainName, id: JobId) -> Result<Option<Bytes>, StoreError> {
        let sql = "SELECT input FROM jobs WHERE domain = ? AND id = ?";
        let rows = self.db.query(sql, values![text(domain), text(id)]).await?;
        Ok(rows.into_iter().next().map(|mut row| row.blob()).transpose()?)
    }

    /// The job that somebody asked for with this idempotency key.
    pub async fn job_of_key(
        &self,
        domain: &DomainName,
        owner: &Principal,
        key: &str,
    ) -> Result<Option<Job>, StoreError> {
        let sql = format!("SELECT {WHOLE} FROM jobs WHERE domain = ? AND work = ?");
        let rows = self.db.query(&sql, values![text(domain), create::work(Some(owner), key)]).await?;
        Ok(rows.into_iter().next().map(|mut row| read(&mut row)).transpose()?)
    }

    /// What was answered so far.
    pub async fn job_answers(&self, id: JobId) -> Result<JobAnswers, StoreError> {
        let sql = "SELECT name, answer FROM job_answers WHERE job = ?";
        let rows = self.db.query(sql, values![text(id)]).await?;
        rows.into_iter().map(|mut row| Ok((row.text()?, row.json()?))).collect()
    }

    /// Keeps answers. What was answered before stays as it is.
    pub async fn job_answer(&self, id: JobId, answers: &JobAnswers) -> Result<(), StoreError> {
        for name in answers.keys() {
            StoreError::check_size("the name of an answer", name.len(), JOB_ANSWER_NAME_BYTES_MAX)?;
        }
        self.db.transact(Purpose::Write, &Answer { id, answers }).await
    }
}

struct Answer<'a> {
    id: JobId,
    answers: &'a JobAnswers,
}

#[async_trait]
impl Work for Answer<'_> {
    type Output = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), Abort> {
        let known = tx.query("SELECT name FROM job_answers WHERE job = ?", values![text(self.id)]).await?;
        let known = known.into_iter().map(|mut row| row.text()).collect::<Result<Vec<_>, _>>()?;
        for (name, answer) in self.answers.iter().filter(|(name, _)| !known.contains(name)) {
            let sql = "INSERT INTO job_answers (job, name, answer) VALUES (?, ?, ?)";
            tx.exec(sql, values![text(self.id), name.as_str(), json("an answer", answer)?]).await?;
        }
        Ok(())
    }
}
