//! Publishing: a source is checked, compiled, and becomes the current version, or one that waits.

use crate::{Inner, Registry, Source, fault, resolve};
use serde::{Deserialize, Serialize};
use skep_core::{Digest, DomainName, Fault, Grants, Requests, SkillName, ToolName, UnixMs, VersionText};
use skep_sandbox::{Inspection, Prepared, Shape, files};
use skep_store::{Publish, SkillRow, StoreError, VersionRow, VersionState};
use utoipa::ToSchema;

/// How often a publication that lost a race against another change is tried anew.
pub(crate) const RACES_MAX: usize = 8;

/// How a source is to be installed.
#[derive(Debug, Clone, Default)]
pub struct AddOptions {
    /// What to grant with it.
    pub grants: Grants,
    /// Another digest may replace the same version (`--watch`, `skep dev`).
    pub replace: bool,
}

/// What became of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Added {
    /// The skill.
    pub skill: SkillName,
    /// The version.
    #[schema(value_type = VersionText)]
    pub version: semver::Version,
    /// The digest of component and manifest.
    pub digest: Digest,
    /// Whether the version serves now; if not it waits for approval while the one before it serves.
    pub serving: bool,
    /// Whether this very version was there already.
    pub unchanged: bool,
    /// The version that served before it, if it took the place of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<VersionText>)]
    pub replaces: Option<semver::Version>,
    /// Its tools.
    pub tools: Vec<ToolName>,
    /// Why it waits, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits: Option<String>,
}

impl Registry {
    /// Installs `source` in `domain`. Compiles before anything is changed, so that a broken version
    /// never takes the place of one that serves.
    pub async fn add(
        &self,
        domain: &DomainName,
        source: Source,
        options: AddOptions,
    ) -> Result<Added, Fault> {
        let name = source.name().cloned().ok_or_else(|| {
            Fault::invalid_input("the skill has no usable name: give it one with --name or in a skill.toml")
        })?;
        resolve::limits_within(source.manifest(), &self.0.settings.ceiling)?;
        let grants = self.0.rooted(options.grants)?;
        let source = source.adapted().await?;
        let prepared = self.0.sandbox.prepare(source.component().clone()).await?;
        if let Some(manifest) = source.manifest() {
            let tools: Vec<_> = prepared.inspection().tools.iter().map(|t| t.name.clone()).collect();
            manifest.fits(&tools).map_err(|e| Fault::invalid_input(e.to_string()))?;
        }
        for _ in 0..RACES_MAX {
            let row = self.0.store.skill_load(domain, &name).await.map_err(fault)?;
            let plan = plan(row.as_ref(), &source, &grants, options.replace)?;
            let added = plan.added(&name, &source, &prepared, row.as_ref());
            let publish = plan.publish(domain, &name, &source, &prepared, row.as_ref())?;
            let done = match publish {
                Some(publish) => {
                    self.0.store.skill_publish(publish).await.map(|r| self.0.revisions.observe(r))
                }
                None => Ok(()),
            };
            match done {
                Ok(()) => {
                    self.0.prepared.keep(prepared);
                    return Ok(added);
                }
                Err(StoreError::Conflict { .. }) => continue,
                Err(error) => return Err(fault(error)),
            }
        }
        Err(crate::raced(&name))
    }
}

impl Inner {
    /// The grants with each host path made canonical, once it is known to be one that may be granted.
    pub(crate) fn rooted(&self, mut grants: Grants) -> Result<Grants, Fault> {
        for rule in &mut grants.files {
            let checked = files::check_root(&rule.host, &self.settings.forbidden_roots);
            rule.host = checked.map_err(|e| Fault::invalid_input(e.to_string()))?;
        }
        Ok(grants)
    }
}

/// What publishing a source will do.
struct Plan {
    version: semver::Version,
    state: VersionState,
    grants: Option<Grants>,
    unchanged: bool,
    replace: bool,
    waits: Option<String>,
}

