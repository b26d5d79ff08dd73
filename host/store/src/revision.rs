//! The revision: every change bumps it in its own transaction, so that hosts see whether they are behind.

use crate::StoreError;
use crate::db::{Abort, Db, DbError, Purpose, Tx, Work, values};
use async_trait::async_trait;
use uuid::Uuid;

/// Changes that are remembered by their token. A change is looked up within seconds, if at all.
const CHANGES_KEPT: u64 = 1_000;

/// What changes with a new revision, and with it alone.
#[async_trait]
pub(crate) trait Change: Sync {
    async fn apply(&self, tx: &mut Tx, revision: u64) -> Result<(), Abort>;
}

/// A change by its token. Should the answer to COMMIT get lost, the next attempt finds the token and
/// knows that it was made.
struct Tokened<'a, C> {
    change: &'a C,
    token: String,
}

impl Db {
    /// Makes one change and answers with its revision. Changes wait for each other, on all hosts, so
    /// that none decides on what another is about to change.
    pub(crate) async fn change(&self, change: &impl Change) -> Result<u64, StoreError> {
        let token = Uuid::now_v7().to_string();
        self.transact(Purpose::Write, &Tokened { change, token }).await
    }
}

#[async_trait]
impl<C: Change> Work for Tokened<'_, C> {
    type Output = u64;

    async fn run(&self, tx: &mut Tx) -> Result<u64, Abort> {
        let token = &*self.token;
        // First of all, for the lock on the row: what is read from here on is the latest.
        tx.exec("UPDATE revision SET value = value + 1 WHERE id = 1", values![]).await?;
        let done = tx.query_one("SELECT revision FROM changes WHERE token = ?", values![token]).await?;
        if let Some(mut done) = done {
            let revision = done.int()?;
            tx.exec("UPDATE revision SET value = value - 1 WHERE id = 1", values![]).await?;
            return Ok(revision);
        }
        let revision = tx.query_one("SELECT value FROM revision WHERE id = 1", values![]).await?;
        let missing = || DbError::Corrupt("the revision is gone".to_owned());
        let revision = revision.ok_or_else(missing)?.int()?;
        self.change.apply(tx, revision).await?;
        let sql = "INSERT INTO changes (revision, token) VALUES (?, ?)";
        tx.exec(sql, values![revision, token]).await?;
        let old = revision.saturating_sub(CHANGES_KEPT);
        tx.exec("DELETE FROM changes WHERE revision <= ?", values![old]).await?;
        Ok(revision)
    }
}
