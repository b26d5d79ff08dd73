//! Ending what a host ran: only whoever took a job last may end it.

use super::queue::{self, Queue, Queues};
use super::{COLUMNS, JOBS_BATCH_MAX, events, ids, marks, read};
use crate::change::json;
use crate::db::{Abort, Purpose, Tx, Value, Work, text, values};
use crate::{Store, StoreError};
use async_trait::async_trait;
use skep_core::{Fault, Incarnation, Job, JobEnd, JobEvent, JobId, JobState, JobStep, Setback, UnixMs};
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
    /// or is gone.
    pub async fn jobs_end(&self, endings: &[Ending]) -> Result<Vec<bool>, StoreError> {
        let mut held = Vec::with_capacity(endings.len());
        for batch in endings.chunks(JOBS_BATCH_MAX) {
            held.extend(self.db.transact(Purpose::Write, &End(batch)).await?);
        }
        Ok(held)
    }

    /// Takes jobs from a host that died: they wait again, or are dead letters if that happened too often.
    /// What has moved on since `jobs` were read is left alone. `chance` spreads when they are tried again.
    pub async fn jobs_release(
        &self,
        host: Incarnation,
        jobs: &[Job],
        now: UnixMs,
        chance: f64,
    ) -> Result<(), StoreError> {
        match jobs.is_empty() {
            true => Ok(()),
            false => self.db.transact(Purpose::Write, &Release { host, jobs, now, chance }).await,
        }
    }
}

struct End<'a>(&'a [Ending]);

#[async_trait]
impl Work for End<'_> {
    type Output = Vec<bool>;

    async fn run(&self, tx: &mut Tx) -> Result<Vec<bool>, Abort> {
        let mut queues = queue::lock(tx, self.0.iter().map(|ending| Queue::of(&ending.job))).await?;
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
                Closing { job: now, end, at: *at, events: *events }
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
    jobs: &'a [Job],
    now: UnixMs,
    chance: f64,
}

#[async_trait]
impl Work for Release<'_> {
    type Output = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), Abort> {
        let mut queues = queue::lock(tx, self.jobs.iter().map(Queue::of)).await?;
        let standing = standing(tx, self.jobs).await?;
        let mut closings = Vec::new();
        for read in self.jobs {
            let there = standing.get(&read.id).filter(|(now, _)| now.fence == read.fence);
            if let Some((job, events)) = there.filter(|(now, _)| now.host == Some(self.host)) {
                let fault = Fault::interrupted(format!("host {} died while it had the job", self.host));
                let end = job.set_back(Setback::Interrupted, fault, self.now, self.chance);
                closings.push(Closing { job, end, at: self.now, events: *events });
            }
        }
        write(tx, &mut queues, &closings).await?;
        fence_off(tx, closings.iter().map(|closing| closing.job)).await?;
        queue::note(tx, &queues).await
    }
}

/// Jobs as they stand in the transaction, each with how many events it has.
async fn standing(
    tx: &mut Tx,
    jobs: impl IntoIterator<Item = &Job>,
) -> Result<BTreeMap<JobId, (Job, u64)>, Abort> {
    let ids = ids(jobs);
    let sql = format!("SELECT {COLUMNS}, events FROM jobs WHERE id IN ({})", marks(ids.len()));
    let mut standing = BTreeMap::new();
    for mut row in tx.query(&sql, ids).await? {
        let job = read(&mut row)?;
        standing.insert(job.id, (job, row.int()?));
    }
    Ok(standing)
}

/// Lets a host that isn't as dead as it seemed end none of these.
async fn fence_off(tx: &mut Tx, jobs: impl IntoIterator<Item = &Job>) -> Result<(), Abort> {
    let ids = ids(jobs);
    match ids.is_empty() {
        true => Ok(()),
        false => {
            let sql = format!("UPDATE jobs SET fence = fence + 1 WHERE id IN ({})", marks(ids.len()));
            Ok(tx.exec(&sql, ids).await?)
        }
    }
}

/// The end of a job that runs.
struct Closing<'a> {
    job: &'a Job,
    end: JobEnd,
    at: UnixMs,
    /// How many events it has.
    events: u64,
}

async fn write(tx: &mut Tx, queues: &mut Queues, closings: &[Closing<'_>]) -> Result<(), Abort> {
    let mut told = Vec::with_capacity(closings.len());
    for Closing { job, end, at, events } in closings {
        if let JobEnd::Again(..) = end {
            *queues.waiting(Queue::of(job)) += 1;
        }
        let (state, step, detail) = seen(end);
        update(tx, job, end, state, *at).await?;
        told.push((job.id, JobEvent { seq: events + 1, at: *at, step, attempt: job.attempt, detail }));
    }
    events::insert(tx, told).await
}

/// What a job is after an attempt, and what is told of that.
fn seen(end: &JobEnd) -> (JobState, JobStep, String) {
    match end {
        JobEnd::Done(_) => (JobState::Done, JobStep::Done, String::new()),
        JobEnd::Again(setback, fault, _) => (JobState::Waiting, setback.step(), fault.to_string()),
        JobEnd::Dead(_, fault) => (JobState::Dead, JobStep::Dead, fault.to_string()),
        JobEnd::Cancelled => (JobState::Cancelled, JobStep::Cancelled, String::new()),
    }
}

async fn update(tx: &mut Tx, job: &Job, end: &JobEnd, state: JobState, at: UnixMs) -> Result<(), Abort> {
    let (output, fault) = match end {
        JobEnd::Done(output) => (Value::Blob(output.clone()), Value::Null),
        JobEnd::Again(_, fault, _) | JobEnd::Dead(_, fault) => (Value::Null, json("the fault", fault)?),
        JobEnd::Cancelled => (Value::Null, Value::Null),
    };
    let (failed, interrupted) = match end {
        JobEnd::Again(setback, ..) | JobEnd::Dead(setback, _) => {
            (u64::from(*setback == Setback::Failed), u64::from(*setback == Setback::Interrupted))
        }
        JobEnd::Done(_) | JobEnd::Cancelled => (0, 0),
    };
    let due = if let JobEnd::Again(_, _, due) = end { *due } else { job.due };
    let ended = state.is_over().then_some(at.0);
    let sql = "UPDATE jobs SET state = ?, due = ?, ended = ?, host = NULL, output = ?, fault = ?, \
        failures = failures + ?, interruptions = interruptions + ?, events = events + 1 WHERE id = ?";
    let values = values![text(state), due.0, ended, output, fault, failed, interrupted, text(job.id)];
    Ok(tx.exec(sql, values).await?)
}
