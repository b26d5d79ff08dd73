//! The queue of a skill: a row that counts what waits, and that is locked while its jobs are changed.

use super::rank;
use crate::db::{Abort, DbError, Row, Tx, Value, text, values};
use crate::{Store, StoreError};
use skep_core::{DomainName, Lane, SkillName, Target, UnixMs};
use std::collections::BTreeMap;

/// The jobs of one skill.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Queue {
    /// Its domain.
    pub domain: DomainName,
    /// The skill.
    pub skill: SkillName,
}

impl Queue {
    /// Where a job that calls this stands.
    pub fn of(to: &Target) -> Self {
        Self { domain: to.domain.clone(), skill: to.skill.clone() }
    }

    /// From two columns: domain and skill.
    pub(super) fn read(row: &mut Row) -> Result<Self, DbError> {
        Ok(Self { domain: row.parse()?, skill: row.parse()? })
    }

    fn key(&self) -> Vec<Value> {
        values![text(&self.domain), text(&self.skill)]
    }
}

/// A queue in which jobs wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueDue {
    /// Which one.
    pub queue: Queue,
    /// How many wait.
    pub waiting: u64,
    /// When the first one of each lane may start, in the order of [`Lane::ALL`](skep_core::Lane::ALL).
    pub due: [Option<UnixMs>; 3],
}

/// Queues that are locked, in the order in which they were.
pub(super) struct Queues(BTreeMap<Queue, Count>);

/// How many jobs wait.
#[derive(Default)]
struct Count {
    stored: u64,
    now: u64,
}

impl Queues {
    /// How many jobs of a queue wait.
    pub(super) fn waiting(&mut self, queue: Queue) -> &mut u64 {
        &mut self.0.entry(queue).or_default().now
    }
}

impl Store {
    /// The queues in which jobs wait. What this costs grows with the queues, not with the jobs.
    pub async fn jobs_due(&self) -> Result<Vec<QueueDue>, StoreError> {
        let sql = "SELECT domain, skill, waiting FROM job_queues WHERE waiting > 0";
        let mut found = Vec::new();
        for mut row in self.db.query(sql, Vec::new()).await? {
            let (queue, waiting) = (Queue::read(&mut row)?, row.int()?);
            let due = self.first_due(&queue).await?;
            found.push(QueueDue { queue, waiting, due });
        }
        Ok(found)
    }

    /// When the first job of each lane may start. A server finds the least of an index at once, but only if it
    /// knows where in the index before it runs the query: so one for each queue.
    async fn first_due(&self, queue: &Queue) -> Result<[Option<UnixMs>; 3], StoreError> {
        let first =
            "(SELECT MIN(due) FROM jobs WHERE domain = ? AND skill = ? AND state = 'waiting' AND lane = ?)";
        let values = Lane::ALL.map(|lane| [queue.key(), values![rank(lane)]].concat()).concat();
        let rows = self.db.query(&format!("SELECT {first}, {first}, {first}"), values).await?;
        let Some(mut row) = rows.into_iter().next() else { return Ok([None; 3]) };
        Ok([row.opt_int()?, row.opt_int()?, row.opt_int()?].map(|due| due.map(UnixMs)))
    }
}

/// Locks these queues until the end of the transaction, and reads how many jobs wait in each.
pub(super) async fn lock(tx: &mut Tx, queues: impl IntoIterator<Item = Queue>) -> Result<Queues, Abort> {
    let mut locked: BTreeMap<_, _> = queues.into_iter().map(|queue| (queue, Count::default())).collect();
    // All before anything is read: what a transaction reads is as of its first read.
    for queue in locked.keys() {
        let sql = "UPDATE job_queues SET waiting = waiting WHERE domain = ? AND skill = ?";
        tx.exec(sql, queue.key()).await?;
    }
    for (queue, count) in &mut locked {
        let sql = "SELECT waiting FROM job_queues WHERE domain = ? AND skill = ?";
        match tx.query_one(sql, queue.key()).await? {
            Some(mut row) => count.stored = row.int()?,
            None => {
                let sql = "INSERT INTO job_queues (domain, skill, waiting) VALUES (?, ?, 0)";
                tx.exec(sql, queue.key()).await?;
            }
        }
        count.now = count.stored;
    }
    Ok(Queues(locked))
}

/// Notes how many jobs wait in these queues now.
pub(super) async fn note(tx: &mut Tx, Queues(queues): &Queues) -> Result<(), Abort> {
    for (queue, count) in queues.iter().filter(|(_, count)| count.now != count.stored) {
        let sql = "UPDATE job_queues SET waiting = ? WHERE domain = ? AND skill = ?";
        tx.exec(sql, [values![count.now], queue.key()].concat()).await?;
    }
    Ok(())
}
