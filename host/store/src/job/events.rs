//! What happened to a job, step by step: numbered from 1 without gaps, gone with the job.

use super::marks;
use crate::db::{Abort, DbError, Row, Tx, Value, text, values};
use crate::{Store, StoreError};
use skep_core::{DomainName, JobEvent, JobId, JobStep, UnixMs};

/// Events that one listing brings at most.
pub const JOB_EVENTS_PAGE_MAX: u64 = 1_000;
/// Longest detail that is kept, in bytes; what is longer is cut.
const DETAIL_BYTES_MAX: usize = 2_048;

impl Store {
    /// What happened to a job after the event `since`, the oldest first.
    pub async fn job_events(
        &self,
        domain: &DomainName,
        id: JobId,
        since: u64,
        limit: u64,
    ) -> Result<Vec<JobEvent>, StoreError> {
        let sql = "SELECT e.seq, e.at_ms, e.step, e.attempt, e.detail FROM job_events e JOIN jobs j ON j.id = e.job \
            WHERE j.domain = ? AND e.job = ? AND e.seq > ? ORDER BY e.seq LIMIT ?";
        let limit = limit.min(JOB_EVENTS_PAGE_MAX);
        let rows = self.db.query(sql, values![text(domain), text(id), since, limit]).await?;
        Ok(rows.into_iter().map(read).collect::<Result<_, _>>()?)
    }

    /// How many events each of these jobs has had so far.
    pub async fn jobs_happened(&self, jobs: &[JobId]) -> Result<Vec<(JobId, u64)>, StoreError> {
        let sql = format!("SELECT id, events FROM jobs WHERE id IN ({})", marks(jobs.len()));
        let rows = self.db.query(&sql, jobs.iter().map(text).collect()).await?;
        rows.into_iter().map(|mut row| Ok((row.parse()?, row.int()?))).collect()
    }
}

fn read(mut row: Row) -> Result<JobEvent, DbError> {
    let (seq, at) = (row.int()?, UnixMs(row.int()?));
    let step = row.parse()?;
    Ok(JobEvent { seq, at, step, attempt: super::small(row.int()?)?, detail: row.text()? })
}

/// Inserts events of jobs whose count of events was raised already.
pub(super) async fn insert(tx: &mut Tx, events: Vec<(JobId, JobEvent)>) -> Result<(), Abort> {
    if events.is_empty() {
        return Ok(());
    }
    let rows = vec!["(?, ?, ?, ?, ?, ?)"; events.len()].join(", ");
    let sql = format!("INSERT INTO job_events (job, seq, at_ms, step, attempt, detail) VALUES {rows}");
    let row = |(job, event): (JobId, JobEvent)| {
        let attempt = u64::from(event.attempt);
        values![text(job), event.seq, event.at.0, event.step.as_str(), attempt, cut(&event.detail)]
    };
    Ok(tx.exec(&sql, events.into_iter().flat_map(row).collect()).await?)
}

/// Notes the same step for each of some jobs as they stand now, with their count of events raised already.
pub(super) async fn note(
    tx: &mut Tx,
    at: UnixMs,
    step: JobStep,
    detail: &str,
    jobs: Vec<Value>,
) -> Result<(), Abort> {
    let sql = format!(
        "INSERT INTO job_events (job, seq, at_ms, step, attempt, detail) \
         SELECT id, events, ?, ?, attempt, ? FROM jobs WHERE id IN ({})",
        marks(jobs.len())
    );
    Ok(tx.exec(&sql, [values![at.0, step.as_str(), cut(detail)], jobs].concat()).await?)
}

fn cut(detail: &str) -> &str {
    &detail[..detail.floor_char_boundary(DETAIL_BYTES_MAX)]
}
