//! Domains: which bulkheads there are.

use crate::db::{Abort, DbError, Row, Tx, text, values};
use crate::revision::Change;
use crate::{KEY_NAME_CHARS_MAX, Store, StoreError, key};
use async_trait::async_trait;
use skep_core::{DomainName, UnixMs};

/// Domains of a deployment: each has queues of its own, which every host reads.
pub const DOMAINS_MAX: u64 = 64;
/// What stands in the column of quotas, which nobody reads: the configuration of hosts has them.
const NO_QUOTA: &str = "{}";

/// A domain as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainRow {
    /// Its name.
    pub name: DomainName,
    /// When it was opened; 0 for those from before domains were kept.
    pub created: UnixMs,
    /// By whom.
    pub created_by: String,
}

impl Store {
    /// All domains by name.
    pub async fn domain_list(&self) -> Result<Vec<DomainRow>, StoreError> {
        let rows = self.db.query("SELECT name, created, created_by FROM domains ORDER BY name", Vec::new());
        Ok(rows.await?.into_iter().map(read).collect::<Result<_, _>>()?)
    }

    /// Opens a domain; answers with the new revision.
    pub async fn domain_create(&self, domain: &DomainRow) -> Result<u64, StoreError> {
        let by = domain.created_by.chars().count();
        StoreError::check_size("who opens the domain", by, KEY_NAME_CHARS_MAX)?;
        self.db.change(&Create(domain)).await
    }

    /// Removes a domain that holds nothing any more; answers with the new revision.
    pub async fn domain_remove(&self, name: &DomainName) -> Result<u64, StoreError> {
        self.db.change(&Remove(name)).await
    }
}

struct Create<'a>(&'a DomainRow);

#[async_trait]
impl Change for Create<'_> {
    async fn apply(&self, tx: &mut Tx, _: u64) -> Result<(), Abort> {
        let DomainRow { name, created, created_by } = self.0;
        if is_in(tx, "domains", "name", name).await? {
            return Err(StoreError::Exists(format!("domain `{name}`")).into());
        }
        let count = tx.query_one("SELECT COUNT(*) FROM domains", values![]).await?;
        if count.map_or(Ok(0), |mut row| row.int())? >= DOMAINS_MAX {
            let full = format!("there are {DOMAINS_MAX} domains already, and no more may be");
            return Err(StoreError::Full(full).into());
        }
        let sql = "INSERT INTO domains (name, quota, created, created_by) VALUES (?, ?, ?, ?)";
        Ok(tx.exec(sql, values![text(name), NO_QUOTA, created.0, &**created_by]).await?)
    }
}

struct Remove<'a>(&'a DomainName);

#[async_trait]
impl Change for Remove<'_> {
    async fn apply(&self, tx: &mut Tx, _: u64) -> Result<(), Abort> {
        let name = self.0;
        must_exist(tx, name).await?;
        let what = if is_in(tx, "skills", "domain", name).await? {
            Some("skills")
        } else if is_in(tx, "secrets", "domain", name).await? {
            Some("secrets")
        } else {
            key::reaches_only(tx, name).await?.then_some("API keys")
        };
        match what {
            Some(what) => Err(StoreError::InUse { domain: name.clone(), what }.into()),
            None => Ok(tx.exec("DELETE FROM domains WHERE name = ?", vec![text(name)]).await?),
        }
    }
}

/// Stops a change within a domain that isn't there, or that was removed a moment ago.
pub(crate) async fn must_exist(tx: &mut Tx, name: &DomainName) -> Result<(), Abort> {
    match is_in(tx, "domains", "name", name).await? {
        true => Ok(()),
        false => Err(StoreError::NotFound(format!("domain `{name}`")).into()),
    }
}

async fn is_in(tx: &mut Tx, table: &str, column: &str, name: &DomainName) -> Result<bool, DbError> {
    let sql = format!("SELECT 1 FROM {table} WHERE {column} = ? LIMIT 1");
    Ok(tx.query_one(&sql, vec![text(name)]).await?.is_some())
}

fn read(mut row: Row) -> Result<DomainRow, DbError> {
    Ok(DomainRow { name: row.parse()?, created: UnixMs(row.int()?), created_by: row.text()? })
}
