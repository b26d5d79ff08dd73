//! What an operator does to an installed skill: approve, grant, revoke, configure, remove.

use crate::publish::RACES_MAX;
use crate::{Registry, fault, resolve};
use skep_core::{DomainName, Fault, Grants, GuestPath, SkillName};
use skep_store::{SkillRow, StoreError, VersionState};
use std::collections::BTreeMap;

impl Registry {
    /// Lets the waiting version serve and gives it the skill's grants.
    pub async fn approve(&self, domain: &DomainName, skill: &SkillName) -> Result<semver::Version, Fault> {
        self.change(domain, skill, async |row: SkillRow| {
            let waiting = row.versions.iter().find(|v| v.state == VersionState::Waiting);
            let waiting = waiting.ok_or_else(|| {
                Change::Refused(Fault::invalid_input(format!("no version of `{skill}` waits for approval")))
            })?;
            let mut grants = row.grants.clone();
            grants.digests.insert(waiting.digest);
            let approve = self.0.store.skill_approve(domain, skill, &waiting.version, &grants, row.revision);
            Ok((approve.await?, waiting.version.clone()))
        })
        .await
    }

    /// Adds grants to the current version.
    pub async fn grant(&self, domain: &DomainName, skill: &SkillName, more: Grants) -> Result<Grants, Fault> {
        let more = self.0.rooted(more)?;
        self.change(domain, skill, async |row: SkillRow| {
            let current = row.versions.iter().find(|v| v.state == VersionState::Current);
            let current = current.ok_or_else(|| {
                Change::Refused(Fault::invalid_input(format!("no version of `{skill}` serves: approve one first")))
            })?;
            let manifest = resolve::manifest_of(current).map_err(Change::Refused)?;
            let mut grants = row.grants.clone();
            grants
                .grant(more.clone(), manifest.as_ref().map(|m| &m.requests))
                .map_err(|e| Change::Refused(Fault::invalid_input(e.to_string())))?;
            grants.digests.insert(current.digest);
            let set = self.0.store.grants_set(domain, skill, &grants, row.revision);
            Ok((set.await?, grants))
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
        self.change(domain, skill, async |row: SkillRow| {
            let mut grants = row.grants.clone();
            if !grants.revoke(files, env) {
                let hint = format!("nothing of that is granted: `skep grants {skill}` shows what is");
                return Err(Change::Refused(Fault::invalid_input(hint)));
            }
            let set = self.0.store.grants_set(domain, skill, &grants, row.revision);
            Ok((set.await?, grants))
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
        self.change(domain, skill, async |row: SkillRow| {
            let mut config = row.config.clone();
            for (key, value) in values {
                match value {
                    Some(value) => config.insert(key.clone(), value.clone()),
                    None => config.remove(key),
                };
            }
            let set = self.0.store.config_set(domain, skill, &config, row.revision);
            Ok((set.await?, config))
        })
        .await
    }

    /// Removes a skill with all its versions, grants and configuration.
    pub async fn remove(&self, domain: &DomainName, skill: &SkillName) -> Result<(), Fault> {
        self.change(domain, skill, async |row: SkillRow| {
            Ok((self.0.store.skill_remove(domain, skill, row.revision).await?, ()))
        })
        .await
    }

    /// Reads the skill, lets `change` decide on what it read, and does so again if the skill was
    /// changed meanwhile. `change` gives the new revision.
    async fn change<T, F>(&self, domain: &DomainName, skill: &SkillName, change: F) -> Result<T, Fault>
    where
        F: AsyncFn(SkillRow) -> Result<(u64, T), Change>,
    {
        for _ in 0..RACES_MAX {
            match change(self.get(domain, skill).await?).await {
                Ok((revision, done)) => {
                    self.0.revisions.observe(revision);
                    return Ok(done);
                }
                Err(Change::Store(StoreError::Conflict { .. })) => continue,
                Err(Change::Store(error)) => return Err(fault(error)),
                Err(Change::Refused(refused)) => return Err(refused),
            }
        }
        Err(crate::raced(skill))
    }
}

/// Why a change was not made.
enum Change {
    Refused(Fault),
    Store(StoreError),
}

impl From<StoreError> for Change {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
