//! What an operator does to an installed skill: approve, grant, revoke, configure, remove.

use crate::publish::{RACES_MAX, given_to};
use crate::{Registry, fault, raced, resolve};
use skep_core::{DomainName, Fault, Grants, Revocation, SkillName, SkillRef};
use skep_sandbox::files;
use skep_store::{SkillRow, StoreError, VersionRow, VersionState};
use std::collections::BTreeMap;

/// Whether a skill, as it stands when it is to be changed, is what whoever asks has seen.
pub type Seen<'a> = &'a (dyn Fn(&SkillRow) -> bool + Send + Sync);

/// Whoever asks doesn't care what there was.
pub const UNSEEN: Seen<'static> = &|_| true;

/// A change that was decided on a skill as it was read.
enum Change {
    Approve(semver::Version, Grants),
    Activate(semver::Version, Grants),
    Drop(semver::Version),
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
            let grants = given_to(row.grants.clone(), &row.grants, Some(row), waiting.digest);
            Ok((Change::Approve(waiting.version.clone(), grants), waiting.version.clone()))
        };
        self.change(domain, skill, decide).await
    }

    /// Lets an older version serve again, with the skill's grants. It was approved once, and whoever asks names it.
    pub async fn activate(
        &self,
        domain: &DomainName,
        skill: &SkillName,
        version: &semver::Version,
    ) -> Result<(), Fault> {
        let decide = |row: &SkillRow| {
            let standing =
                row.versions.iter().find(|v| v.version == *version && v.state != VersionState::Waiting);
            let old = standing.ok_or_else(|| no_version(row, version))?;
            if old.state == VersionState::Current {
                return Err(Fault::conflict(format!("version {version} of `{skill}` serves already")));
            }
            let grants = given_to(row.grants.clone(), &row.grants, Some(row), old.digest);
            Ok((Change::Activate(version.clone(), grants), ()))
        };
        self.change(domain, skill, decide).await
    }

    /// Removes a version that doesn't serve.
    pub async fn version_remove(
        &self,
        domain: &DomainName,
        skill: &SkillName,
        version: &semver::Version,
    ) -> Result<(), Fault> {
        let decide = |row: &SkillRow| {
            let of_number: Vec<_> = row.versions.iter().filter(|v| v.version == *version).collect();
            if of_number.is_empty() {
                return Err(no_version(row, version));
            }
            if of_number.iter().all(|v| v.state == VersionState::Current) {
                let way_out = "let another one serve first, or remove the skill";
                return Err(Fault::conflict(format!("version {version} of `{skill}` serves: {way_out}")));
            }
            if row.versions.len() == 1 {
                let way_out = format!("`skep remove {skill}` removes the skill");
                return Err(Fault::conflict(format!("version {version} is the only one: {way_out}")));
            }
            Ok((Change::Drop(version.clone()), ()))
        };
        self.change(domain, skill, decide).await
    }

    /// Adds grants to the current version, if the skill is as it was `seen`.
    pub async fn grant(
        &self,
        domain: &DomainName,
        skill: &SkillName,
        more: Grants,
        seen: Seen<'_>,
    ) -> Result<Grants, Fault> {
        let more = self.0.rooted(more)?;
        let decide = |row: &SkillRow| {
            as_seen(row, seen)?;
            let (_, grants) = granted(row, more.clone())?;
            Ok((Change::Grants(grants.clone()), grants))
        };
        self.change(domain, skill, decide).await
    }

    /// Takes grants away, if the skill is as it was `seen`.
    pub async fn revoke(
        &self,
        domain: &DomainName,
        skill: &SkillName,
        these: &Revocation,
        seen: Seen<'_>,
    ) -> Result<Grants, Fault> {
        let decide = |row: &SkillRow| {
            as_seen(row, seen)?;
            let mut grants = row.grants.clone();
            if grants.revoke(these) {
                return Ok((Change::Grants(grants.clone()), grants));
            }
            let hint = format!("nothing of that is granted: `skep grants {skill}` shows what is");
            Err(Fault::invalid_input(hint))
        };
        self.change(domain, skill, decide).await
    }

    /// Sets configuration values, if the skill is as it was `seen`; a value of `None` takes the operator's value away.
    pub async fn config_set(
        &self,
        domain: &DomainName,
        skill: &SkillName,
        values: &BTreeMap<String, Option<String>>,
        seen: Seen<'_>,
    ) -> Result<SkillRow, Fault> {
        let decide = |row: &SkillRow| {
            as_seen(row, seen)?;
            let mut config = row.config.clone();
            for (key, value) in values {
                match value {
                    Some(value) => config.insert(key.clone(), value.clone()),
                    None => config.remove(key),
                };
            }
            Ok((Change::Config(config.clone()), SkillRow { config, ..row.clone() }))
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
            Change::Activate(version, grants) => {
                store.version_activate(domain, skill, &version, &grants, expect).await
            }
            Change::Drop(version) => store.version_remove(domain, skill, &version, expect).await,
            Change::Grants(grants) => store.grants_set(domain, skill, &grants, expect).await,
            Change::Config(config) => store.config_set(domain, skill, &config, expect).await,
            Change::Remove => store.skill_remove(domain, skill, expect).await,
        }
    }
}

/// Refuses a change by whoever has seen something else.
fn as_seen(row: &SkillRow, seen: Seen<'_>) -> Result<(), Fault> {
    if seen(row) {
        return Ok(());
    }
    let name = &row.name;
    Err(Fault::conflict(format!("`{name}` was changed since you looked at it: look again, then change it")))
}

/// All that a skill has once `more` is granted to the version that serves, and that version.
pub(crate) fn granted(row: &SkillRow, more: Grants) -> Result<(&VersionRow, Grants), Fault> {
    let current = version_in(row, VersionState::Current);
    let current = current.ok_or_else(|| {
        Fault::invalid_input(format!("no version of `{}` serves: approve one first", row.name))
    })?;
    let manifest = resolve::manifest_of(current)?;
    let mut grants = row.grants.clone();
    let granted = grants.grant(more, manifest.as_ref().map(|m| &m.requests));
    granted.map_err(|e| Fault::invalid_input(e.to_string()))?;
    files::check_rules(&grants.files).map_err(|e| Fault::invalid_input(e.to_string()))?;
    Ok((current, given_to(grants, &row.grants, Some(row), current.digest)))
}

/// The answer to who names a version that isn't there.
pub fn no_version(row: &SkillRow, asked: &semver::Version) -> Fault {
    let there: Vec<_> = row.versions.iter().map(|v| v.version.to_string()).collect();
    let (name, there) = (&row.name, there.join(", "));
    Fault::unknown_skill(format!("skill `{name}` has no version {asked}; it has: {there}"))
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