fn plan(row: Option<&SkillRow>, source: &Source, grants: &Grants, replace: bool) -> Result<Plan, Fault> {
    let digest = source.digest();
    let version = version_of(row, source);
    // A version that waits may have the number of one that serves, so there can be two.
    let numbered = || row.iter().flat_map(|row| &row.versions).filter(|v| v.version == version);
    let as_it_is = |v: &VersionRow| v.digest == digest && v.prompt.as_deref() == source.prompt();
    let same = numbered().find(|v| as_it_is(v) && v.state != VersionState::Old);
    let unchanged = same.is_some();
    if let Some(taken) = numbered().find(|v| v.digest != digest).filter(|_| !replace && !unchanged) {
        return Err(Fault::invalid_input(format!(
            "version {version} is published already with {}: raise the version in skill.toml",
            taken.digest
        )));
    }
    let waits = match row {
        Some(row) if !unchanged => waits(row, source)?,
        _ => same.filter(|v| v.state == VersionState::Waiting).map(|_| "it waits already".to_owned()),
    };
    let state = if waits.is_some() { VersionState::Waiting } else { VersionState::Current };
    let held = row.map(|row| row.grants.clone()).unwrap_or_default();
    let mut next = held.clone();
    next.grant(grants.clone(), source.manifest().map(|m| &m.requests))
        .map_err(|e| Fault::invalid_input(e.to_string()))?;
    files::check_rules(&next.files).map_err(|e| Fault::invalid_input(e.to_string()))?;
    match &waits {
        // A skill's versions share its grants: what is meant for this one must not reach what serves.
        Some(why) if next != held => {
            return Err(Fault::invalid_input(format!(
                "version {version} waits for approval ({why}), so nothing can be granted with it: \
                 add it without grants, then `skep approve` and `skep grant`"
            )));
        }
        None if !next.is_empty() => next = given_to(next, &held, row, digest),
        _ => {}
    }
    let grants = (next != held).then_some(next);
    Ok(Plan { version, state, grants, unchanged, replace, waits })
}

/// The grants, with whose they are. What was just added belongs to `digest` alone; what was held before
/// stays with the versions that are still there.
pub(crate) fn given_to(mut next: Grants, held: &Grants, row: Option<&SkillRow>, digest: Digest) -> Grants {
    let kept = |digest: &Digest| row.is_some_and(|row| row.versions.iter().any(|v| v.digest == *digest));
    if next.fingerprint() == held.fingerprint() {
        next.digests.retain(kept);
    } else {
        next.digests.clear();
    }
    next.digests.insert(digest);
    next
}

/// Why the source must wait for approval, if it must: it asks for more than what serves now.
fn waits(row: &SkillRow, source: &Source) -> Result<Option<String>, Fault> {
    let Some(current) = row.versions.iter().find(|v| v.state == VersionState::Current) else {
        return Ok(None);
    };
    if row.grants.digests.contains(&source.digest()) {
        return Ok(None);
    }
    let old = resolve::manifest_of(current)?;
    let bare = "it has no manifest and the skill holds grants";
    let why = match (source.manifest(), old) {
        (Some(new), Some(old)) if new.requests.within(&old.requests) => None,
        (Some(new), None) if row.grants.is_empty() && new.requests == Requests::default() => None,
        (Some(_), _) => Some("its manifest asks for more than the version before it"),
        (None, _) => (!row.grants.is_empty()).then_some(bare),
    };
    Ok(why.map(str::to_owned))
}

/// The manifest's version; a bare component counts up from 0.0.1.
fn version_of(row: Option<&SkillRow>, source: &Source) -> semver::Version {
    if let Some(manifest) = source.manifest() {
        return manifest.skill.version.clone();
    }
    let versions = row.map(|row| row.versions.as_slice()).unwrap_or_default();
    if let Some(known) = versions.iter().find(|v| v.digest == source.digest()) {
        return known.version.clone();
    }
    let last = versions.iter().map(|v| &v.version).max();
    let next = |v: &semver::Version| semver::Version::new(v.major, v.minor, v.patch.saturating_add(1));
    last.map_or(semver::Version::new(0, 0, 1), next)
}

impl Plan {
    fn added(&self, name: &SkillName, source: &Source, prepared: &Prepared, row: Option<&SkillRow>) -> Added {
        let serving = self.state == VersionState::Current;
        let mut versions = row.iter().flat_map(|row| &row.versions);
        let before = versions.find(|v| v.state == VersionState::Current && serving && !self.unchanged);
        Added {
            skill: name.clone(),
            version: self.version.clone(),
            digest: source.digest(),
            serving,
            unchanged: self.unchanged,
            replaces: before.map(|v| v.version.clone()),
            tools: prepared.inspection().tools.iter().map(|t| t.name.clone()).collect(),
            waits: self.waits.clone(),
        }
    }

    /// What the store is to do; nothing if the version is there and no grant changes.
    fn publish(
        self,
        domain: &DomainName,
        name: &SkillName,
        source: &Source,
        prepared: &Prepared,
        row: Option<&SkillRow>,
    ) -> Result<Option<Publish>, Fault> {
        if self.unchanged && self.grants.is_none() {
            return Ok(None);
        }
        let inspection = serde_json::to_string(&described(prepared.inspection(), source))
            .map_err(|e| Fault::internal(format!("the inspection can't be written: {e}")))?;
        let row_new = VersionRow {
            version: self.version,
            digest: source.digest(),
            component: prepared.component_digest(),
            component_bytes: source.component().len() as u64,
            manifest: source.manifest_text().map(str::to_owned),
            prompt: source.prompt().map(str::to_owned),
            inspection,
            state: self.state,
            published: UnixMs::now(),
        };
        Ok(Some(Publish {
            domain: domain.clone(),
            name: name.clone(),
            row: row_new,
            component: source.component().clone(),
            replace: self.replace || self.unchanged,
            grants: self.grants,
            expect: row.map(|row| row.revision),
        }))
    }
}

