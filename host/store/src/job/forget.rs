//! Forgetting jobs that have been over for long, with all that is told of them.

use super::{JOBS_BATCH_MAX, Queue, marks, queue, split_fitting};
use crate::db::{Abort, DbError, Purpose, Row, Tx, Value, Work, values};
use crate::{Store, StoreError};
use async_trait::async_trait;
use skep_core::UnixMs;

/// Jobs that one transaction forgets at most: each may have brought inputs and outputs that fill many pages.
const TOGETHER_MAX: usize = 32;
/// Events that go with them at most, one job's apart: their queues are locked meanwhile.
const EVENTS_MAX: usize = 4_000;

impl Store {
    /// Forgets jobs that were over before this, at most [`JOBS_BATCH_MAX`]; says how many.
    pub async fn jobs_forget(&self, before: UnixMs) -> Result<usize, StoreError> {
        let sql = "SELECT id, domain, skill, events FROM jobs WHERE ended < ? ORDER BY ended LIMIT ?";
        let rows = self.db.query(sql, values![before.0, JOBS_BATCH_MAX as u64]).await?;
        let over = rows.into_iter().map(Over::read).collect::<Result<Vec<_>, _>>()?;
        let mut rest = over.as_slice();
        while !rest.is_empty() {
            let (jobs, later) = split_fitting(rest, TOGETHER_MAX, EVENTS_MAX, |job| job.events);
            self.db.transact(Purpose::Write, &Forget { before, jobs }).await?;
            rest = later;
        }
        Ok(over.len())
    }
}

/// A job that is over.
struct Over {
    id: Value,
    queue: Queue,
    events: usize,
}

impl Over {
    fn read(mut row: Row) -> Result<Self, DbError> {
        let (id, queue) = (row.text()?.into(), Queue::read(&mut row)?);
        Ok(Self { id, queue, events: usize::try_from(row.int()?).unwrap_or(usize::MAX) })
    }
}

struct Forget<'a> {
    before: UnixMs,
    jobs: &'a [Over],
}

#[async_trait]
impl Work for Forget<'_> {
    type Output = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), Abort> {
        // Whoever retries a dead letter has its queue, and must find it there until they are done.
        queue::lock(tx, self.jobs.iter().map(|job| job.queue.clone())).await?;
        // One may have been retried since it was read.
        let sql = format!("DELETE FROM jobs WHERE ended < ? AND id IN ({})", marks(self.jobs.len()));
        let ids = self.jobs.iter().map(|job| job.id.clone());
        Ok(tx.exec(&sql, values![self.before.0].into_iter().chain(ids).collect()).await?)
    }
}
