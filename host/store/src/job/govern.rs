//! What is done to jobs from outside: cancelled, retried, taken from hosts that died, forgotten.

use super::{COLUMNS, JOBS_BATCH_MAX, events, ids, marks, queue, read};
use crate::change::json;
use crate::db::{Abort, DbError, Purpose, Tx, Value, Work, text, values};
use crate::{Store, StoreError};
use async_trait::async_trait;
use skep_core::{
    CallId, DomainName, Fault, INTERRUPTIONS_MAX, Incarnation, Job, JobState, JobStep, Target, UnixMs,
};

impl Store {
    /// Takes a waiting job back at once; of one that runs it is noted that somebody wants it stopped.
    /// Gives the job as it stands then.
    pub async fn job_cancel(&self, domain: &DomainName, id: CallId) -> Result<Job, StoreError> {
        self.job_change(domain, id, What::Cancel).await
    }

    /// Lets a dead letter be tried as often as it was allowed at first.
    pub async fn job_retry(&self, domain: &DomainName, id: CallId) -> Result<Job, StoreError> {
        self.job_change(domain, id, What::Retry).await
    }

    async fn job_change(&self, domain: &DomainName, id: CallId, what: What) -> Result<Job, StoreError> {
        // Which queue to lock never changes, and nothing is read in the transaction before that.
        let there = self.job_load(domain, id).await?;
        let to = there.ok_or_else(|| StoreError::NotFound(format!("job {id}")))?.to;
        self.db.transact(Purpose::Write, &Change { to, id, what }).await
    }

    /// The hosts that have jobs.
    pub async fn job_hosts(&self) -> Result<Vec<Incarnation>, StoreError> {
        let sql = "SELECT DISTINCT host FROM jobs WHERE state = 'running'";
        let rows = self.db.query(sql, Vec::new()).await?;
        Ok(rows.into_iter().map(|mut row| row.parse()).collect::<Result<_, DbError>>()?)
    }

    /// The jobs that a host has, at most [`JOBS_BATCH_MAX`] of those whose id comes after `after`.
    pub async fn jobs_held(&self, host: Incarnation, after: Option<CallId>) -> Result<Vec<Job>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM jobs WHERE state = 'running' AND host = ? AND id > ? ORDER BY id LIMIT ?"
        );
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        let rows = self.db.query(&sql, values![text(host), after, JOBS_BATCH_MAX as u64]).await?;
        Ok(rows.into_iter().map(|mut row| read(&mut row)).collect::<Result<_, _>>()?)
    }

    /// Takes jobs from a host that died: they wait again, or are dead letters once they have outlived
    /// [`INTERRUPTIONS_MAX`] hosts. What has moved on since `jobs` were read is left alone.
    pub async fn jobs_release(&self, host: Incarnation, jobs: &[Job]) -> Result<(), StoreError> {
        match jobs.is_empty() {
            true => Ok(()),
            false => self.db.transact(Purpose::Write, &Release { host, jobs, now: UnixMs::now() }).await,
        }
    }

    /// Forgets jobs that were over before this, at most [`JOBS_BATCH_MAX`]; says how many.
    pub async fn jobs_forget(&self, before: UnixMs) -> Result<usize, StoreError> {
        self.db.transact(Purpose::Write, &Forget(before)).await
    }
}

enum What {
    Cancel,
    Retry,
}

struct Change {
    to: Target,
    id: CallId,
    what: What,
}

#[async_trait]
impl Work for Change {
    type Output = Job;

