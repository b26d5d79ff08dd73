//! What is done to jobs from outside: cancelled, retried, looked after.

use super::{JOBS_BATCH_MAX, Queue, STANDING, damage, events, queue, read};
use crate::db::{Abort, DbError, Purpose, Tx, Value, Work, text, values};
use crate::{Store, StoreError};
use async_trait::async_trait;
use skep_core::{DomainName, Incarnation, Job, JobId, JobState, JobStep, UnixMs};

impl Store {
    /// Takes a waiting job back at once; of one that runs it is noted that somebody wants it stopped.
    /// Gives the job as it stands then.
    pub async fn job_cancel(&self, domain: &DomainName, id: JobId, now: UnixMs) -> Result<Job, StoreError> {
        self.job_change(domain, id, What::Cancel, now).await
    }

    /// Lets a dead letter be tried as often as it was allowed at first, unless somebody took its end for final.
    pub async fn job_retry(&self, domain: &DomainName, id: JobId, now: UnixMs) -> Result<Job, StoreError> {
        self.job_change(domain, id, What::Retry, now).await
    }

    async fn job_change(
        &self,
        domain: &DomainName,
        id: JobId,
        what: What,
        now: UnixMs,
    ) -> Result<Job, StoreError> {
        // Which queue to lock never changes, and nothing is read in the transaction before that.
        let sql = "SELECT domain, skill FROM jobs WHERE domain = ? AND id = ?";
        let there = self.db.query(sql, vec![text(domain), text(id)]).await?.into_iter().next();
        let queue = Queue::read(&mut there.ok_or_else(|| StoreError::NotFound(format!("job {id}")))?)?;
        self.db.transact(Purpose::Write, &Change { queue, id, what, now }).await
    }

    /// The jobs that a host has, at most [`JOBS_BATCH_MAX`] of those whose id comes after `after`. Those that can't
    /// be read become dead letters.
    pub async fn jobs_held(&self, host: Incarnation, after: Option<JobId>) -> Result<Vec<Job>, StoreError> {
        let sql = format!("SELECT id, {STANDING} FROM jobs WHERE host = ? AND id > ? ORDER BY id LIMIT ?");
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        let rows = self.db.query(&sql, values![text(host), after, JOBS_BATCH_MAX as u64]).await?;
        let (held, damaged) = damage::sift(rows, read)?;
        self.jobs_bury(host, damaged).await?;
        Ok(held)
    }

    /// Those of a host's jobs that somebody wants stopped.
    pub async fn jobs_cancelling(&self, host: Incarnation) -> Result<Vec<JobId>, StoreError> {
        let sql = "SELECT id FROM jobs WHERE host = ? AND cancelling = 1";
        let rows = self.db.query(sql, vec![text(host)]).await?;
        Ok(rows.into_iter().map(|mut row| row.parse()).collect::<Result<_, DbError>>()?)
    }
}

enum What {
    Cancel,
    Retry,
}

struct Change {
    queue: Queue,
    id: JobId,
    what: What,
    now: UnixMs,
}

#[async_trait]
impl Work for Change {
    /// Done twice it would be refused, as if somebody else had done it first.
    const REPEATABLE: bool = false;
    type Output = Job;

    async fn run(&self, tx: &mut Tx) -> Result<Job, Abort> {
        let mut queues = queue::lock(tx, [self.queue.clone()]).await?;
        let waiting = queues.waiting(self.queue.clone());
        let (job, now) = (self.load(tx).await?, self.now);
        match (&self.what, job.state) {
            (What::Cancel, JobState::Waiting) => {
                *waiting = waiting.saturating_sub(1);
                let sql = "UPDATE jobs SET state = 'cancelled', ended = ?, events = events + 1 WHERE id = ?";
                self.write(tx, sql, values![now.0], (now, JobStep::Cancelled)).await?;
            }
            // Who asks twice has asked.
            (What::Cancel, JobState::Running) if job.cancelling => {}
            (What::Cancel, JobState::Running) => {
                let sql = "UPDATE jobs SET cancelling = 1, events = events + 1 WHERE id = ?";
                self.write(tx, sql, values![], (now, JobStep::Cancelling)).await?;
            }
            (What::Retry, JobState::Dead) if job.terms.task => {
                return Err(
                    self.refused(JobState::Dead, "a task's end is final: its client may ask for it anew")
                );
            }
            (What::Retry, JobState::Dead) => {
                *waiting += 1;
                let sql = "UPDATE jobs SET state = 'waiting', due = ?, expires = ?, failures = 0, \
                    interruptions = 0, cancelling = 0, ended = NULL, events = events + 1 WHERE id = ?";
                let values = values![now.0, now.0.saturating_add(job.terms.within_ms)];
                self.write(tx, sql, values, (now, JobStep::Retried)).await?;
                let sql = "REPLACE INTO job_retries (job, attempt) VALUES (?, ?)";
                tx.exec(sql, values![text(self.id), u64::from(job.attempt)]).await?;
            }
            (What::Cancel, state) => return Err(self.refused(state, "it is over")),
            (What::Retry, state) => return Err(self.refused(state, "only dead letters are tried again")),
        }
        queue::note(tx, &queues).await?;
        self.load(tx).await
    }
}

impl Change {
    async fn load(&self, tx: &mut Tx) -> Result<Job, Abort> {
        let sql = format!("SELECT {STANDING} FROM jobs WHERE id = ?");
        let found = tx.query_one(&sql, vec![text(self.id)]).await?;
        let gone = || StoreError::NotFound(format!("job {}", self.id));
        Ok(read(&mut found.ok_or_else(gone)?)?)
    }

    async fn write(
        &self,
        tx: &mut Tx,
        sql: &str,
        values: Vec<Value>,
        (at, step): (UnixMs, JobStep),
    ) -> Result<(), Abort> {
        tx.exec(sql, [values, vec![text(self.id)]].concat()).await?;
        events::note(tx, at, step, "", vec![text(self.id)]).await
    }

    fn refused(&self, state: JobState, way_out: &'static str) -> Abort {
        StoreError::JobState { id: self.id, state, way_out }.into()
    }
}
