//! Ending what a host ran: only whoever took a job last may end it.

use super::{events, ids, marks, queue};
use crate::change::json;
use crate::db::{Abort, Purpose, Tx, Value, Work, text, values};
use crate::{Store, StoreError};
use async_trait::async_trait;
use skep_core::{CallId, Job, JobEnd, JobState, JobStep, UnixMs};
use std::collections::BTreeSet;

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
    pub async fn jobs_end(&self, endings: &[Ending]) -> Result<BTreeSet<CallId>, StoreError> {
        match endings.is_empty() {
            true => Ok(BTreeSet::new()),
            false => self.db.transact(Purpose::Write, &End(endings)).await,
        }
    }
}

struct End<'a>(&'a [Ending]);

#[async_trait]
impl Work for End<'_> {
    type Output = BTreeSet<CallId>;

    async fn run(&self, tx: &mut Tx) -> Result<BTreeSet<CallId>, Abort> {
        let keys = self.0.iter().map(|ending| (ending.job.to.domain.clone(), ending.job.to.skill.clone()));
        let mut queues = queue::lock(tx, keys).await?;
        let standing = standing(tx, self.0).await?;
        let mut held = BTreeSet::new();
        for Ending { job, end, at } in self.0 {
            let fenced = (job.id, job.fence);
            if standing.ended.contains(&fenced) {
                // This was done before, and only its answer was lost.
                held.insert(job.id);
            }
            if !standing.running.contains(&fenced) {
                continue;
            }
            held.insert(job.id);
            if let JobEnd::Again(..) = end {
                *queues.entry((job.to.domain.clone(), job.to.skill.clone())).or_default() += 1;
            }
            write(tx, job, end, *at).await?;
        }
        queue::note(tx, &queues).await?;
        Ok(held)
    }
}

/// Which jobs run under which fence, and which were ended under it.
struct Standing {
    running: BTreeSet<(CallId, u64)>,
    ended: BTreeSet<(CallId, u64)>,
}

async fn standing(tx: &mut Tx, endings: &[Ending]) -> Result<Standing, Abort> {
    let sql = format!("SELECT id, fence, state FROM jobs WHERE id IN ({})", marks(endings.len()));
    let mut standing = Standing { running: BTreeSet::new(), ended: BTreeSet::new() };
    for mut row in tx.query(&sql, ids(endings.iter().map(|ending| &ending.job))).await? {
        let (fenced, state) = ((row.parse()?, row.int()?), row.parse::<JobState>()?);
        match state {
            JobState::Running => standing.running.insert(fenced),
            _ => standing.ended.insert(fenced),
        };
    }
    Ok(standing)
}

async fn write(tx: &mut Tx, job: &Job, end: &JobEnd, at: UnixMs) -> Result<(), Abort> {
    let (state, step, detail) = match end {
        JobEnd::Done(_) => (JobState::Done, JobStep::Done, String::new()),
        JobEnd::Again(fault, _) => (JobState::Waiting, JobStep::Failed, fault.to_string()),
        JobEnd::Dead(fault) => (JobState::Dead, JobStep::Dead, fault.to_string()),
        JobEnd::Cancelled => (JobState::Cancelled, JobStep::Cancelled, String::new()),
    };
    let due = if let JobEnd::Again(_, due) = end { due.0 } else { job.due.0 };
    let (output, fault) = match end {
        JobEnd::Done(output) => (Value::Blob(output.clone()), Value::Null),
        JobEnd::Again(fault, _) | JobEnd::Dead(fault) => (Value::Null, json("the fault", fault)?),
        JobEnd::Cancelled => (Value::Null, Value::Null),
    };
    let ended = state.is_over().then_some(at.0);
    let sql =
        "UPDATE jobs SET state = ?, due = ?, ended = ?, host = NULL, output = ?, fault = ? WHERE id = ?";
    tx.exec(sql, values![text(state), due, ended, output, fault, text(job.id)]).await?;
    events::note(tx, at, step, &detail, vec![text(job.id)]).await
}
