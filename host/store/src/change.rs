//! Changes to a skill that publish no code: approve, remove, grant, configure.

use crate::db::{Abort, Tx, Value, text, values};
use crate::publish::TEXT_BYTES_MAX;
use crate::revision::Change;
use crate::skill::key;
use crate::{Store, StoreError, component, state};
use async_trait::async_trait;
use serde::Serialize;
use skep_core::{DomainName, Grants, SkillName};
use std::collections::BTreeMap;

/// A change of one skill.
struct Edit<'a> {
    domain: &'a DomainName,
    name: &'a SkillName,
    /// The revision of the skill on which it was decided.
    expect: u64,
    what: What<'a>,
}

enum What<'a> {
    Approve { version: &'a semver::Version, grants: Value },
    Activate { version: &'a semver::Version, grants: Value },
    Drop { version: &'a semver::Version },
    Remove,
    Grants(Value),
    Config(Value),
}

/// All answer with the new revision; `expect` is the revision of the skill on which it was decided.
impl Store {
    /// Lets a waiting version serve with these grants, in the place of the current one and of what
    /// has its number.
    pub async fn skill_approve(
        &self,
        domain: &DomainName,
        name: &SkillName,
        version: &semver::Version,
        grants: &Grants,
        expect: u64,
    ) -> Result<u64, StoreError> {
        let what = What::Approve { version, grants: json("the grants", grants)? };
        self.db.change(&Edit { domain, name, expect, what }).await
    }

    /// Lets an older version serve again, with these grants; the current one becomes old.
    pub async fn version_activate(
        &self,
        domain: &DomainName,
        name: &SkillName,
        version: &semver::Version,
        grants: &Grants,
        expect: u64,
    ) -> Result<u64, StoreError> {
        let what = What::Activate { version, grants: json("the grants", grants)? };
        self.db.change(&Edit { domain, name, expect, what }).await
    }

    /// Removes what of this version doesn't serve: the old one, and the one that waits.
    pub async fn version_remove(
        &self,
        domain: &DomainName,
        name: &SkillName,
        version: &semver::Version,
        expect: u64,
    ) -> Result<u64, StoreError> {
        self.db.change(&Edit { domain, name, expect, what: What::Drop { version } }).await
    }

    /// Removes a skill: versions, grants, configuration, state, and the components that were its alone.
    pub async fn skill_remove(
        &self,
        domain: &DomainName,
        name: &SkillName,
        expect: u64,
    ) -> Result<u64, StoreError> {
        self.db.change(&Edit { domain, name, expect, what: What::Remove }).await
    }

    /// Sets all that a skill is granted.
    pub async fn grants_set(
        &self,
        domain: &DomainName,
        name: &SkillName,
        grants: &Grants,
        expect: u64,
    ) -> Result<u64, StoreError> {
        let what = What::Grants(json("the grants", grants)?);
        self.db.change(&Edit { domain, name, expect, what }).await
    }

    /// Sets a skill's whole configuration.
    pub async fn config_set(
        &self,
        domain: &DomainName,
        name: &SkillName,
        config: &BTreeMap<String, String>,
        expect: u64,
    ) -> Result<u64, StoreError> {
        let what = What::Config(json("the configuration", config)?);
        self.db.change(&Edit { domain, name, expect, what }).await
    }
}

#[async_trait]
impl Change for Edit<'_> {
    async fn apply(&self, tx: &mut Tx, revision: u64) -> Result<(), Abort> {
        check_revision(tx, self.domain, self.name, Some(self.expect)).await?;
        let (sql, value) = match &self.what {
            What::Remove => return self.remove(tx).await,
            What::Approve { version, grants } => {
                self.approve(tx, version).await?;
                ("UPDATE skills SET revision = ?, grants = ? WHERE domain = ? AND name = ?", grants)
            }
            What::Activate { version, grants } => {
                self.activate(tx, version).await?;
                ("UPDATE skills SET revision = ?, grants = ? WHERE domain = ? AND name = ?", grants)
            }
            What::Drop { version } => return self.drop_version(tx, version, revision).await,
            What::Grants(grants) => {
                ("UPDATE skills SET revision = ?, grants = ? WHERE domain = ? AND name = ?", grants)
            }
            What::Config(config) => {
                ("UPDATE skills SET revision = ?, config = ? WHERE domain = ? AND name = ?", config)
            }
        };
        tx.exec(sql, values![revision, value.clone(), text(self.domain), text(self.name)]).await?;
        Ok(())
    }
}

impl Edit<'_> {
    async fn approve(&self, tx: &mut Tx, version: &semver::Version) -> Result<(), Abort> {
        let this = || vec![text(self.domain), text(self.name), text(version)];
        let sql = "SELECT 1 FROM versions WHERE domain = ? AND name = ? AND version = ? AND waiting = 1";
        if tx.query_one(sql, this()).await?.is_none() {
            let waiting = format!("a waiting version {version} of `{}`", self.name);
            return Err(StoreError::NotFound(waiting).into());
        }
        demote_current(tx, self.domain, self.name).await?;
        let sql = "DELETE FROM versions WHERE domain = ? AND name = ? AND version = ? AND waiting = 0";
        tx.exec(sql, this()).await?;
        let sql = "UPDATE versions SET state = 'current', waiting = 0 \
            WHERE domain = ? AND name = ? AND version = ?";
        tx.exec(sql, this()).await?;
        component::sweep(tx).await
    }

    async fn activate(&self, tx: &mut Tx, version: &semver::Version) -> Result<(), Abort> {
        let this = || vec![text(self.domain), text(self.name), text(version)];
        let sql = "SELECT 1 FROM versions WHERE domain = ? AND name = ? AND version = ? AND state = 'old'";
        if tx.query_one(sql, this()).await?.is_none() {
            return Err(StoreError::NotFound(format!("an older version {version} of `{}`", self.name)).into());
        }
        demote_current(tx, self.domain, self.name).await?;
        let sql = "UPDATE versions SET state = 'current' \
            WHERE domain = ? AND name = ? AND version = ? AND state = 'old'";
        Ok(tx.exec(sql, this()).await?)
    }

    async fn drop_version(&self, tx: &mut Tx, version: &semver::Version, revision: u64) -> Result<(), Abort> {
        let sql = "DELETE FROM versions WHERE domain = ? AND name = ? AND version = ? AND state <> 'current'";
        tx.exec(sql, vec![text(self.domain), text(self.name), text(version)]).await?;
        let sql = "UPDATE skills SET revision = ? WHERE domain = ? AND name = ?";
        tx.exec(sql, values![revision, text(self.domain), text(self.name)]).await?;
        component::sweep(tx).await
    }

    async fn remove(&self, tx: &mut Tx) -> Result<(), Abort> {
        state::clear(tx, self.domain, self.name).await?;
        let sql = "DELETE FROM skills WHERE domain = ? AND name = ?";
        tx.exec(sql, key(self.domain, self.name).into()).await?;
        component::sweep(tx).await
    }
}

