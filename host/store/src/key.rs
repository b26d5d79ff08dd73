//! API keys: what is kept of them. The secret part never comes here.

use crate::db::{Abort, DbError, Purpose, Row, Tx, Work, text, values};
use crate::revision::Change;
use crate::{Store, StoreError, domain};
use async_trait::async_trait;
use skep_core::{DomainName, KeyId, KeyTerms, UnixMs};

/// Keys that a deployment has at most.
pub const KEYS_MAX: u64 = 10_000;
/// Characters of a key's name, and of who made it, at most.
pub const KEY_NAME_CHARS_MAX: usize = 255;

/// A key as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRow {
    /// Its public part.
    pub id: KeyId,
    /// What people call it.
    pub name: String,
    /// What it is for: JSON that the proof is over, so it is kept to the letter.
    pub terms: String,
    /// By which the secret is known again: 64 hex digits.
    pub proof: String,
    /// When it was made.
    pub created: UnixMs,
    /// By whom.
    pub created_by: String,
    /// About when it was last used.
    pub used: Option<UnixMs>,
}

const SELECT: &str = "SELECT id, name, terms, proof, created, created_by, used FROM api_keys";

impl Store {
    /// Keeps a new key; answers with the new revision.
    pub async fn key_create(&self, key: &KeyRow) -> Result<u64, StoreError> {
        StoreError::check_size("the key's name", key.name.chars().count(), KEY_NAME_CHARS_MAX)?;
        StoreError::check_size("who made the key", key.created_by.chars().count(), KEY_NAME_CHARS_MAX)?;
        StoreError::check_size("what the key is for", key.terms.len(), crate::TEXT_BYTES_MAX)?;
        self.db.change(&Create(key)).await
    }

    /// Forgets a key; answers with the new revision.
    pub async fn key_revoke(&self, id: &KeyId) -> Result<u64, StoreError> {
        self.db.change(&Revoke(id)).await
    }

    /// One key, if there is one of that id.
    pub async fn key_load(&self, id: &KeyId) -> Result<Option<KeyRow>, StoreError> {
        let rows = self.db.query(&format!("{SELECT} WHERE id = ?"), vec![text(id)]).await?;
        Ok(rows.into_iter().next().map(read).transpose()?)
    }

    /// All keys, the oldest first.
    pub async fn key_list(&self) -> Result<Vec<KeyRow>, StoreError> {
        let rows = self.db.query(&format!("{SELECT} ORDER BY created, id"), Vec::new()).await?;
        Ok(rows.into_iter().map(read).collect::<Result<_, _>>()?)
    }

    /// Notes when a key was used. No host needs to hear of that, so it is no new revision.
    pub async fn key_used(&self, id: &KeyId, at: UnixMs) -> Result<(), StoreError> {
        self.db.transact(Purpose::Write, &Used(id, at)).await
    }
}

struct Used<'a>(&'a KeyId, UnixMs);

#[async_trait]
impl Work for Used<'_> {
    type Output = ();

    async fn run(&self, tx: &mut Tx) -> Result<(), Abort> {
        let Self(id, at) = self;
        let sql = "UPDATE api_keys SET used = ? WHERE id = ? AND (used IS NULL OR used < ?)";
        Ok(tx.exec(sql, values![at.0, text(id), at.0]).await?)
    }
}

struct Create<'a>(&'a KeyRow);

#[async_trait]
impl Change for Create<'_> {
    async fn apply(&self, tx: &mut Tx, _: u64) -> Result<(), Abort> {
        let count = tx.query_one("SELECT COUNT(*) FROM api_keys", values![]).await?;
        let count = count.map(|mut row| row.int()).transpose()?.unwrap_or_default();
        if count >= KEYS_MAX {
            return Err(StoreError::TooLarge {
                what: "the list of API keys",
                size: count + 1,
                max: KEYS_MAX,
            }
            .into());
        }
        let KeyRow { id, name, terms, proof, created, created_by, used } = self.0;
        if let Some(domain) = only_domain(terms)? {
            domain::must_exist(tx, &domain).await?;
        }
        let sql = "INSERT INTO api_keys (id, name, terms, proof, created, created_by, used) \
            VALUES (?, ?, ?, ?, ?, ?, ?)";
        let used = used.map(|at| at.0);
        let row = values![text(id), &**name, &**terms, &**proof, created.0, &**created_by, used];
        Ok(tx.exec(sql, row).await?)
    }
}

struct Revoke<'a>(&'a KeyId);

#[async_trait]
impl Change for Revoke<'_> {
    async fn apply(&self, tx: &mut Tx, _: u64) -> Result<(), Abort> {
        let this = || vec![text(self.0)];
        if tx.query_one("SELECT 1 FROM api_keys WHERE id = ?", this()).await?.is_none() {
            return Err(StoreError::NotFound(format!("API key `{}`", self.0)).into());
        }
        tx.exec("DELETE FROM api_keys WHERE id = ?", this()).await?;
        Ok(())
    }
}

/// Whether some key reaches this domain alone.
pub(crate) async fn reaches_only(tx: &mut Tx, domain: &DomainName) -> Result<bool, Abort> {
    for mut row in tx.query("SELECT terms FROM api_keys", values![]).await? {
        if only_domain(&row.text()?)?.as_ref() == Some(domain) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn only_domain(terms: &str) -> Result<Option<DomainName>, DbError> {
    let terms: Result<KeyTerms, _> = serde_json::from_str(terms);
    Ok(terms.map_err(|e| DbError::Corrupt(format!("the terms of a key: {e}")))?.scope.domain)
}

fn read(mut row: Row) -> Result<KeyRow, DbError> {
    Ok(KeyRow {
        id: row.parse()?,
        name: row.text()?,
        terms: row.text()?,
        proof: row.text()?,
        created: UnixMs(row.int()?),
        created_by: row.text()?,
        used: row.opt_int()?.map(UnixMs),
    })
}
