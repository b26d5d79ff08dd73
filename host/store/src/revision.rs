//! The revision: every change bumps it in its own transaction, so that hosts see whether they are behind.

use crate::StoreError;
use crate::db::{Abort, Db, DbError, Purpose, Tx, values};
use uuid::Uuid;

/// Changes that are remembered by their token. A change is looked up within seconds, if at all.
const CHANGES_KEPT: u64 = 1_000;

impl Db {
    /// Makes one change: `work` gets the new revision. Changes wait for each other, on all hosts, so
    /// that none decides on what another is about to change.
    ///
    /// Should the answer to COMMIT get lost, the next attempt finds the token and knows that it was done.
    pub(crate) async fn change<W>(&self, work: W) -> Result<u64, StoreError>
    where
        W: AsyncFn(&mut Tx, u64) -> Result<(), Abort>,
    {
        let token = Uuid::now_v7().to_string();
        let change = async |tx: &mut Tx| {
            // First of all, for the lock on the row: what is read from here on is the latest.
            tx.exec("UPDATE revision SET value = value + 1 WHERE id = 1", values![]).await?;
            let sql = "SELECT revision FROM changes WHERE token = ?";
            if let Some(mut done) = tx.query_one(sql, values![&*token]).await? {
                return Ok(done.int()?);
            }
            let revision = tx.query_one("SELECT value FROM revision WHERE id = 1", values![]).await?;
            let missing = || DbError::Corrupt("the revision is gone".to_owned());
            let revision = revision.ok_or_else(missing)?.int()?;
            work(tx, revision).await?;
            let sql = "INSERT INTO changes (revision, token) VALUES (?, ?)";
            tx.exec(sql, values![revision, &*token]).await?;
            let old = revision.saturating_sub(CHANGES_KEPT);
            tx.exec("DELETE FROM changes WHERE revision <= ?", values![old]).await?;
            Ok(revision)
        };
        self.transact(Purpose::Write, change).await
    }
}
