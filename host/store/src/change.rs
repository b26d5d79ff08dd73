//! Changes to a skill that publish no code: approve, remove, grant, configure.

use crate::db::{Abort, Tx, Value, text, values};
use crate::publish::TEXT_BYTES_MAX;
use crate::skill::key;
use crate::{Store, StoreError, component};
use serde::Serialize;
use skep_core::{DomainName, Grants, SkillName};
use std::collections::BTreeMap;

impl Store {
    /// Lets a waiting version serve with these grants, in the place of the current one and of what
    /// has its number. Answers, as all changes, with the new revision; `expect` is the revision of
    /// the skill on which the change was decided.
    pub async fn skill_approve(
        &self,
        domain: &DomainName,
        name: &SkillName,
        version: &semver::Version,
        grants: &Grants,
        expect: u64,
    ) -> Result<u64, StoreError> {
        let grants = &json("the grants", grants)?;
        let this = || key(domain, name).into_iter().chain([text(version)]).collect();
        let approve = async |tx: &mut Tx, revision| {
            check_revision(tx, domain, name, Some(expect)).await?;
            demote_current(tx, domain, name).await?;
            let sql = "SELECT 1 FROM versions WHERE domain = ? AND name = ? AND version = ? AND waiting = 1";
            if tx.query_one(sql, this()).await?.is_none() {
                return Err(StoreError::NotFound(format!("a waiting version {version} of `{name}`")).into());
            }
            let sql = "DELETE FROM versions WHERE domain = ? AND name = ? AND version = ? AND waiting = 0";
            tx.exec(sql, this()).await?;
            let sql = "UPDATE versions SET state = 'current', waiting = 0 \
                WHERE domain = ? AND name = ? AND version = ?";
            tx.exec(sql, this()).await?;
            component::sweep(tx).await?;
            set(tx, revision, Column::Grants, grants, key(domain, name)).await
        };
        self.db.change(approve).await
    }

    /// Removes a skill: versions, grants, configuration, and the components that were its alone.
    pub async fn skill_remove(
        &self,
        domain: &DomainName,
        name: &SkillName,
        expect: u64,
    ) -> Result<u64, StoreError> {
        let remove = async |tx: &mut Tx, _| {
            check_revision(tx, domain, name, Some(expect)).await?;
            let sql = "DELETE FROM skills WHERE domain = ? AND name = ?";
            tx.exec(sql, key(domain, name).into()).await?;
            component::sweep(tx).await
        };
        self.db.change(remove).await
    }

    /// Sets all that a skill is granted.
    pub async fn grants_set(
        &self,
        domain: &DomainName,
        name: &SkillName,
        grants: &Grants,
        expect: u64,
    ) -> Result<u64, StoreError> {
        let grants = json("the grants", grants)?;
        self.column_set(domain, name, Column::Grants, &grants, expect).await
    }

    /// Sets a skill's whole configuration.
    pub async fn config_set(
        &self,
        domain: &DomainName,
        name: &SkillName,
        config: &BTreeMap<String, String>,
        expect: u64,
    ) -> Result<u64, StoreError> {
        let config = json("the configuration", config)?;
        self.column_set(domain, name, Column::Config, &config, expect).await
    }

    async fn column_set(
        &self,
        domain: &DomainName,
        name: &SkillName,
        column: Column,
        value: &Value,
        expect: u64,
    ) -> Result<u64, StoreError> {
        let change = async |tx: &mut Tx, revision| {
            check_revision(tx, domain, name, Some(expect)).await?;
            set(tx, revision, column, value, key(domain, name)).await
        };
        self.db.change(change).await
    }
}

/// A column of a skill that is set as a whole.
#[derive(Clone, Copy)]
enum Column {
    Grants,
    Config,
}

async fn set(
    tx: &mut Tx,
    revision: u64,
    column: Column,
    value: &Value,
    key: [Value; 2],
) -> Result<(), Abort> {
    let sql = match column {
        Column::Grants => "UPDATE skills SET revision = ?, grants = ? WHERE domain = ? AND name = ?",
        Column::Config => "UPDATE skills SET revision = ?, config = ? WHERE domain = ? AND name = ?",
    };
    let values = values![revision, value.clone()].into_iter().chain(key).collect();
    tx.exec(sql, values).await?;
    Ok(())
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
