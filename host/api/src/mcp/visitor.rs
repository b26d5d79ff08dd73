//! Who asks by MCP: the identity that was proven at the door, the domain it works in, the profile it chose.

use super::Profile;
use super::catalog::{Catalog, Entry, Page};
use crate::auth::Who;
use skep_core::{DomainName, Identity};
use std::sync::Arc;

/// A client, as every request of it proves anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Visitor {
    pub(super) identity: Identity,
    pub(super) domain: DomainName,
    pub(super) profile: Option<Arc<Profile>>,
}

impl Visitor {
    pub(super) fn new(who: Who, profile: Option<Arc<Profile>>) -> Self {
        Self { identity: who.identity, domain: who.domain, profile }
    }

    /// Whether the tool is there for it, be it offered as a tool, a prompt or a resource.
    pub(super) fn may(&self, entry: &Entry) -> bool {
        let shown = self.profile.as_ref().is_none_or(|p| p.shows(&entry.skill, &entry.tool));
        shown && self.identity.calls(&self.domain, &entry.skill)
    }

    /// Whether the skill's `SKILL.md` is there for it.
    pub(super) fn reads(&self, page: &Page) -> bool {
        let shown = self.profile.as_ref().is_none_or(|p| p.shows_some_of(&page.skill));
        shown && self.identity.sees(&self.domain, &page.skill)
    }

    /// What it may see of the catalog.
    pub(super) fn entries<'a>(&'a self, catalog: &'a Catalog) -> impl Iterator<Item = &'a Arc<Entry>> {
        catalog.entries.iter().filter(|entry| self.may(entry))
    }

    pub(super) fn pages<'a>(&'a self, catalog: &'a Catalog) -> impl Iterator<Item = &'a Page> {
        catalog.pages.iter().filter(|page| self.reads(page))
    }
}
