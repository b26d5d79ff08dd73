//! Skills: what the store knows of them, and how it is read.

use crate::db::{DbError, Row, Value, text, values};
use crate::{Store, StoreError};
use skep_core::{Digest, DomainName, Grants, SkillName, UnixMs};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// Where a version stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VersionState {
    /// It serves.
    Current,
    /// It waits for approval.
    Waiting,
    /// It served.
    Old,
}

impl VersionState {
    /// The state as it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Waiting => "waiting",
            Self::Old => "old",
        }
    }
}

impl fmt::Display for VersionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for VersionState {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let states = [Self::Current, Self::Waiting, Self::Old];
        states.into_iter().find(|state| state.as_str() == text).ok_or_else(|| format!("`{text}` is no state"))
    }
}

/// A version of a skill. A waiting version may stand beside another of its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRow {
    /// Its number.
    pub version: semver::Version,
    /// The digest of component and manifest.
    pub digest: Digest,
    /// The digest of the component alone.
    pub component: Digest,
    /// The component's size.
    pub component_bytes: u64,
    /// The text of `skill.toml`, if it has one.
    pub manifest: Option<String>,
    /// The text of `SKILL.md`, if it has one.
    pub prompt: Option<String>,
    /// What was found in the component: JSON that the store doesn't read.
    pub inspection: String,
    /// Where it stands.
    pub state: VersionState,
    /// When it was published.
    pub published: UnixMs,
}

/// A skill with all that dispatch needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkillRow {
    /// Its domain.
    pub domain: DomainName,
    /// Its name within the domain.
    pub name: SkillName,
    /// Its versions, the latest published first.
    pub versions: Vec<VersionRow>,
    /// What it was granted.
    pub grants: Grants,
    /// How it is configured.
    pub config: BTreeMap<String, String>,
    /// The revision at which it was last changed.
    pub revision: u64,
}

/// One row a version, in one statement: so no change comes in between.
const SELECT: &str = "SELECT s.name, s.revision, s.grants, s.config, v.version, v.digest, v.component, \
    v.component_bytes, v.manifest, v.prompt, v.inspection, v.state, v.published \
    FROM skills s JOIN versions v ON v.domain = s.domain AND v.name = s.name WHERE s.domain = ?";

impl Store {
    /// One skill, if there is one of that name.
    pub async fn skill_load(
        &self,
        domain: &DomainName,
        name: &SkillName,
    ) -> Result<Option<SkillRow>, StoreError> {
        let sql = format!("{SELECT} AND s.name = ?");
        let rows = self.db.query(&sql, vec![text(domain), text(name)]).await?;
        Ok(gather(domain, rows)?.pop())
    }

    /// All skills of a domain by name.
    pub async fn skill_list(&self, domain: &DomainName) -> Result<Vec<SkillRow>, StoreError> {
        let rows = self.db.query(SELECT, vec![text(domain)]).await?;
        Ok(gather(domain, rows)?)
    }
}

impl Store {
    /// At most `limit` skills of a domain by name, behind `after`.
    pub async fn skill_page(
        &self,
        domain: &DomainName,
        after: Option<&SkillName>,
        limit: u64,
    ) -> Result<Vec<SkillRow>, StoreError> {
        let names = "SELECT name FROM skills WHERE domain = ? AND name > ? ORDER BY name LIMIT ?";
        let sql = format!("{SELECT} AND s.name IN (SELECT name FROM ({names}) AS page)");
        let after = after.map(SkillName::as_str).unwrap_or_default();
        let rows = self.db.query(&sql, values![text(domain), text(domain), after, limit]).await?;
        Ok(gather(domain, rows)?)
    }
}

fn gather(domain: &DomainName, rows: Vec<Row>) -> Result<Vec<SkillRow>, DbError> {
    let mut skills = BTreeMap::<SkillName, SkillRow>::new();
    for row in rows {
        let (skill, version) = read(domain, row)?;
        skills.entry(skill.name.clone()).or_insert(skill).versions.push(version);
    }
    let mut skills = Vec::from_iter(skills.into_values());
    for skill in &mut skills {
        skill.versions.sort_by(|a, b| (b.published, &b.version).cmp(&(a.published, &a.version)));
    }
    Ok(skills)
}

fn read(domain: &DomainName, mut row: Row) -> Result<(SkillRow, VersionRow), DbError> {
    let skill = SkillRow {
        domain: domain.clone(),
        name: row.parse()?,
        revision: row.int()?,
        grants: row.json()?,
        config: row.json()?,
        versions: Vec::new(),
    };
    let version = VersionRow {
        version: row.parse()?,
        digest: row.parse()?,
        component: row.parse()?,
        component_bytes: row.int()?,
        manifest: row.opt_text()?,
        prompt: row.opt_text()?,
        inspection: row.text()?,
        state: row.parse()?,
        published: UnixMs(row.int()?),
    };
    Ok((skill, version))
}

/// The two values that name a skill in a statement.
pub(crate) fn key(domain: &DomainName, name: &SkillName) -> [Value; 2] {
    [text(domain), text(name)]
}
