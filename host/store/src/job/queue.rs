//! The queue of a skill: a row that counts what waits, and that is locked while its jobs are changed.

use super::queue_key;
use crate::db::{Abort, Tx, values};
use crate::{Store, StoreError};
use skep_core::{DomainName, SkillName};
use std::collections::BTreeMap;

/// Queues by their key, in the order in which they are locked; each with how many jobs wait.
pub(super) type Queues = BTreeMap<(DomainName, SkillName), u64>;

impl Store {
    /// The skills of a domain that have jobs waiting, and how many; some may not be due yet.
    pub async fn jobs_waiting(&self, domain: &DomainName) -> Result<Vec<(SkillName, u64)>, StoreError> {
        let sql = "SELECT skill, waiting FROM job_queues WHERE domain = ? AND waiting > 0";
        let rows = self.db.query(sql, values![crate::db::text(domain)]).await?;
        let read = rows.into_iter().map(|mut row| Ok((row.parse()?, row.int()?)));
        Ok(read.collect::<Result<_, crate::db::DbError>>()?)
    }
}

/// Locks these queues until the end of the transaction, and says how many jobs wait in each.
pub(super) async fn lock(
    tx: &mut Tx,
    queues: impl IntoIterator<Item = (DomainName, SkillName)>,
) -> Result<Queues, Abort> {
    let mut locked: Queues = queues.into_iter().map(|key| (key, 0)).collect();
    for ((domain, skill), waiting) in &mut locked {
        let sql = "UPDATE job_queues SET waiting = waiting WHERE domain = ? AND skill = ?";
        tx.exec(sql, queue_key(domain, skill)).await?;
        let sql = "SELECT waiting FROM job_queues WHERE domain = ? AND skill = ?";
        match tx.query_one(sql, queue_key(domain, skill)).await? {
            Some(mut row) => *waiting = row.int()?,
            None => {
                let sql = "INSERT INTO job_queues (domain, skill, waiting) VALUES (?, ?, 0)";
                tx.exec(sql, queue_key(domain, skill)).await?;
            }
        }
    }
    Ok(locked)
}

/// Notes how many jobs wait in these queues now.
pub(super) async fn note(tx: &mut Tx, queues: &Queues) -> Result<(), Abort> {
    for ((domain, skill), waiting) in queues {
        let sql = "UPDATE job_queues SET waiting = ? WHERE domain = ? AND skill = ?";
        tx.exec(sql, [values![*waiting], queue_key(domain, skill)].concat()).await?;
    }
    Ok(())
}
