//! Publishing: a component, its version and what changes with it, in one transaction.

use crate::change::{check_revision, demote_current, json};
use crate::component::{self, COMPONENT_BYTES_MAX};
use crate::db::{Abort, Tx, Value, text, values};
use crate::revision::Change;
use crate::skill::key;
use crate::{Store, StoreError, VersionRow, VersionState, domain, state};
use async_trait::async_trait;
use bytes::Bytes;
use skep_core::{Digest, DomainName, Grants, SkillName};

/// Skills that a domain holds at most.
pub const SKILLS_MAX: u64 = 4_096;
/// Versions that a skill keeps besides the current one; the longest published go first.
pub const VERSIONS_KEPT_MAX: usize = 32;
/// The longest version number.
pub const VERSION_CHARS_MAX: usize = 128;
/// The largest text: manifest, prompt, inspection, grants or configuration. All five together fit into a packet.
pub const TEXT_BYTES_MAX: usize = 2 << 20;

/// A version to publish.
#[derive(Debug, Clone)]
pub struct Publish {
    /// The domain.
    pub domain: DomainName,
    /// The skill.
    pub name: SkillName,
    /// The version; its state says whether it serves or waits.
    pub row: VersionRow,
    /// The component.
    pub component: Bytes,
    /// Whether it may take the place of other code with the same version.
    pub replace: bool,
    /// The skill's grants from now on, if they change.
    pub grants: Option<Grants>,
    /// The revision of the skill on which this was decided; `None` if there was no such skill.
    pub expect: Option<u64>,
}

impl Store {
    /// Publishes a version and answers with the new revision. A current version becomes old when
    /// another takes its place; a waiting one waits beside it.
    pub async fn skill_publish(&self, publish: Publish) -> Result<u64, StoreError> {
        check(&publish).await?;
        self.db.change(&publish).await
    }
}

async fn check(publish: &Publish) -> Result<(), StoreError> {
    let row = &publish.row;
    StoreError::check_size("the component", publish.component.len(), COMPONENT_BYTES_MAX)?;
    StoreError::check_size("the version", row.version.to_string().len(), VERSION_CHARS_MAX)?;
    StoreError::check_size("the manifest", row.manifest.as_ref().map_or(0, String::len), TEXT_BYTES_MAX)?;
    StoreError::check_size("the prompt", row.prompt.as_ref().map_or(0, String::len), TEXT_BYTES_MAX)?;
    StoreError::check_size("the inspection", row.inspection.len(), TEXT_BYTES_MAX)?;
    let digest = component::digest_of(publish.component.clone()).await?;
    if (digest, publish.component.len() as u64) != (row.component, row.component_bytes) {
        return Err(StoreError::Internal(format!("the component given for {} is {digest}", row.component)));
    }
    Ok(())
}

#[async_trait]
impl Change for Publish {
    async fn apply(&self, tx: &mut Tx, revision: u64) -> Result<(), Abort> {
        let Self { domain, name, row, .. } = self;
        check_revision(tx, domain, name, self.expect).await?;
        if !self.replace {
            check_version_free(tx, self).await?;
        }
        match self.expect {
            Some(_) => update_skill(tx, revision, self).await?,
            None => insert_skill(tx, revision, self).await?,
        }
        component::store(tx, row.component, &self.component).await?;
        if row.state == VersionState::Current {
            demote_current(tx, domain, name).await?;
        }
        // What waits takes the place of what waited; what serves takes that of all with its number.
        let sql = "DELETE FROM versions WHERE domain = ? AND name = ? AND version = ? AND waiting >= ?";
        let waiting = u64::from(row.state == VersionState::Waiting);
        tx.exec(sql, values![text(domain), text(name), text(&row.version), waiting]).await?;
        insert_version(tx, self, waiting).await?;
        prune(tx, domain, name).await?;
        component::sweep(tx).await
    }
}

/// Refuses a version that stands for other code.
async fn check_version_free(tx: &mut Tx, publish: &Publish) -> Result<(), Abort> {
    let Publish { domain, name, row, .. } = publish;
    let sql = "SELECT digest FROM versions WHERE domain = ? AND name = ? AND version = ?";
    for mut found in tx.query(sql, vec![text(domain), text(name), text(&row.version)]).await? {
        let digest: Digest = found.parse()?;
        if digest != row.digest {
            let (name, version) = (name.clone(), row.version.clone());
            return Err(StoreError::DigestTaken { name, version, digest }.into());
        }
    }
    Ok(())
}

async fn insert_skill(tx: &mut Tx, revision: u64, publish: &Publish) -> Result<(), Abort> {
    domain::must_exist(tx, &publish.domain).await?;
    let sql = "SELECT COUNT(*) FROM skills WHERE domain = ?";
    let skills = tx.query_one(sql, vec![text(&publish.domain)]).await?;
    let skills = skills.map_or(Ok(0), |mut row| row.int())?;
    if skills >= SKILLS_MAX {
        let what = "the number of skills in this domain";
        return Err(StoreError::TooLarge { what, size: skills + 1, max: SKILLS_MAX }.into());
    }
    let grants = json("the grants", &publish.grants.clone().unwrap_or_default())?;
    let sql = "INSERT INTO skills (domain, name, revision, grants, config) VALUES (?, ?, ?, ?, '{}')";
    let [domain, name] = key(&publish.domain, &publish.name);
    tx.exec(sql, vec![domain, name, Value::from(revision), grants]).await?;
    state::begin(tx, &publish.domain, &publish.name).await
}

async fn update_skill(tx: &mut Tx, revision: u64, publish: &Publish) -> Result<(), Abort> {
    let [domain, name] = key(&publish.domain, &publish.name);
    let grants = publish.grants.as_ref().map(|grants| json("the grants", grants)).transpose()?;
    let sql = "UPDATE skills SET revision = ?, grants = COALESCE(?, grants) WHERE domain = ? AND name = ?";
    tx.exec(sql, vec![Value::from(revision), Value::from(grants), domain, name]).await?;
    Ok(())
}

async fn insert_version(tx: &mut Tx, publish: &Publish, waiting: u64) -> Result<(), Abort> {
    let row = publish.row.clone();
    let sql = "INSERT INTO versions (domain, name, version, waiting, state, digest, component, \
        component_bytes, manifest, prompt, inspection, published) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let values = values![
        text(&publish.domain),
        text(&publish.name),
        text(row.version),
        waiting,
        row.state.as_str(),
        text(row.digest),
        text(row.component),
        row.component_bytes,
        row.manifest,
        row.prompt,
        row.inspection,
        row.published.0,
    ];
    tx.exec(sql, values).await?;
    Ok(())
}

/// Deletes what is beyond the versions that are kept.
async fn prune(tx: &mut Tx, domain: &DomainName, name: &SkillName) -> Result<(), Abort> {
    let sql = "SELECT version, waiting FROM versions WHERE domain = ? AND name = ? AND state <> 'current' \
        ORDER BY published DESC, version DESC";
    let kept = tx.query(sql, key(domain, name).into()).await?;
    for mut row in kept.into_iter().skip(VERSIONS_KEPT_MAX) {
        let sql = "DELETE FROM versions WHERE domain = ? AND name = ? AND version = ? AND waiting = ?";
        let (version, waiting) = (row.text()?, row.int()?);
        let [domain, name] = key(domain, name);
        tx.exec(sql, values![domain, name, version, waiting]).await?;
    }
    Ok(())
}