/// Stops unless the skill is as the caller knows it.
pub(crate) async fn check_revision(
    tx: &mut Tx,
    domain: &DomainName,
    name: &SkillName,
    expect: Option<u64>,
) -> Result<(), Abort> {
    let sql = "SELECT revision FROM skills WHERE domain = ? AND name = ?";
    let found = tx.query_one(sql, key(domain, name).into()).await?;
    let found = found.map(|mut row| row.int()).transpose()?;
    match found == expect {
        true => Ok(()),
        false => Err(StoreError::Conflict { domain: domain.clone(), name: name.clone() }.into()),
    }
}

/// Makes room for another current version.
pub(crate) async fn demote_current(tx: &mut Tx, domain: &DomainName, name: &SkillName) -> Result<(), Abort> {
    let sql = "UPDATE versions SET state = 'old' WHERE domain = ? AND name = ? AND state = 'current'";
    tx.exec(sql, key(domain, name).into()).await?;
    Ok(())
}

/// A JSON text of bounded size.
pub(crate) fn json(what: &'static str, value: &impl Serialize) -> Result<Value, StoreError> {
    let json = serde_json::to_string(value).map_err(|error| StoreError::Internal(error.to_string()))?;
    StoreError::check_size(what, json.len(), TEXT_BYTES_MAX)?;
    Ok(Value::Text(json))
}
