//! What a manifest says of a tool: how it behaves, and what it stands for where skills are offered by MCP.

use crate::{ATTEMPTS_MAX, ManifestError};
use serde::{Deserialize, Serialize};
use std::num::NonZeroU32;

/// Longest title, in bytes.
const TITLE_BYTES_MAX: usize = 128;
/// Longest address of a resource, in bytes.
const RESOURCE_BYTES_MAX: usize = 512;
/// The scheme under which a host offers the skills' own files.
const OWN_SCHEME: &str = "skill";

/// A tool's answer is more than data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Content {
    /// It is an MCP result: text, images, audio, resources; or what the client is asked for first.
    Mcp,
}

/// When a call of a tool by MCP is answered with a task: a job, which the client follows and nobody has to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskUse {
    /// Whenever the client knows of tasks; others wait.
    Optional,
    /// Always; clients that don't know of tasks are refused.
    Required,
    /// Once the client has provided what the tool asks for first; clients that don't know of tasks wait.
    Answered,
}

/// A `[tools.NAME]` section. What it leaves out is not claimed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ToolSection {
    /// A name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// It changes nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_only: Option<bool>,
    /// It may take away what was there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destructive: Option<bool>,
    /// Called again with the same input, it changes nothing more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotent: Option<bool>,
    /// How often a job may fail that calls it; the last time it is a dead letter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts: Option<NonZeroU32>,
    /// It deals with a world of which the host knows nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_world: Option<bool>,
    /// What its answer is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<Content>,
    /// When its calls are tasks; never if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskUse>,
    /// It writes a prompt, from its input as the prompt's arguments.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub prompt: bool,
    /// It reads the resource of this address; `{name}` in it is a part that becomes the tool's input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The media type of that resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
}

impl ToolSection {
    /// Whether it is offered as a tool, and not as a prompt or a resource.
    pub fn is_tool(&self) -> bool {
        !self.prompt && self.resource.is_none()
    }

    /// Whether the section can be held to; says what is wrong if not.
    pub(crate) fn check(&self, tool: &str) -> Result<(), ManifestError> {
        let wrong = |why: String| Err(ManifestError::Tool(tool.to_owned(), why));
        if self.prompt && self.resource.is_some() {
            return wrong("it can't be a prompt and a resource as well".to_owned());
        }
        if self.title.as_ref().is_some_and(|title| title.len() > TITLE_BYTES_MAX) {
            return wrong(format!("its title may have {TITLE_BYTES_MAX} bytes"));
        }
        if self.attempts.is_some_and(|attempts| attempts.get() > ATTEMPTS_MAX) {
            return wrong(format!("a job may fail {ATTEMPTS_MAX} times at most"));
        }
        if self.task.is_some() && !self.is_tool() {
            return wrong("only what is offered as a tool can be a task".to_owned());
        }
        if self.media_type.is_some() && self.resource.is_none() {
            return wrong("media_type goes with a resource".to_owned());
        }
        match &self.resource {
            Some(address) if !is_address(address) => wrong(format!(
                "resource = \"{address}\" must be an address as in `notes://{{id}}/text`, of at most \
                 {RESOURCE_BYTES_MAX} bytes and not of the scheme `{OWN_SCHEME}`"
            )),
            _ => Ok(()),
        }
    }
}

fn is_address(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let scheme_ok = scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'+');
    let rest_ok = !rest.is_empty() && rest.chars().all(|c| c.is_ascii_graphic());
    scheme_ok && rest_ok && scheme != OWN_SCHEME && text.len() <= RESOURCE_BYTES_MAX && parts_close(rest)
}

/// Whether each `{` has its `}`, with a name between them, and two parts don't touch.
fn parts_close(text: &str) -> bool {
    let mut pieces = text.split('{');
    let first_ok = pieces.next().is_some_and(|literal| !literal.contains('}'));
    let piece_ok = |piece: &str| match piece.split_once('}') {
        Some((name, literal)) => {
            let named = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            !name.is_empty() && name.chars().all(named) && !literal.contains('}')
        }
        None => false,
    };
    first_ok && pieces.all(piece_ok) && !text.contains("}{")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_held_to_their_rules() {
        let check = |toml: &str, says: &str| {
            let section: ToolSection = toml::from_str(toml).unwrap();
            let checked = section.check("t").map_err(|e| e.to_string()).err().unwrap_or_default();
            assert!(says.is_empty() == checked.is_empty() && checked.contains(says), "{toml}: {checked}");
        };
        check("read_only = true\ntitle = \"A\"\ncontent = \"mcp\"", "");
        check("resource = \"notes://{id}/text\"\nmedia_type = \"text/plain\"", "");
        check("prompt = true\nresource = \"notes://a\"", "prompt and a resource");
        check("prompt = true\ntask = \"optional\"", "can be a task");
        check("task = \"answered\"", "");
        check("attempts = 100", "");
        check("attempts = 101", "100 times");
        check("media_type = \"text/plain\"", "media_type");
        for bad in
            ["notes", "skill://a/b", "notes://", "notes://{a", "notes://a}", "notes://{}", "n://{a}{b}"]
        {
            check(&format!("resource = \"{bad}\""), "must be an address");
        }
        assert!(toml::from_str::<ToolSection>("readonly = true").is_err());
    }
}
