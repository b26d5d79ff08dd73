//! What an operator does to an installed skill: approve, grant, revoke, configure, remove.

use crate::publish::{RACES_MAX, given_to};
use crate::{Registry, fault, raced, resolve};
use skep_core::{DomainName, Fault, Grants, Revocation, SkillName, SkillRef};
use skep_sandbox::files;
use skep_store::{SkillRow, StoreError, VersionRow, VersionState};
use std::collections::BTreeMap;

/// A change that was decided on a skill as it was read.
enum Change {
    Approve(semver::Version, Grants),
    Grants(Grants),
    Config(BTreeMap<String, String>),
    Remove,
}

impl Registry {
    /// Lets a waiting version serve and gives it the skill's grants. Where several wait, one must be named:
    /// an operator approves what was looked at, not what came since.
    pub async fn approve(&self, domain: &DomainName, asked: &SkillRef) -> Result<semver::Version, Fault> {
        let skill = &asked.name;
        let decide = |row: &SkillRow| {
            let waiting = waiting_in(row, asked.version.as_ref())?;
            let mut grants = row.grants.clone();
            given_to(&mut grants, &row.grants, Some(row), waiting.digest);
            Ok((Change::Approve(waiting.version.clone(), grants), waiting.version.clone()))
        };
        self.change(domain, skill, decide).await
    }

    /// Adds grants to the current version.
    pub async fn grant(&self, domain: &DomainName, skill: &SkillName, more: Grants) -> Result<Grants, Fault> {
        let more = self.0.rooted(more)?;
        let decide = |row: &SkillRow| {
            let current = version_in(row, VersionState::Current);
            let current = current.ok_or_else(|| {
                Fault::invalid_input(format!("no version of `{skill}` serves: approve one first"))
            })?;
            let manifest = resolve::manifest_of(current)?;
            let mut grants = row.grants.clone();
            let granted = grants.grant(more.clone(), manifest.as_ref().map(|m| &m.requests));
            granted.map_err(|e| Fault::invalid_input(e.to_string()))?;
            files::check_rules(&grants.files).map_err(|e| Fault::invalid_input(e.to_string()))?;
            given_to(&mut grants, &row.grants, Some(row), current.digest);
            Ok((Change::Grants(grants.clone()), grants))
        };
        self.change(domain, skill, decide).await
    }

    /// Takes grants away.
    pub async fn revoke(
        &self,
        domain: &DomainName,
        skill: &SkillName,
        these: &Revocation,
    ) -> Result<Grants, Fault> {
        let decide = |row: &SkillRow| {
            let mut grants = row.grants.clone();
            if grants.revoke(these) {
                return Ok((Change::Grants(grants.clone()), grants));
            }
            let hint = format!("nothing of that is granted: `skep grants {skill}` shows what is");
            Err(Fault::invalid_input(hint))
        };
        self.change(domain, skill, decide).await
    }

    /// Sets configuration values; a value of `None` takes the operator's value away.
    pub async fn config_set(
        &self,
        domain: &DomainName,
        skill: &SkillName,
        values: &BTreeMap<String, Option<String>>,
    ) -> Result<BTreeMap<String, String>, Fault> {
        let decide = |row: &SkillRow| {
            let mut config = row.config.clone();
            for (key, value) in values {
                match value {
                    Some(value) => config.insert(key.clone(), value.clone()),
                    None => config.remove(key),
                };
            }
            Ok((Change::Config(config.clone()), config))
        };
        self.change(domain, skill, decide).await
    }

    /// Removes a skill with all its versions, grants and configuration.
    pub async fn remove(&self, domain: &DomainName, skill: &SkillName) -> Result<(), Fault> {
        self.change(domain, skill, |_| Ok((Change::Remove, ()))).await
    }

    /// Reads the skill, lets `decide` say what to change, and changes it if it is still as it was
    /// read; else decides anew.
    async fn change<T>(
        &self,
        domain: &DomainName,
        skill: &SkillName,
        decide: impl Fn(&SkillRow) -> Result<(Change, T), Fault>,
    ) -> Result<T, Fault> {
        for _ in 0..RACES_MAX {
            let row = self.get(domain, skill).await?;
            let (change, decided) = decide(&row)?;
            match self.apply(domain, skill, change, row.revision).await {
                Ok(revision) => {
                    self.0.revisions.observe(revision);
                    return Ok(decided);
                }
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(fault(error)),
            }
        }
        Err(raced(skill))
    }

    async fn apply(
        &self,
        domain: &DomainName,
        skill: &SkillName,
        change: Change,
        expect: u64,
    ) -> Result<u64, StoreError> {
        let store = &self.0.store;
        match change {
            Change::Approve(version, grants) => {
                store.skill_approve(domain, skill, &version, &grants, expect).await
            }
            Change::Grants(grants) => store.grants_set(domain, skill, &grants, expect).await,
            Change::Config(config) => store.config_set(domain, skill, &config, expect).await,
            Change::Remove => store.skill_remove(domain, skill, expect).await,
        }
    }
}

fn waiting_in<'a>(row: &'a SkillRow, asked: Option<&semver::Version>) -> Result<&'a VersionRow, Fault> {
    let meant = |v: &&VersionRow| v.state == VersionState::Waiting && asked.is_none_or(|a| *a == v.version);
    let waiting: Vec<_> = row.versions.iter().filter(meant).collect();
    match waiting[..] {
        [one] => Ok(one),
        [] => Err(Fault::invalid_input(format!("no such version of `{}` waits for approval", row.name))),
        [first, ..] => Err(Fault::invalid_input(format!(
            "{} versions of `{name}` wait for approval: name one, as in `skep approve {name}@{}`",
            waiting.len(),
            first.version,
            name = row.name,
        ))),
    }
}

fn version_in(row: &SkillRow, state: VersionState) -> Option<&VersionRow> {
    row.versions.iter().find(|v| v.state == state)
}
