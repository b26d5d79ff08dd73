//! Ending what a host ran: only whoever took a job last may end it.

use super::close::{Closing, check, write};
use super::queue::{self, Queue};
use super::{JOBS_BATCH_MAX, STANDING, damage, hosts, ids, marks, read};
use crate::db::{Abort, Purpose, Row, Tx, Work};
use crate::{Store, StoreError};
use async_trait::async_trait;
use skep_core::{Fault, Incarnation, Job, JobEnd, JobId, JobState, Setback, UnixMs, spread};
use std::collections::BTreeMap;

/// A job that a host took, and what its attempt came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Ending {
    /// The job as it was taken.
    pub job: Job,
    /// What the attempt came to.
    pub end: JobEnd,
    /// When that was.
    pub at: UnixMs,
}

impl Store {
    /// Notes what attempts came to, and says of each whether that holds: if not, the job was taken from its host,
    /// or is gone. If one of them can never be stored, that is said ([`StoreError::Unstorable`]) and nothing of
    /// its batch is changed.
    pub async fn jobs_end(&self, endings: &[Ending]) -> Result<Vec<bool>, StoreError> {
        endings.iter().try_for_each(|ending| check(ending.job.id, &ending.end))?;
        let mut held = Vec::with_capacity(endings.len());
        for batch in endings.chunks(JOBS_BATCH_MAX) {
            held.extend(self.db.transact(Purpose::Write, &End(batch)).await?);
        }
        Ok(held)
    }

    /// Takes jobs from a host that died: they wait again, or are dead letters if that happened too often.
    /// What has moved on since `jobs` were read is left alone. `chance` spreads when they are tried again.
    /// If the host's `beats` have changed since it was taken for dead, it keeps all, and the answer is no.
    pub async fn jobs_release(
        &self,
        host: Incarnation,
        beats: u64,
        jobs: &[Job],
        now: UnixMs,
        chance: f64,
    ) -> Result<bool, StoreError> {
        match jobs.is_empty() {
            true => Ok(true),
            false => self.db.transact(Purpose::Write, &Release { host, beats, jobs, now, chance }).await,
        }
    }
}

struct End<'a>(&'a [Ending]);

#[async_trait]
impl Work for End<'_> {
    type Output = Vec<bool>;

    async fn run(&self, tx: &mut Tx) -> Result<Vec<bool>, Abort> {
        let mut queues = queue::lock(tx, self.0.iter().map(|ending| Queue::of(&ending.job.to))).await?;
        let standing = standing(tx, self.0.iter().map(|ending| &ending.job)).await?;
        let (mut held, mut closings) = (Vec::new(), BTreeMap::new());
        for Ending { job, end, at } in self.0 {
            let there = standing.get(&job.id).filter(|(now, _)| now.fence == job.fence);
            held.push(there.is_some());
            // If it isn't running, this was done before, and only its answer was lost.
            let Some((now, events)) = there.filter(|(now, _)| now.state == JobState::Running) else {
                continue;
            };
            closings.entry(job.id).or_insert_with(|| {
                let end = match end {
                    // Somebody has wanted it stopped since it was taken.
                    JobEnd::Again(..) if now.cancelling => JobEnd::Cancelled,
                    end => end.clone(),
                };
                Closing { job: now, end, at: *at, events: *events, fence_off: false }
            });
        }
        let closings: Vec<_> = closings.into_values().collect();
        write(tx, &mut queues, &closings).await?;
        queue::note(tx, &queues).await?;
        Ok(held)
    }
}

struct Release<'a> {
    host: Incarnation,
    beats: u64,
    jobs: &'a [Job],
    now: UnixMs,
    chance: f64,
}

#[async_trait]
impl Work for Release<'_> {
    type Output = bool;

    async fn run(&self, tx: &mut Tx) -> Result<bool, Abort> {
        let mut queues = queue::lock(tx, self.jobs.iter().map(|job| Queue::of(&job.to))).await?;
        if hosts::beats(tx, self.host).await?.is_some_and(|beats| beats != self.beats) {
            return Ok(false);
        }
        let standing = standing(tx, self.jobs).await?;
        let mut closings = Vec::new();
        for (nth, read) in self.jobs.iter().enumerate() {
            let there = standing.get(&read.id).filter(|(now, _)| now.fence == read.fence);
            if let Some((job, events)) = there.filter(|(now, _)| now.host == Some(self.host)) {
                let fault = Fault::interrupted(format!("host {} died while it had the job", self.host));
                let end = job.set_back(Setback::Interrupted, fault, self.now, spread(self.chance, nth));
                closings.push(Closing { job, end, at: self.now, events: *events, fence_off: true });
            }
        }
        write(tx, &mut queues, &closings).await?;
        queue::note(tx, &queues).await?;
        Ok(true)
    }
}

/// Jobs as they stand in the transaction, each with how many events it has. What can't be read is as good as gone.
async fn standing(
    tx: &mut Tx,
    jobs: impl IntoIterator<Item = &Job>,
) -> Result<BTreeMap<JobId, (Job, u64)>, Abort> {
    let ids = ids(jobs);
    let sql = format!("SELECT id, {STANDING}, events FROM jobs WHERE id IN ({})", marks(ids.len()));
    let (standing, _) = damage::sift(tx.query(&sql, ids).await?, |row: &mut Row| {
        let job = read(row)?;
        Ok((job.id, (job, row.int()?)))
    })?;
    Ok(standing.into_iter().collect())
}
