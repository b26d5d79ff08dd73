//! The hosts that take jobs: each beats here, and one whose beats stop has died.

use crate::db::{Abort, Purpose, Tx, Work, text};
use crate::{Store, StoreError};
use async_trait::async_trait;
use skep_core::Incarnation;
use std::collections::BTreeMap;

impl Store {
    /// Beats once for a host, however many others wait for a connection.
    pub async fn job_host_beat(&self, host: Incarnation) -> Result<(), StoreError> {
        self.pulse.transact(Purpose::Write, &Beat(host)).await
    }

    /// The hosts that beat or have jobs, each with how often it has beaten.
    pub async fn job_hosts(&self) -> Result<BTreeMap<Incarnation, u64>, StoreError> {
        let sql = "SELECT host, beats FROM job_hosts UNION ALL \
            SELECT DISTINCT host, 0 FROM jobs WHERE host IS NOT NULL";
        let mut hosts = BTreeMap::new();
        for mut row in self.db.query(sql, Vec::new()).await? {
            let (host, beats): (Incarnation, u64) = (row.parse()?, row.int()?);
            let known = hosts.entry(host).or_default();
            *known = beats.max(*known);
        }
        Ok(hosts)
    }

    /// Forgets a host that has no jobs any more.
    pub async fn job_host_forget(&self, host: Incarnation) -> Result<(), StoreError> {
        self.db.transact(Purpose::Write, &Forget(host)).await
    }
}

struct Beat(Incarnation);

#[async_trait]
impl Work for Beat {
    type Output = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), Abort> {
        tx.exec("UPDATE job_hosts SET beats = beats + 1 WHERE host = ?", vec![text(self.0)]).await?;
        if beats(tx, self.0).await?.is_none() {
            tx.exec("INSERT INTO job_hosts (host, beats) VALUES (?, 1)", vec![text(self.0)]).await?;
        }
        Ok(())
    }
}

/// How often a host has beaten, if it did and isn't forgotten.
pub(super) async fn beats(tx: &mut Tx, host: Incarnation) -> Result<Option<u64>, Abort> {
    let row = tx.query_one("SELECT beats FROM job_hosts WHERE host = ?", vec![text(host)]).await?;
    Ok(row.map(|mut row| row.int()).transpose()?)
}

struct Forget(Incarnation);

#[async_trait]
impl Work for Forget {
    type Output = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), Abort> {
        Ok(tx.exec("DELETE FROM job_hosts WHERE host = ?", vec![text(self.0)]).await?)
    }
}