/// A program can't say what it does: its manifest does.
fn described(inspection: &Inspection, source: &Source) -> Inspection {
    let mut inspection = inspection.clone();
    let description = source.manifest().map_or("", |manifest| &manifest.skill.description);
    if inspection.shape == Shape::Command && !description.is_empty() {
        for tool in &mut inspection.tools {
            tool.description = description.to_owned();
        }
    }
    inspection
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(version: &str, requests: &str) -> Source {
        let manifest = format!(
            "[skill]\nname = \"s\"\nversion = \"{version}\"\ncomponent = \"s.wasm\"\n[requests]\n{requests}\n"
        );
        Source::new((&b"code"[..]).into(), Some(manifest), None).unwrap()
    }

    fn bare(code: &'static [u8]) -> Source {
        Source::new(code.into(), None, None).unwrap()
    }

    /// A skill whose only version is `source`, as it was published with `grants`.
    fn published(source: &Source, grants: Grants) -> SkillRow {
        let Plan { version, state, grants, .. } = plan(None, source, &grants, false).unwrap();
        let version = VersionRow {
            version,
            digest: source.digest(),
            component: Digest::of(source.component()),
            component_bytes: 0,
            manifest: source.manifest_text().map(str::to_owned),
            prompt: source.prompt().map(str::to_owned),
            inspection: String::new(),
            state,
            published: UnixMs(1),
        };
        SkillRow {
            domain: DomainName::default(),
            name: "s".parse().unwrap(),
            versions: vec![version],
            grants: grants.unwrap_or_default(),
            config: Default::default(),
            revision: 1,
        }
    }

    fn granted(flag: &str) -> Grants {
        Grants::from_flags(&[flag.to_owned()], &[], &[]).unwrap()
    }

    const READ: &str = "files = [{ path = \"/data\" }]";
    const WRITE: &str = "files = [{ path = \"/data\", access = \"rw\" }]";

    #[test]
    fn what_asks_for_more_waits_and_what_does_not_serves() {
        let check = |row: &SkillRow, source: &Source, waits: bool| {
            let plan = plan(Some(row), source, &Grants::default(), false).unwrap();
            assert_eq!(plan.state == VersionState::Waiting, waits, "{:?}", plan.waits);
            let serves = plan.grants.is_some_and(|g| g.digests.contains(&source.digest()));
            assert_eq!(serves, !waits && !row.grants.is_empty());
        };
        let reads = published(&source("1.0.0", READ), granted("/srv:/data"));
        check(&reads, &source("1.1.0", READ), false);
        check(&reads, &source("1.1.0", ""), false);
        check(&reads, &source("1.1.0", WRITE), true);
        check(&reads, &bare(b"other"), true);
        check(&published(&source("1.0.0", READ), Grants::default()), &source("1.1.0", WRITE), true);
        check(&published(&bare(b"code"), granted("/srv:/data")), &bare(b"other"), true);
        check(&published(&bare(b"code"), granted("/srv:/data")), &source("1.1.0", READ), true);
        check(&published(&bare(b"code"), Grants::default()), &bare(b"other"), false);
    }

    #[test]
    fn a_version_that_waits_brings_no_grants_to_the_one_that_serves() {
        let serving = published(&source("1.0.0", READ), Grants::default());
        let more = source("2.0.0", WRITE);
        let refused = plan(Some(&serving), &more, &granted("/srv:/data:rw"), false).err().unwrap();
        assert!(refused.message.contains("skep approve"), "{refused}");
        assert!(plan(Some(&serving), &more, &Grants::default(), false).unwrap().grants.is_none());
    }

    #[test]
    fn a_version_is_published_once_but_its_prompt_may_change() {
        let first = source("1.0.0", READ);
        let row = published(&first, Grants::default());
        let add = |source: &Source, replace| plan(Some(&row), source, &Grants::default(), replace);
        assert!(add(&first, false).unwrap().unchanged);
        assert!(add(&source("1.0.0", ""), false).err().unwrap().message.contains("raise the version"));
        assert!(!add(&source("1.0.0", ""), true).unwrap().unchanged);
        let prompt = "---\nname: s\ndescription: d\n---\nDo it.".to_owned();
        let prompted = Source { prompt: Some(prompt), ..first };
        let plan = add(&prompted, false).unwrap();
        assert!(!plan.unchanged && plan.state == VersionState::Current);
    }

    #[test]
    fn the_last_number_there_is_is_not_passed() {
        let last = published(&source(&format!("1.0.{}", u64::MAX), ""), Grants::default());
        assert!(plan(Some(&last), &bare(b"other"), &Grants::default(), false).is_err());
    }
}
