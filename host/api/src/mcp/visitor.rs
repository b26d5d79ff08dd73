//! Who asks by MCP: the identity that was proven at the door, the domain it works in, the profile it chose.

use super::Profile;
use super::catalog::{Catalog, Entry, Page};
use crate::auth::{Class, Who};
use skep_core::SkillName;
use std::sync::Arc;

/// A client, as every request of it proves anew.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    pub(super) who: Who,
    pub(super) profile: Option<Arc<Profile>>,
}

impl Visitor {
    /// Whether the tool is there for it, be it offered as a tool, a prompt or a resource.
    pub(super) fn may(&self, entry: &Entry) -> bool {
        let shown = self.profile.as_ref().is_none_or(|p| p.shows(&entry.skill, &entry.tool));
        shown && self.who.identity.calls(&self.who.domain, &entry.skill)
    }

    /// Whether the skill is there for it.
    pub(super) fn knows(&self, skill: &SkillName) -> bool {
        self.profile.as_ref().is_none_or(|p| p.shows_some_of(skill)) && self.who.sees(skill)
    }

    /// Whether it may ask for grants.
    pub(super) fn may_ask(&self) -> bool {
        let shown = self.profile.as_ref().is_none_or(|p| p.requests_grants());
        shown && Class::Callers.admits(&self.who.identity).is_ok()
    }

    /// What it may see of the catalog.
    pub(super) fn entries<'a>(&'a self, catalog: &'a Catalog) -> impl Iterator<Item = &'a Arc<Entry>> {
        catalog.entries.iter().filter(|entry| self.may(entry))
    }

    pub(super) fn pages<'a>(&'a self, catalog: &'a Catalog) -> impl Iterator<Item = &'a Page> {
        catalog.pages.iter().filter(|page| self.knows(&page.skill))
    }
}
