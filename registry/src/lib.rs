//! Floor 2: a skill's life: source, check, compile, publish, watch, replace, remove; find by capability.

mod asks;
mod discover;
mod frontmatter;
mod govern;
mod policy;
mod publish;
mod resolve;
mod revision;
mod source;
mod standing;
mod watch;

pub use discover::{Match, find};
pub use frontmatter::{Frontmatter, prompt_parts};
pub use govern::{Seen, UNSEEN, no_version};
pub use policy::policy_parse;
pub use publish::{AddOptions, Added};
pub use resolve::{Resolved, inspection_of, manifest_of};
pub use revision::{REVISION_AGE_MAX, Revisions};
pub use source::Source;
pub use standing::Standing;
pub use watch::{WatchReport, watch};

use parking_lot::RwLock;
use skep_core::{DomainName, Fault, Limits, SkillName};
use skep_sandbox::Sandbox;
use skep_store::{SkillRow, Store, StoreError};
use std::{collections::HashMap, path::PathBuf, sync::Arc};

/// What an operator decides for a registry.
#[derive(Debug, Clone)]
pub struct RegistrySettings {
    /// The most that any skill's limits may be.
    pub ceiling: Limits,
    /// What no grant may reach: data directory, watch directory, configuration, socket.
    pub forbidden_roots: Vec<PathBuf>,
}

/// The skills of a deployment, as this host sees them. Cheap to clone.
#[derive(Clone)]
pub struct Registry(Arc<Inner>);

struct Inner {
    store: Store,
    sandbox: Sandbox,
    settings: RegistrySettings,
    revisions: Revisions,
    resolved: RwLock<HashMap<resolve::Key, Arc<Resolved>>>,
    prepared: resolve::PreparedCache,
}

impl Registry {
    /// A registry over `store`, whose skills run in `sandbox`.
    pub fn new(store: Store, sandbox: Sandbox, settings: RegistrySettings) -> Self {
        let revisions = Revisions::new(store.clone());
        let (resolved, prepared) = (RwLock::default(), resolve::PreparedCache::default());
        Self(Arc::new(Inner { store, sandbox, settings, revisions, resolved, prepared }))
    }

    /// What this host knows of the deployment's revision.
    pub fn revisions(&self) -> &Revisions {
        &self.0.revisions
    }

    /// All skills of a domain, by name.
    pub async fn list(&self, domain: &DomainName) -> Result<Vec<SkillRow>, Fault> {
        self.0.store.skill_list(domain).await.map_err(fault)
    }

    /// At most `limit` skills of a domain by name, behind `after`.
    pub async fn page(
        &self,
        domain: &DomainName,
        after: Option<&SkillName>,
        limit: u64,
    ) -> Result<Vec<SkillRow>, Fault> {
        self.0.store.skill_page(domain, after, limit).await.map_err(fault)
    }

    /// One skill with all its versions, grants and configuration.
    pub async fn get(&self, domain: &DomainName, skill: &SkillName) -> Result<SkillRow, Fault> {
        let row = self.0.store.skill_load(domain, skill).await.map_err(fault)?;
        row.ok_or_else(|| unknown_skill(domain, skill))
    }

    /// How many calls of the version of a skill that serves may run at once, over all hosts.
    pub async fn concurrency(&self, domain: &DomainName, skill: &SkillName) -> Result<u32, Fault> {
        let row = self.get(domain, skill).await?;
        self.0.limits_of(&row).map(|limits| limits.concurrency)
    }
}

/// The answer to who names a skill that isn't there, or not for them.
pub fn unknown_skill(domain: &DomainName, skill: &SkillName) -> Fault {
    Fault::unknown_skill(format!(
        "no skill `{skill}` in domain `{domain}`: `skep list` shows what there is, `skep add PATH` installs one"
    ))
}

fn raced(skill: &SkillName) -> Fault {
    Fault::unavailable(format!("`{skill}` is being changed by others at the same time: try again"))
}

/// The store's troubles in the words of a caller.
fn fault(error: StoreError) -> Fault {
    match error {
        StoreError::Unavailable { .. } => Fault::unavailable(error.to_string()),
        StoreError::DigestTaken { .. } | StoreError::TooLarge { .. } => {
            Fault::invalid_input(error.to_string())
        }
        StoreError::Conflict { .. } => Fault::unavailable(error.to_string()),
        StoreError::Full(_) => Fault::overloaded(error.to_string()),
        StoreError::Settled { .. } => Fault::conflict(error.to_string()),
        StoreError::NotFound(_) => Fault::not_found(error.to_string()),
        other => Fault::internal(other.to_string()),
    }
}