    async fn run(&self, tx: &mut Tx) -> Result<Job, Abort> {
        let key = (self.to.domain.clone(), self.to.skill.clone());
        let mut queues = queue::lock(tx, [key.clone()]).await?;
        let waiting = queues.entry(key).or_default();
        let (job, now) = (self.load(tx).await?, UnixMs::now());
        match (&self.what, job.state) {
            (What::Cancel, JobState::Waiting) => {
                *waiting = waiting.saturating_sub(1);
                let sql = "UPDATE jobs SET state = 'cancelled', ended = ? WHERE id = ?";
                self.write(tx, sql, values![now.0], (now, JobStep::Cancelled)).await?;
            }
            // Who asks twice has asked.
            (What::Cancel, JobState::Running) if job.cancelling => {}
            (What::Cancel, JobState::Running) => {
                let sql = "UPDATE jobs SET cancelling = 1 WHERE id = ?";
                self.write(tx, sql, values![], (now, JobStep::Cancelling)).await?;
            }
            (What::Retry, JobState::Dead) => {
                *waiting += 1;
                let mut terms = job.terms;
                terms.attempts_max = terms.attempts_max.saturating_add(job.attempt);
                let life = job.expires.0.saturating_sub(job.accepted.0);
                let sql = "UPDATE jobs SET state = 'waiting', due = ?, expires = ?, interruptions = 0, \
                    cancelling = 0, ended = NULL, terms = ? WHERE id = ?";
                let values = values![now.0, now.0.saturating_add(life), json("the job's terms", &terms)?];
                self.write(tx, sql, values, (now, JobStep::Retried)).await?;
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
        let sql = format!("SELECT {COLUMNS} FROM jobs WHERE id = ?");
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

struct Release<'a> {
    host: Incarnation,
    jobs: &'a [Job],
    now: UnixMs,
}

#[async_trait]
impl Work for Release<'_> {
    type Output = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), Abort> {
        let keys = self.jobs.iter().map(|job| (job.to.domain.clone(), job.to.skill.clone()));
        let mut queues = queue::lock(tx, keys).await?;
        let sql = format!(
            "SELECT {COLUMNS} FROM jobs WHERE state = 'running' AND host = ? AND id IN ({})",
            marks(self.jobs.len())
        );
        let rows = tx.query(&sql, [vec![text(self.host)], ids(self.jobs)].concat()).await?;
        for mut row in rows {
            let job = read(&mut row)?;
            let over = self.end_of(&job);
            if over.is_none() {
                *queues.entry((job.to.domain.clone(), job.to.skill.clone())).or_default() += 1;
            }
            self.write(tx, &job, over).await?;
        }
        queue::note(tx, &queues).await
    }
}

impl Release<'_> {
    /// Whether the job is over with its host, and how.
    fn end_of(&self, job: &Job) -> Option<(JobState, JobStep)> {
        if job.cancelling {
            return Some((JobState::Cancelled, JobStep::Cancelled));
        }
        (job.interruptions + 1 >= INTERRUPTIONS_MAX).then_some((JobState::Dead, JobStep::Dead))
    }

    async fn write(&self, tx: &mut Tx, job: &Job, over: Option<(JobState, JobStep)>) -> Result<(), Abort> {
        let id = || vec![text(job.id)];
        events::note(tx, self.now, JobStep::Interrupted, &self.host.to_string(), id()).await?;
        let (state, fault) = match over {
            Some((state @ JobState::Dead, _)) => {
                let fault = Fault::interrupted(format!(
                    "{INTERRUPTIONS_MAX} hosts died while they ran it: it may be what kills them"
                ));
                (state, Some(json("the fault", &fault)?))
            }
            Some((state, _)) => (state, None),
            None => (JobState::Waiting, None),
        };
        let sql = "UPDATE jobs SET state = ?, host = NULL, interruptions = interruptions + 1, ended = ?, fault = ? \
            WHERE id = ?";
        let ended = over.map(|_| self.now.0);
        tx.exec(sql, values![text(state), ended, fault, text(job.id)]).await?;
        match over {
            Some((_, step)) => events::note(tx, self.now, step, "", id()).await,
            None => Ok(()),
        }
    }
}

struct Forget(UnixMs);

#[async_trait]
impl Work for Forget {
    type Output = usize;

    async fn run(&self, tx: &mut Tx) -> Result<usize, Abort> {
        let sql = "SELECT id FROM jobs WHERE ended < ? ORDER BY ended LIMIT ?";
        let rows = tx.query(sql, values![self.0.0, JOBS_BATCH_MAX as u64]).await?;
        let ids =
            rows.into_iter().map(|mut row| row.text().map(Into::into)).collect::<Result<Vec<_>, _>>()?;
        if !ids.is_empty() {
            tx.exec(&format!("DELETE FROM jobs WHERE id IN ({})", marks(ids.len())), ids.clone()).await?;
        }
        Ok(ids.len())
    }
}
