//! Secrets: sealed values by name. The store never sees one in clear, and has no key to open one.

use crate::db::{Abort, DbError, Row, Tx, text, values};
use crate::revision::Change;
use crate::{Store, StoreError, domain};
use async_trait::async_trait;
use bytes::Bytes;
use skep_core::{DomainName, SecretName, UnixMs};

/// Secrets that a domain holds at most.
pub const SECRETS_MAX: u64 = 256;

/// What may be known of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretRow {
    /// Its name.
    pub name: SecretName,
    /// 1 for its first value, one more for each.
    pub version: u64,
    /// When it got its first value.
    pub created: UnixMs,
    /// When it got this one.
    pub updated: UnixMs,
    /// Who gave it this one.
    pub set_by: String,
}

/// A value as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedSecret {
    /// The version that it was sealed for.
    pub version: u64,
    /// What was sealed.
    pub sealed: Bytes,
}

/// A value to store.
pub struct SecretSet<'a> {
    /// The domain.
    pub domain: &'a DomainName,
    /// The secret.
    pub name: &'a SecretName,
    /// Who gives it.
    pub by: &'a str,
    /// When.
    pub at: UnixMs,
    /// Seals the value for the version that it becomes.
    pub seal: &'a (dyn Fn(u64) -> Result<Bytes, StoreError> + Sync),
}

struct Deletion<'a> {
    domain: &'a DomainName,
    name: &'a SecretName,
}

impl Store {
    /// The secrets of a domain by name.
    pub async fn secret_list(&self, domain: &DomainName) -> Result<Vec<SecretRow>, StoreError> {
        let sql =
            "SELECT name, version, created, updated, set_by FROM secrets WHERE domain = ? ORDER BY name";
        let rows = self.db.query(sql, values![text(domain)]).await?;
        Ok(rows.into_iter().map(row).collect::<Result<_, _>>()?)
    }

    /// The value of a secret, if it has one.
    pub async fn secret_read(
        &self,
        domain: &DomainName,
        name: &SecretName,
    ) -> Result<Option<SealedSecret>, StoreError> {
        let sql = "SELECT version, sealed FROM secrets WHERE domain = ? AND name = ?";
        let rows = self.db.query(sql, values![text(domain), text(name)]).await?;
        let read = |mut row: Row| Ok::<_, DbError>(SealedSecret { version: row.int()?, sealed: row.blob()? });
        Ok(rows.into_iter().next().map(read).transpose()?)
    }

    /// Gives a secret a value, in the place of the one it has. Answers with the new revision.
    pub async fn secret_set(&self, set: &SecretSet<'_>) -> Result<u64, StoreError> {
        self.db.change(set).await
    }

    /// Deletes a secret. Answers with the new revision.
    pub async fn secret_delete(&self, domain: &DomainName, name: &SecretName) -> Result<u64, StoreError> {
        self.db.change(&Deletion { domain, name }).await
    }
}

#[async_trait]
impl Change for SecretSet<'_> {
    async fn apply(&self, tx: &mut Tx, _: u64) -> Result<(), Abort> {
        let (domain, name) = (text(self.domain), text(self.name));
        let Some(version) = version(tx, self.domain, self.name).await? else {
            domain::must_exist(tx, self.domain).await?;
            check_room(tx, self.domain).await?;
            let sql = "INSERT INTO secrets (domain, name, version, sealed, created, updated, set_by) \
                VALUES (?, ?, 1, ?, ?, ?, ?)";
            let values = values![domain, name, (self.seal)(1)?, self.at.0, self.at.0, self.by];
            return Ok(tx.exec(sql, values).await?);
        };
        let sql = "UPDATE secrets SET version = ?, sealed = ?, updated = ?, set_by = ? \
            WHERE domain = ? AND name = ?";
        let next = version + 1;
        Ok(tx.exec(sql, values![next, (self.seal)(next)?, self.at.0, self.by, domain, name]).await?)
    }
}

#[async_trait]
impl Change for Deletion<'_> {
    async fn apply(&self, tx: &mut Tx, _: u64) -> Result<(), Abort> {
        if version(tx, self.domain, self.name).await?.is_none() {
            return Err(StoreError::NotFound(format!("secret `{}`", self.name)).into());
        }
        let sql = "DELETE FROM secrets WHERE domain = ? AND name = ?";
        Ok(tx.exec(sql, values![text(self.domain), text(self.name)]).await?)
    }
}

async fn version(tx: &mut Tx, domain: &DomainName, name: &SecretName) -> Result<Option<u64>, Abort> {
    let sql = "SELECT version FROM secrets WHERE domain = ? AND name = ?";
    let found = tx.query_one(sql, values![text(domain), text(name)]).await?;
    Ok(found.map(|mut row| row.int()).transpose()?)
}

async fn check_room(tx: &mut Tx, domain: &DomainName) -> Result<(), Abort> {
    let sql = "SELECT COUNT(*) FROM secrets WHERE domain = ?";
    let count = tx.query_one(sql, values![text(domain)]).await?;
    let count = count.map_or(Ok(0), |mut row| row.int())?;
    if count >= SECRETS_MAX {
        let what = "the number of secrets in this domain";
        return Err(StoreError::TooLarge { what, size: count + 1, max: SECRETS_MAX }.into());
    }
    Ok(())
}

fn row(mut row: Row) -> Result<SecretRow, DbError> {
    Ok(SecretRow {
        name: row.parse()?,
        version: row.int()?,
        created: UnixMs(row.int()?),
        updated: UnixMs(row.int()?),
        set_by: row.text()?,
    })
}
