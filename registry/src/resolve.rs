//! Resolving: from a name to what runs: the version, its permit, its configuration, its compiled code.

use crate::{Inner, Registry, fault};
use parking_lot::Mutex;
use skep_core::{
    Digest, DomainName, Fault, Lifetime, Limits, LimitsSpec, Manifest, Permit, SkillName, Subject, Target,
    ToolName, ToolSection,
};
use skep_sandbox::files::{self, RootError};
use skep_sandbox::{Inspection, Prepared};
use skep_store::{SkillRow, VersionRow, VersionState};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::OnceCell;

/// Compiled versions kept in memory before those that nothing uses are dropped.
const PREPARED_MAX: usize = 64;
/// Resolved names kept in memory before all are forgotten and resolved anew.
const RESOLVED_MAX: usize = 4096;

pub(crate) type Key = (DomainName, SkillName, Option<semver::Version>);

/// A version of a skill, ready to run.
pub struct Resolved {
    /// The skill.
    pub skill: SkillName,
    /// Its version.
    pub version: semver::Version,
    /// The digest of component and manifest.
    pub digest: Digest,
    /// What it may do.
    pub permit: Permit,
    /// How long its instances live.
    pub lifetime: Lifetime,
    /// Its configuration: the manifest's, with the operator's values over it.
    pub config: Arc<BTreeMap<String, String>>,
    /// What its manifest says of its tools.
    pub tools: BTreeMap<ToolName, ToolSection>,
    /// Its compiled code.
    pub prepared: Arc<Prepared>,
    /// The revision at which its row was last changed.
    changed: u64,
    /// The revision up to which this is known to be current.
    checked: AtomicU64,
}

impl Registry {
    /// What `target` names now: as of the revision that this host has seen.
    pub async fn resolve(&self, target: &Target) -> Result<Arc<Resolved>, Fault> {
        let key = (target.domain.clone(), target.skill.clone(), target.version.clone());
        let seen = self.0.revisions.seen();
        let known = self.0.resolved.read().get(&key).cloned();
        if let Some(known) = known.as_ref().filter(|r| r.checked.load(Ordering::Acquire) >= seen) {
            return Ok(known.clone());
        }
        let row = self.get(&target.domain, &target.skill).await?;
        if let Some(known) = known.filter(|r| r.changed == row.revision) {
            known.checked.fetch_max(seen, Ordering::AcqRel);
            return Ok(known);
        }
        let resolved = Arc::new(self.0.build(&row, target, seen).await?);
        let mut cache = self.0.resolved.write();
        if cache.len() >= RESOLVED_MAX {
            cache.clear();
        }
        cache.insert(key, resolved.clone());
        Ok(resolved)
    }
}

impl Inner {
    async fn build(&self, row: &SkillRow, target: &Target, seen: u64) -> Result<Resolved, Fault> {
        let version = pick(row, target.version.as_ref())?;
        let manifest = manifest_of(version)?;
        let limits = limits_within(manifest.as_ref(), &self.settings.ceiling)?;
        let requests = manifest.as_ref().map(|m| &m.requests);
        let subject = Subject { skill: &row.name, digest: version.digest, requests, limits: &limits };
        let permit = row.grants.permit(subject);
        self.allowed_here(&permit)?;
        let lifetime = manifest.as_ref().map(|m| m.skill.lifetime).unwrap_or_default();
        let (mut config, tools) = manifest.map(|m| (m.config, m.tools)).unwrap_or_default();
        config.extend(row.config.clone());
        Ok(Resolved {
            skill: row.name.clone(),
            version: version.version.clone(),
            digest: version.digest,
            permit,
            lifetime,
            config: Arc::new(config),
            tools,
            prepared: self.prepared(version).await?,
            changed: row.revision,
            checked: AtomicU64::new(seen),
        })
    }

    /// The limits of the version that serves.
    pub(crate) fn limits_of(&self, row: &SkillRow) -> Result<Limits, Fault> {
        limits_within(manifest_of(pick(row, None)?)?.as_ref(), &self.settings.ceiling)
    }

