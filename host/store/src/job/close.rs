//! How what a job came to is written down: in its row, and among its events.

use super::queue::{Queue, Queues};
use super::{BATCH_BYTES_MAX, JOB_BYTES_MAX, events, marks, split_fitting};
use crate::StoreError;
use crate::change::json;
use crate::db::{Abort, DbError, Tx, Value, text, values};
use bytes::Bytes;
use skep_core::{Fault, Job, JobEnd, JobEvent, JobId, JobState, JobStep, Setback, UnixMs};

/// Jobs that one statement marks as done at most: the server looks for each among all of them.
const DONE_MAX: usize = 64;

/// The end of a job that runs.
pub(super) struct Closing<'a> {
    pub(super) job: &'a Job,
    pub(super) end: JobEnd,
    pub(super) at: UnixMs,
    /// How many events it has.
    pub(super) events: u64,
    /// Whether the host that had it may live on, and must end it no more.
    pub(super) fence_off: bool,
}

/// Ends jobs, and counts those that wait again.
pub(super) async fn write(tx: &mut Tx, queues: &mut Queues, closings: &[Closing<'_>]) -> Result<(), Abort> {
    let (mut told, mut done) = (Vec::with_capacity(closings.len()), Vec::new());
    for closing in closings {
        let Closing { job, end, at, events, .. } = closing;
        if let JobEnd::Again(..) = end {
            *queues.waiting(Queue::of(&job.to)) += 1;
        }
        let (state, step, detail) = seen(end);
        match end {
            JobEnd::Done(output) => done.push((job.id, output, *at)),
            _ => update(tx, closing, state).await?,
        }
        told.push((job.id, JobEvent { seq: events + 1, at: *at, step, attempt: job.attempt, detail }));
    }
    let mut rest = done.as_slice();
    while !rest.is_empty() {
        let (now, later) = split_fitting(rest, DONE_MAX, BATCH_BYTES_MAX, |(_, output, _)| output.len());
        finish(tx, now).await?;
        rest = later;
    }
    events::insert(tx, told).await
}

/// Refuses what can never be stored.
pub(super) fn check(id: JobId, end: &JobEnd) -> Result<(), StoreError> {
    let checked = match end {
        JobEnd::Done(output) => StoreError::check_size("the output", output.len(), JOB_BYTES_MAX),
        JobEnd::Again(_, fault, _) | JobEnd::Dead(_, fault) => stored_fault(fault).map(drop),
        JobEnd::Cancelled => Ok(()),
    };
    checked.map_err(|why| unstorable(id, why))
}

fn unstorable(id: JobId, why: StoreError) -> StoreError {
    StoreError::Unstorable { id, why: Box::new(why) }
}

fn stored_fault(fault: &Fault) -> Result<Value, StoreError> {
    json("the fault", fault)
}

/// Stores what jobs came to that are done, all in one statement: what usually happens, and most often.
async fn finish(tx: &mut Tx, done: &[(JobId, &Bytes, UnixMs)]) -> Result<(), Abort> {
    let whens = "WHEN ? THEN ? ".repeat(done.len());
    let sql = format!(
        "UPDATE jobs SET state = 'done', host = NULL, fault = NULL, events = events + 1, \
         ended = CASE id {whens}END, output = CASE id {whens}END WHERE id IN ({})",
        marks(done.len())
    );
    let ended = done.iter().flat_map(|(id, _, at)| values![text(id), at.0]);
    let outputs = done.iter().flat_map(|(id, output, _)| values![text(id), Bytes::clone(output)]);
    let ids = done.iter().map(|(id, ..)| text(id));
    let stored = tx.exec(&sql, ended.chain(outputs).chain(ids).collect()).await;
    stored.map_err(|error| match (error, done) {
        (error @ DbError::TooLarge(_), [(id, ..)]) => unstorable(*id, error.into()).into(),
        (error, _) => error.into(),
    })
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

/// Ends a job without an output.
async fn update(
    tx: &mut Tx,
    Closing { job, end, at, fence_off, .. }: &Closing<'_>,
    state: JobState,
) -> Result<(), Abort> {
    let (setback, fault) = match end {
        JobEnd::Again(setback, fault, _) | JobEnd::Dead(setback, fault) => {
            (Some(*setback), stored_fault(fault)?)
        }
        JobEnd::Done(_) | JobEnd::Cancelled => (None, Value::Null),
    };
    let counts = |kind| u64::from(setback == Some(kind));
    let due = if let JobEnd::Again(_, _, due) = end { *due } else { job.due };
    let ended = state.is_over().then_some(at.0);
    let sql = "UPDATE jobs SET state = ?, due = ?, ended = ?, host = NULL, output = NULL, fault = ?, \
        failures = failures + ?, interruptions = interruptions + ?, fence = fence + ?, events = events + 1 \
        WHERE id = ?";
    let (failed, interrupted) = (counts(Setback::Failed), counts(Setback::Interrupted));
    let fences = u64::from(*fence_off);
    let values = values![text(state), due.0, ended, fault, failed, interrupted, fences, text(job.id)];
    Ok(tx.exec(sql, values).await?)
}
