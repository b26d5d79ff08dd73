//! What the skills of a domain offer by MCP, as of a revision: tools by name, prompts, resources, `SKILL.md`.

use super::ask;
use super::inputs;
use super::name::{offered, offered_otherwise};
use super::schema::Rooted;
use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use skep_core::{Fault, SkillName, Target, ToolName, ToolSection};
use skep_registry::{Frontmatter, inspection_of, manifest_of, prompt_parts};
use skep_sandbox::Tool as SkillTool;
use skep_store::{SkillRow, VersionState};
use std::collections::HashMap;
use std::sync::Arc;

/// A tool of a skill, under the name that clients see. It may stand for a prompt or a resource.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) skill: SkillName,
    pub(super) tool: ToolName,
    pub(super) section: ToolSection,
    pub(super) about: String,
    pub(super) input: Rooted,
    pub(super) output: Option<Rooted>,
    /// Whether it may ask the client for something and take the answers.
    pub(super) asks: bool,
    /// The schema of its arguments as clients see it.
    pub(super) arguments: Arc<JsonObject>,
}

/// A skill, and its `SKILL.md` if it has one.
pub(super) struct Page {
    pub(super) skill: SkillName,
    /// Changes with the skill.
    pub(super) revision: u64,
    pub(super) document: Option<Document>,
}

/// A `SKILL.md`.
pub(super) struct Document {
    pub(super) text: String,
    pub(super) front: Frontmatter,
    pub(super) prompt: String,
}

/// All of a domain; what of it somebody sees, the visitor says.
#[derive(Default)]
pub(super) struct Catalog {
    pub(super) revision: u64,
    /// By name.
    pub(super) entries: Vec<Arc<Entry>>,
    /// By skill.
    pub(super) pages: Vec<Page>,
    names: HashMap<String, Arc<Entry>>,
}

impl Catalog {
    /// Of what was seen at `revision`. A skill that can't be read is left out; the log says why.
    pub(super) fn new(rows: Vec<SkillRow>, revision: u64) -> Self {
        let mut catalog = Self { revision, ..Self::default() };
        for row in &rows {
            if let Err(fault) = catalog.take(row) {
                tracing::error!(skill = %row.name, %fault, "a skill can't be offered by MCP");
            }
        }
        catalog.entries = catalog.names.values().cloned().collect();
        catalog.entries.sort_by(|a, b| a.name.cmp(&b.name));
        catalog.pages.sort_by(|a, b| a.skill.cmp(&b.skill));
        catalog
    }

    pub(super) fn entry(&self, name: &str) -> Option<&Arc<Entry>> {
        self.names.get(name)
    }

    /// What is offered of what a job calls.
    pub(super) fn called(&self, to: &Target) -> Option<&Arc<Entry>> {
        self.entries.iter().find(|entry| entry.skill == to.skill && Some(&entry.tool) == to.tool.as_ref())
    }

    fn take(&mut self, row: &SkillRow) -> Result<(), Fault> {
        let current = row.versions.iter().find(|v| v.state == VersionState::Current);
        let Some(version) = current else { return Ok(()) };
        let mut manifest = manifest_of(version)?;
        let about = manifest.as_ref().map(|m| m.skill.description.clone()).unwrap_or_default();
        let mut tools = inspection_of(version)?.tools;
        // Whose own name it is gets it.
        tools.sort_by_key(|tool| offered(&row.name, &tool.name) != format!("{}_{}", row.name, tool.name));
        for tool in tools {
            let section = manifest.as_mut().and_then(|m| m.tools.remove(&tool.name)).unwrap_or_default();
            self.add(Entry::new(&row.name, tool, section, &about));
        }
        let document = version.prompt.as_ref().and_then(|text| Document::new(text));
        self.pages.push(Page { skill: row.name.clone(), revision: row.revision, document });
        Ok(())
    }

    /// Names are unique but for marks that coincide, and one that is the host's own.
    fn add(&mut self, mut entry: Entry) {
        if entry.name == ask::NAME || self.names.contains_key(&entry.name) {
            entry.name = offered_otherwise(&entry.skill, &entry.tool);
        }
        self.names.insert(entry.name.clone(), Arc::new(entry));
    }
}

impl Document {
    fn new(text: &str) -> Option<Self> {
        let (front, prompt) = prompt_parts(text).ok()?;
        let prompt = prompt.to_owned();
        Some(Self { text: text.to_owned(), front, prompt })
    }
}

impl Entry {
    fn new(skill: &SkillName, tool: SkillTool, section: ToolSection, of_skill: &str) -> Self {
        let SkillTool { name: tool, description, input_schema, output_schema, .. } = tool;
        let input = Rooted::input(&input_schema);
        let asks = inputs::takes_answers(&input.schema);
        let arguments = Arc::new(inputs::without_answers(input.schema.clone()));
        // What is MCP content already isn't described by a schema of it.
        let output = output_schema.filter(|_| section.content.is_none()).map(|s| Rooted::output(&s));
        let about = [description.as_str(), of_skill, tool.as_str()].into_iter().find(|t| !t.is_empty());
        let about = about.unwrap_or_default().to_owned();
        let name = offered(skill, &tool);
        Self { name, skill: skill.clone(), tool, section, about, input, output, asks, arguments }
    }

    /// As clients see it.
    pub(super) fn shown(&self) -> Tool {
        let ToolSection { title, read_only, destructive, idempotent, open_world, .. } = &self.section;
        let annotations =
            ToolAnnotations::from_raw(title.clone(), *read_only, *destructive, *idempotent, *open_world);
        let mut tool = Tool::new(self.name.clone(), self.about.clone(), self.arguments.clone());
        tool.output_schema = self.output.as_ref().map(|output| Arc::new(output.schema.clone()));
        tool.title = title.clone();
        tool.annotations = (annotations != ToolAnnotations::default()).then_some(annotations);
        tool
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use skep_sandbox::Export;

    #[test]
    fn no_skill_takes_the_name_of_the_hosts_own_tool() {
        let tool = SkillTool {
            name: "request_grant".parse().unwrap(),
            description: String::new(),
            input_schema: json!({}),
            output_schema: None,
            export: Export::Contract,
        };
        let entry = Entry::new(&"skep".parse().unwrap(), tool, ToolSection::default(), "");
        assert_eq!(entry.name, ask::NAME);
        let mut catalog = Catalog::default();
        catalog.add(entry);
        let names: Vec<_> = catalog.names.keys().collect();
        assert!(names.len() == 1 && names[0] != ask::NAME && names[0].starts_with(ask::NAME), "{names:?}");
    }
}
