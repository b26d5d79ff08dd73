//! What an operator does to an installed skill: approve, grant, revoke, configure, remove.

use crate::publish::RACES_MAX;
use crate::{Inner, Registry, fault, resolve};
use skep_core::{DomainName, Fault, Grants, GuestPath, SkillName};
use skep_store::{SkillRow, StoreError, VersionState};
use std::collections::BTreeMap;

/// A change that is decided and yet to be made.
enum Change {
    Approve(semver::Version, Grants),
    Grants(Grants),
    Config(BTreeMap<String, String>),
    Remove,
}

impl Registry {
    /// Lets the waiting version serve and gives it the skill's grants.
    pub async fn approve(&self, domain: &DomainName, skill: &SkillName) -> Result<semver::Version, Fault> {
        self.change(domain, skill, |row| {
            let waiting = row.versions.iter().find(|v| v.state == VersionState::Waiting);
            let none = || Fault::invalid_input(format!("no version of `{skill}` waits for approval"));
            let waiting = waiting.ok_or_else(none)?;
            let mut grants = row.grants.clone();
            grants.digests.insert(waiting.digest);
            Ok((Change::Approve(waiting.version.clone(), grants), waiting.version.clone()))
        })
        .await
    }

    /// Adds grants to the current version.
    pub async fn grant(&self, domain: &DomainName, skill: &SkillName, more: Grants) -> Result<Grants, Fault> {
        let more = self.0.rooted(more)?;
        self.change(domain, skill, |row| {
            let current = row.versions.iter().find(|v| v.state == VersionState::Current);
            let none = || Fault::invalid_input(format!("no version of `{skill}` serves: approve one first"));
            let current = current.ok_or_else(none)?;
            let manifest = resolve::manifest_of(current)?;
            let mut grants = row.grants.clone();
            grants
                .grant(more.clone(), manifest.as_ref().map(|m| &m.requests))
                .map_err(|e| Fault::invalid_input(e.to_string()))?;
            grants.digests.insert(current.digest);
            Ok((Change::Grants(grants.clone()), grants))
        })
        .await
    }

    /// Takes grants away: by guest path, by variable.
    pub async fn revoke(
        &self,
        domain: &DomainName,
        skill: &SkillName,
        files: &[GuestPath],
        env: &[String],
    ) -> Result<Grants, Fault> {
        self.change(domain, skill, |row| {
            let mut grants = row.grants.clone();
            if !grants.revoke(files, env) {
                let hint = format!("nothing of that is granted: `skep grants {skill}` shows what is");
                return Err(Fault::invalid_input(hint));
            }
            Ok((Change::Grants(grants.clone()), grants))
        })
        .await
    }

    /// Sets configuration values; a value of `None` takes the operator's value away.
    pub async fn config_set(
        &self,
        domain: &DomainName,
        skill: &SkillName,
        values: &BTreeMap<String, Option<String>>,
    ) -> Result<BTreeMap<String, String>, Fault> {
        self.change(domain, skill, |row| {
            let mut config = row.config.clone();
            for (key, value) in values {
                match value {
                    Some(value) => config.insert(key.clone(), value.clone()),
                    None => config.remove(key),
                };
            }
            Ok((Change::Config(config.clone()), config))
        })
        .await
    }

    /// Removes a skill with all its versions, grants and configuration.
    pub async fn remove(&self, domain: &DomainName, skill: &SkillName) -> Result<(), Fault> {
        self.change(domain, skill, |_| Ok((Change::Remove, ()))).await
    }

    /// Reads the skill, lets `decide` decide on what was read, and does so again if the skill was
    /// changed before the decision was carried out.
    async fn change<T>(
        &self,
        domain: &DomainName,
        skill: &SkillName,
        decide: impl Fn(&SkillRow) -> Result<(Change, T), Fault>,
    ) -> Result<T, Fault> {
        for _ in 0..RACES_MAX {
            let row = self.get(domain, skill).await?;
            let (change, done) = decide(&row)?;
            match self.0.make(&change, domain, skill, row.revision).await {
                Ok(revision) => {
                    self.0.revisions.observe(revision);
                    return Ok(done);
                }
                Err(StoreError::Conflict { .. }) => continue,
                Err(error) => return Err(fault(error)),
            }
        }
        Err(crate::raced(skill))
    }
}

impl Inner {
    /// Carries out a change of a skill that is still as it was at `revision`; gives the new revision.
    async fn make(
        &self,
        change: &Change,
        domain: &DomainName,
        skill: &SkillName,
        revision: u64,
    ) -> Result<u64, StoreError> {
        match change {
            Change::Approve(version, grants) => {
                self.store.skill_approve(domain, skill, version, grants, revision).await
            }
            Change::Grants(grants) => self.store.grants_set(domain, skill, grants, revision).await,
            Change::Config(config) => self.store.config_set(domain, skill, config, revision).await,
            Change::Remove => self.store.skill_remove(domain, skill, revision).await,
        }
    }
}
