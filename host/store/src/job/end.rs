//! Ending what a host ran: only whoever took a job last may end it.

use super::queue::{self, Queue, Queues};
use super::{COLUMNS, events, ids, marks, read};
use crate::change::json;
use crate::db::{Abort, Purpose, Tx, Value, Work, text, values};
use crate::{Store, StoreError};
use async_trait::async_trait;
use skep_core::{Fault, Incarnation, Job, JobEnd, JobEvent, JobId, JobState, JobStep, Setback, UnixMs};
use std::collections::{BTreeMap, BTreeSet};

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
    /// Notes what attempts came to, and says of which jobs that holds: of another one somebody else has taken
    /// it since, or somebody else has ended it.
    pub async fn jobs_end(&self, endings: &[Ending]) -> Result<BTreeSet<JobId>, StoreError> {
        match endings.is_empty() {
            true => Ok(BTreeSet::new()),
            false => self.db.transact(Purpose::Write, &End(endings)).await,
        }
    }

    /// Takes jobs from a host that died: they wait again, or are dead letters if that happened too often.
    /// What has moved on since `jobs` were read is left alone. `chance` spreads when they are tried again.
    pub async fn jobs_release(&self, host: Incarnation, jobs: &[Job], chance: f64) -> Result<(), StoreError> {
        match jobs.is_empty() {
            true => Ok(()),
            false => {
                self.db.transact(Purpose::Write, &Release { host, jobs, chance, now: UnixMs::now() }).await
            }
        }
    }
}

struct End<'a>(&'a [Ending]);

#[async_trait]
impl Work for End<'_> {
    type Output = BTreeSet<JobId>;

    async fn run(&self, tx: &mut Tx) -> Result<BTreeSet<JobId>, Abort> {
        let mut queues = queue::lock(tx, self.0.iter().map(|ending| Queue::of(&ending.job))).await?;
        let standing = standing(tx, self.0.iter().map(|ending| &ending.job)).await?;
        let (mut held, mut ends) = (BTreeSet::new(), Vec::new());
        for Ending { job, end, at } in self.0 {
            let Some(now) = standing.get(&job.id).filter(|now| now.fence == job.fence) else { continue };
            // If it isn't running, this was done before, and only its answer was lost.
            if now.state == JobState::Running && held.insert(job.id) {
                ends.push((job, end, *at, now.events));
            }
            held.insert(job.id);
        }
        write(tx, &mut queues, &ends).await?;
        queue::note(tx, &queues).await?;
        Ok(held)
    }
}

struct Release<'a> {
    host: Incarnation,
    jobs: &'a [Job],
    chance: f64,
    now: UnixMs,
}

#[async_trait]
impl Work for Release<'_> {
    type Output = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), Abort> {
        let mut queues = queue::lock(tx, self.jobs.iter().map(Queue::of)).await?;
        let sql = format!("SELECT {COLUMNS} FROM jobs WHERE host = ? AND id IN ({})", marks(self.jobs.len()));
        let rows = tx.query(&sql, [vec![text(self.host)], ids(self.jobs)].concat()).await?;
        let jobs = rows.into_iter().map(|mut row| read(&mut row)).collect::<Result<Vec<_>, _>>()?;
        let standing = standing(tx, &jobs).await?;
        let end = |job: &Job| {
            let fault = Fault::interrupted(format!("host {} died while it had the job", self.host));
            job.set_back(Setback::Interrupted, fault, self.now, self.chance)
        };
        let found: Vec<_> = jobs.iter().map(|job| (job, end(job), standing[&job.id].events)).collect();
        let ends: Vec<_> = found.iter().map(|(job, end, events)| (*job, end, self.now, *events)).collect();
        write(tx, &mut queues, &ends).await?;
        queue::note(tx, &queues).await
    }
}

/// How a job stands in the transaction.
struct Standing {
    fence: u64,
    state: JobState,
    events: u64,
}

async fn standing<'a>(
    tx: &mut Tx,
    jobs: impl IntoIterator<Item = &'a Job>,
) -> Result<BTreeMap<JobId, Standing>, Abort> {
    let ids = ids(jobs);
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let sql = format!("SELECT id, fence, state, events FROM jobs WHERE id IN ({})", marks(ids.len()));
    let mut standing = BTreeMap::new();
    for mut row in tx.query(&sql, ids).await? {
        let (id, fence) = (row.parse()?, row.int()?);
        standing.insert(id, Standing { fence, state: row.parse()?, events: row.int()? });
    }
    Ok(standing)
}

/// Ends jobs that run; each with how many events it has.
async fn write(tx: &mut Tx, queues: &mut Queues, ends: &[(&Job, &JobEnd, UnixMs, u64)]) -> Result<(), Abort> {
    let mut told = Vec::with_capacity(ends.len());
    for &(job, end, at, events) in ends {
        if let JobEnd::Again(..) = end {
            *queues.entry(Queue::of(job)).or_default() += 1;
        }
        let (state, step, detail) = seen(end);
        update(tx, job, end, state, at).await?;
        told.push((job.id, JobEvent { seq: events + 1, at, step, attempt: job.attempt, detail }));
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