    /// Whether nothing that is granted is this very host's own: another host may have taken the grant,
    /// whose directories are not these.
    fn allowed_here(&self, permit: &Permit) -> Result<(), Fault> {
        for rule in permit.files() {
            match files::check_root(&rule.host, &self.settings.forbidden_roots) {
                // A root that isn't there is the call's own fault, told when it is opened.
                Ok(_) | Err(RootError::Missing(..)) => {}
                Err(error) => {
                    tracing::error!(%error, skill = %permit.skill(), "granted elsewhere, refused here");
                    return Err(Fault::denied(format!("`{}` can't be served on this host", rule.guest)));
                }
            }
        }
        Ok(())
    }

    /// Compiles or loads a version once, however many calls wait for it.
    async fn prepared(&self, version: &VersionRow) -> Result<Arc<Prepared>, Fault> {
        let digest = version.component;
        let cell = self.prepared.cell(digest);
        let load = async {
            let inspection = inspection_of(version)?;
            let store = self.store.clone();
            let fetch = async move || {
                let read = store.component_read(digest).await.map_err(fault)?;
                read.ok_or_else(|| Fault::internal(format!("component {digest} is not in the database")))
            };
            self.sandbox.load(digest, &inspection, fetch).await
        };
        cell.get_or_try_init(|| load).await.cloned()
    }
}

/// The version that was asked for, else the current one.
fn pick<'a>(row: &'a SkillRow, asked: Option<&semver::Version>) -> Result<&'a VersionRow, Fault> {
    let found = match asked {
        Some(version) => row.versions.iter().find(|v| v.version == *version),
        None => row.versions.iter().find(|v| v.state == VersionState::Current),
    };
    let name = &row.name;
    match found {
        Some(version) if version.state == VersionState::Waiting => Err(waiting(name, &version.version)),
        Some(version) => Ok(version),
        None => Err(match (asked, row.versions.first()) {
            (Some(version), _) => Fault::unknown_skill(format!(
                "skill `{name}` has no version {version}: `skep inspect {name}` shows its versions"
            )),
            (None, Some(version)) => waiting(name, &version.version),
            (None, None) => Fault::unknown_skill(format!("skill `{name}` has no version")),
        }),
    }
}

fn waiting(name: &SkillName, version: &semver::Version) -> Fault {
    Fault::denied(format!("version {version} of `{name}` waits for approval: `skep approve {name}`"))
}

/// The manifest of a version, if it has one.
pub fn manifest_of(version: &VersionRow) -> Result<Option<Manifest>, Fault> {
    let parse = |text: &String| Manifest::parse(text);
    let manifest = version.manifest.as_ref().map(parse).transpose();
    manifest.map_err(|e| Fault::internal(format!("the stored manifest can't be read: {e}")))
}

/// What was found in the component of a version when it was installed.
pub fn inspection_of(version: &VersionRow) -> Result<Inspection, Fault> {
    serde_json::from_str(&version.inspection).map_err(|e| {
        Fault::internal(format!("the stored inspection of {} can't be read: {e}", version.digest))
    })
}

pub(crate) fn limits_within(manifest: Option<&Manifest>, ceiling: &Limits) -> Result<Limits, Fault> {
    let spec = manifest.map_or_else(LimitsSpec::default, |m| m.limits.clone());
    spec.within(ceiling).map_err(|e| Fault::invalid_input(e.to_string()))
}

/// Compiled code by component digest, shared by all versions and domains that use it.
#[derive(Default)]
pub(crate) struct PreparedCache(Mutex<HashMap<Digest, Arc<OnceCell<Arc<Prepared>>>>>);

impl PreparedCache {
    fn cell(&self, digest: Digest) -> Arc<OnceCell<Arc<Prepared>>> {
        let mut cells = self.0.lock();
        if cells.len() >= PREPARED_MAX {
            cells.retain(|_, cell| Arc::strong_count(cell) > 1 || cell.get().is_some_and(in_use));
        }
        cells.entry(digest).or_default().clone()
    }

    /// Takes code that was prepared for an install.
    pub(crate) fn keep(&self, prepared: Arc<Prepared>) {
        let digest = prepared.component_digest();
        // Someone else may have loaded the same code meanwhile; either will do.
        let _ = self.cell(digest).set(prepared);
    }
}

fn in_use(prepared: &Arc<Prepared>) -> bool {
    Arc::strong_count(prepared) > 1
}
