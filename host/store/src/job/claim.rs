//! Taking jobs: a host takes what is due and has room, and raises each job's fence by that.

use super::{BATCH_BYTES_MAX, JOBS_BATCH_MAX, Queue, STANDING, damage, events, marks, queue, rank, read};
use crate::db::{Abort, DbError, Purpose, Row, Tx, Value, Work, text, values};
use crate::{Store, StoreError};
use async_trait::async_trait;
use skep_core::{ClaimedJob, INTERRUPTIONS_MAX, Incarnation, JobStep, Lane, UnixMs};
use std::mem::replace;

/// A job that has outlived so many hosts is a suspect: the next one's death would be its last. While one is under way
/// no second one is taken, since any host may run them both and the one that kills hosts would take the other along.
const SUSPECT_FROM: u64 = INTERRUPTIONS_MAX as u64 - 1;

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
    /// answer is lost on its way they are the host's nonetheless: [`Store::jobs_held`] tells. What can't be read
    /// becomes a dead letter.
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
        let mut taken = Taken::default();
        for wanted in self.wanted {
            // All queues are locked: nothing is looked for that has no room.
            if taken.is_full() {
                break;
            }
            let found = self.take_due(tx, wanted, &mut taken).await?;
            let waiting = queues.waiting(wanted.queue.clone());
            *waiting = waiting.saturating_sub(found);
        }
        let ids = taken.ids;
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
        let sql =
            format!("SELECT id, {STANDING}, input FROM jobs WHERE id IN ({marks}) ORDER BY lane, due, id");
        let claimed = |row: &mut Row| Ok(ClaimedJob { job: read(row)?, input: row.blob()? });
        let (claimed, damaged) = damage::sift(tx.query(&sql, ids).await?, claimed)?;
        damage::bury(tx, self.now, damaged).await?;
        Ok(claimed)
    }
}

/// What a claim has taken so far.
#[derive(Default)]
struct Taken {
    ids: Vec<Value>,
    /// Bytes of input.
    bytes: u64,
    /// Whether a suspect was met: one is under way then, by this claim or by an earlier one.
    suspect: bool,
    /// Whether the answer carries no more bytes.
    full: bool,
}

impl Taken {
    fn is_full(&self) -> bool {
        self.full || self.ids.len() >= JOBS_BATCH_MAX
    }

    /// Takes a job, unless its input doesn't fit beside the others'.
    fn take(&mut self, id: Value, size: u64) {
        self.full |= self.bytes > 0 && self.bytes + size > BATCH_BYTES_MAX as u64;
        if !self.full {
            self.bytes += size;
            self.ids.push(id);
        }
    }
}

impl Claim<'_> {
    /// Takes what is due, as far as one answer carries the inputs; says how many those are.
    async fn take_due(&self, tx: &mut Tx, wanted: &Wanted, taken: &mut Taken) -> Result<u64, Abort> {
        let before = taken.ids.len();
        let most = wanted.count.min(JOBS_BATCH_MAX - before);
        let mut passed_over = false;
        for (id, size, deaths) in self.due(tx, wanted, most, u64::from(u32::MAX)).await? {
            if deaths >= SUSPECT_FROM && (replace(&mut taken.suspect, true) || self.has_suspect(tx).await?) {
                passed_over = true;
            } else {
                taken.take(id, size);
            }
        }
        // They must not stand before those that nobody suspects.
        if passed_over && !taken.is_full() {
            let calm = self.due(tx, wanted, most, SUSPECT_FROM - 1).await?;
            let others: Vec<_> =
                calm.into_iter().filter(|(id, ..)| !taken.ids[before..].contains(id)).collect();
            for (id, size, _) in others.into_iter().take(most - (taken.ids.len() - before)) {
                taken.take(id, size);
            }
        }
        Ok((taken.ids.len() - before) as u64)
    }

    /// The first jobs that are due and have outlived at most so many hosts: id, size, and how many.
    async fn due(
        &self,
        tx: &mut Tx,
        wanted: &Wanted,
        most: usize,
        deaths_max: u64,
    ) -> Result<Vec<(Value, u64, u64)>, Abort> {
        let sql = "SELECT id, LENGTH(input), interruptions FROM jobs WHERE domain = ? AND skill = ? \
            AND state = 'waiting' AND lane = ? AND due <= ? AND interruptions <= ? ORDER BY due, id LIMIT ?";
        let Queue { domain, skill } = &wanted.queue;
        let lane = rank(wanted.lane);
        let values = values![text(domain), text(skill), lane, self.now.0, deaths_max, most as u64];
        let rows = tx.query(sql, values).await?.into_iter();
        let read = rows.map(|mut row| Ok((Value::from(row.text()?), row.int()?, row.int()?)));
        Ok(read.collect::<Result<_, DbError>>()?)
    }

    /// Whether a suspect is under way. Two claims of different skills at the same moment may each miss the other's.
    async fn has_suspect(&self, tx: &mut Tx) -> Result<bool, Abort> {
        let sql = "SELECT id FROM jobs WHERE host IS NOT NULL AND interruptions >= ? LIMIT 1";
        Ok(tx.query_one(sql, values![SUSPECT_FROM]).await?.is_some())
    }
}
