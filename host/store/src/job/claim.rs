//! Taking jobs: a host takes what is due and has room, and raises each job's fence by that.

use super::{BATCH_BYTES_MAX, COLUMNS, JOBS_BATCH_MAX, Queue, events, marks, queue, rank, read};
use crate::db::{Abort, Purpose, Tx, Value, Work, text, values};
use crate::{Store, StoreError};
use async_trait::async_trait;
use skep_core::{ClaimedJob, Incarnation, JobStep, Lane, UnixMs};

/// How many jobs of a skill and lane a host has room for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The skill.
    pub queue: Queue,
    /// The lane.
    pub lane: Lane,
    /// At most so many.
    pub count: usize,
}

impl Store {
    /// Takes jobs that are due for a host, the most urgent and oldest first, [`JOBS_BATCH_MAX`] at most. If the
    /// answer is lost on its way they are the host's nonetheless: [`Store::jobs_held`] tells.
    pub async fn jobs_claim(
        &self,
        host: Incarnation,
        wanted: &[Wanted],
        now: UnixMs,
    ) -> Result<Vec<ClaimedJob>, StoreError> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        self.db.transact(Purpose::Write, &Claim { host, wanted, now }).await
    }
}

struct Claim<'a> {
    host: Incarnation,
    wanted: &'a [Wanted],
    now: UnixMs,
}

#[async_trait]
impl Work for Claim<'_> {
    /// Doing it twice would take twice as many.
    const REPEATABLE: bool = false;
    type Output = Vec<ClaimedJob>;

    async fn run(&self, tx: &mut Tx) -> Result<Vec<ClaimedJob>, Abort> {
        let mut queues = queue::lock(tx, self.wanted.iter().map(|wanted| wanted.queue.clone())).await?;
        let (mut ids, mut bytes) = (Vec::new(), 0);
        for wanted in self.wanted {
            let most = wanted.count.min(JOBS_BATCH_MAX - ids.len());
            let found = self.due(tx, wanted, most, &mut bytes).await?;
            let waiting = queues.waiting(wanted.queue.clone());
            *waiting = waiting.saturating_sub(found.len() as u64);
            ids.extend(found);
        }
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let marks = marks(ids.len());
        let sql = format!(
            "UPDATE jobs SET state = 'running', host = ?, fence = fence + 1, attempt = attempt + 1, \
             events = events + 1 \
             WHERE id IN ({marks})"
        );
        tx.exec(&sql, [vec![text(self.host)], ids.clone()].concat()).await?;
        events::note(tx, self.now, JobStep::Started, &self.host.to_string(), ids.clone()).await?;
        queue::note(tx, &queues).await?;
        let sql = format!("SELECT {COLUMNS}, input FROM jobs WHERE id IN ({marks}) ORDER BY lane, due, id");
        let rows = tx.query(&sql, ids).await?;
        let read =
            rows.into_iter().map(|mut row| Ok(ClaimedJob { job: read(&mut row)?, input: row.blob()? }));
        read.collect()
    }
}

impl Claim<'_> {
    /// The ids of what is due, as far as one answer carries their inputs.
    async fn due(
        &self,
        tx: &mut Tx,
        wanted: &Wanted,
        most: usize,
        bytes: &mut u64,
    ) -> Result<Vec<Value>, Abort> {
        let sql = "SELECT id, LENGTH(input) FROM jobs WHERE domain = ? AND skill = ? AND state = 'waiting' \
            AND lane = ? AND due <= ? ORDER BY due, id LIMIT ?";
        let lane = rank(wanted.lane);
        let Queue { domain, skill } = &wanted.queue;
        let values = values![text(domain), text(skill), lane, self.now.0, most as u64];
        let mut ids = Vec::new();
        for mut row in tx.query(sql, values).await? {
            let (id, size) = (row.text()?, row.int()?);
            if *bytes > 0 && *bytes + size > BATCH_BYTES_MAX as u64 {
                break;
            }
            *bytes += size;
            ids.push(Value::from(id));
        }
        Ok(ids)
    }
}
