//! What clients that listen are told: that a list changed, or a resource.

use super::catalog::{Catalog, Entry};
use super::visitor::Visitor;
use crate::Api;
use skep_core::{Fault, SkillName};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::sync::watch;

/// How long changes may follow one another before a client is told of them together.
const SETTLE: Duration = Duration::from_millis(100);

/// The skills behind a list, each with the revision at which it last changed.
type Marks = BTreeMap<SkillName, u64>;

/// What changed for one visitor.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) tools: bool,
    pub(super) prompts: bool,
    pub(super) resources: bool,
    pub(super) skills: BTreeSet<SkillName>,
}

/// Follows what a visitor sees.
pub(super) struct Changes {
    api: Api,
    visitor: Visitor,
    revisions: watch::Receiver<u64>,
    seen: Seen,
}

/// The state of the lists.
#[derive(Default)]
struct Seen {
    tools: Marks,
    prompts: Marks,
    resources: Marks,
}

impl Changes {
    /// From now on.
    pub(super) async fn new(api: Api, visitor: Visitor) -> Result<Self, Fault> {
        let mut revisions = api.router().registry().revisions().subscribe();
        revisions.borrow_and_update();
        let seen = Seen::of(&visitor, api.mcp.catalog(api.router(), &visitor.who.domain).await?.as_ref());
        Ok(Self { api, visitor, revisions, seen })
    }

    /// The next change; none when the host ends.
    pub(super) async fn next(&mut self) -> Option<Change> {
        loop {
            self.revisions.changed().await.ok()?;
            tokio::time::sleep(SETTLE).await;
            self.revisions.borrow_and_update();
            let catalog = match self.api.mcp.catalog(self.api.router(), &self.visitor.who.domain).await {
                Ok(catalog) => catalog,
                Err(fault) => {
                    tracing::warn!(%fault, "MCP clients can't be told of changes yet");
                    continue;
                }
            };
            let now = Seen::of(&self.visitor, &catalog);
            let change = now.since(&self.seen);
            self.seen = now;
            if change != Change::default() {
                return Some(change);
            }
        }
    }
}

impl Seen {
    fn of(visitor: &Visitor, catalog: &Catalog) -> Self {
        let revisions: Marks = visitor.pages(catalog).map(|p| (p.skill.clone(), p.revision)).collect();
        let behind = |of: &dyn Fn(&Entry) -> bool| -> Marks {
            let skills = visitor.entries(catalog).filter(|entry| of(entry)).map(|entry| &entry.skill);
            skills.filter_map(|skill| revisions.get_key_value(skill)).map(|(s, r)| (s.clone(), *r)).collect()
        };
        let documents = visitor.pages(catalog).filter(|page| page.document.is_some());
        let documents: Marks = documents.map(|page| (page.skill.clone(), page.revision)).collect();
        let with_documents = |mut marks: Marks| {
            marks.extend(documents.clone());
            marks
        };
        Self {
            tools: behind(&|entry| entry.section.is_tool()),
            prompts: with_documents(behind(&|entry| entry.section.prompt)),
            resources: with_documents(behind(&|entry| entry.section.resource.is_some())),
        }
    }

    fn since(&self, before: &Self) -> Change {
        let differing = |now: &Marks, before: &Marks| {
            let changed = |(skill, mark): (&SkillName, &u64)| before.get(skill) != Some(mark);
            let gone = before.keys().filter(|skill| !now.contains_key(*skill));
            let new = now.iter().filter(|(skill, mark)| changed((skill, mark))).map(|(skill, _)| skill);
            new.chain(gone).cloned().collect::<BTreeSet<_>>()
        };
        Change {
            tools: self.tools != before.tools,
            prompts: self.prompts != before.prompts,
            resources: self.resources != before.resources,
            skills: differing(&self.resources, &before.resources),
        }
    }
}
