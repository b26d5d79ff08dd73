//! Rows that can't be read, being damaged or a newer program's: one of them must not stop a whole queue.

use super::queue::{self, Queue};
use super::{events, marks};
use crate::change::json;
use crate::db::{Abort, DbError, Purpose, Row, Tx, Value, Work, text, values};
use crate::{Store, StoreError};
use async_trait::async_trait;
use skep_core::{Fault, Incarnation, JobStep, UnixMs};

/// Parts what can be read from the ids of what can't. Each row begins with its id.
pub(super) fn sift<T>(
    rows: Vec<Row>,
    read: impl Fn(&mut Row) -> Result<T, DbError>,
) -> Result<(Vec<T>, Vec<Value>), DbError> {
    let (mut whole, mut damaged) = (Vec::new(), Vec::new());
    for mut row in rows {
        let id = row.text()?;
        match legible(&id, read(&mut row))? {
            Some(one) => whole.push(one),
            None => damaged.push(id.into()),
        }
    }
    Ok((whole, damaged))
}

/// What was read of a job, if that can be read.
pub(super) fn legible<T>(id: &str, read: Result<T, DbError>) -> Result<Option<T>, DbError> {
    match read {
        Ok(one) => Ok(Some(one)),
        Err(DbError::Corrupt(reason)) => {
            tracing::error!(job = %id, %reason, "the row of a job can't be read");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Makes dead letters of jobs that run, whose queues are locked: whoever mends their rows can retry them.
pub(super) async fn bury(tx: &mut Tx, at: UnixMs, ids: Vec<Value>) -> Result<(), Abort> {
    if ids.is_empty() {
        return Ok(());
    }
    let fault = Fault::internal("its row in the database can't be read");
    let sql = format!(
        "UPDATE jobs SET state = 'dead', host = NULL, fence = fence + 1, ended = ?, output = NULL, fault = ?, \
         events = events + 1 WHERE id IN ({})",
        marks(ids.len())
    );
    tx.exec(&sql, [values![at.0, json("the fault", &fault)?], ids.clone()].concat()).await?;
    events::note(tx, at, JobStep::Dead, &fault.to_string(), ids).await
}

impl Store {
    /// Makes dead letters of those of a host's jobs that can't be read.
    pub(super) async fn jobs_bury(&self, host: Incarnation, ids: Vec<Value>) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        let sql = format!("SELECT DISTINCT domain, skill FROM jobs WHERE id IN ({})", marks(ids.len()));
        // What isn't the name of a queue is nobody's to lock.
        let queues = self.db.query(&sql, ids.clone()).await?.into_iter();
        let queues = queues.filter_map(|mut row| Queue::read(&mut row).ok()).collect();
        self.db.transact(Purpose::Write, &Bury { host, queues, ids, at: UnixMs::now() }).await
    }
}

struct Bury {
    host: Incarnation,
    queues: Vec<Queue>,
    ids: Vec<Value>,
    at: UnixMs,
}

#[async_trait]
impl Work for Bury {
    type Output = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), Abort> {
        queue::lock(tx, self.queues.iter().cloned()).await?;
        // Somebody who can read them may have gone on with them.
        let sql = format!("SELECT id FROM jobs WHERE host = ? AND id IN ({})", marks(self.ids.len()));
        let held = tx.query(&sql, [vec![text(self.host)], self.ids.clone()].concat()).await?;
        let held = held.into_iter().map(|mut row| row.text().map(Value::from));
        bury(tx, self.at, held.collect::<Result<_, _>>()?).await
    }
}
