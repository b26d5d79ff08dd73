//! Other skills: those that the operator granted with `--skill`. Each runs with its own grants.

use serde::{Serialize, de::DeserializeOwned};
use std::fmt;

use crate::host::skills;

/// Why a call of another skill didn't end well. `?` makes it the caller's own failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The host's code for it, as in `tool_error`, `denied`, `deadline`.
    pub code: String,
    /// What happened.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Fault {}

/// A skill that may be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skill {
    /// Its name, by which it is called.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it is for.
    pub description: String,
    /// What it offers, in dotted words such as `csv.read`.
    pub capabilities: Vec<String>,
    /// What can be called.
    pub tools: Vec<ToolInfo>,
}

/// One tool of a skill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolInfo {
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: String,
    /// JSON Schema of the input.
    pub input_schema: String,
    /// JSON Schema of the output, if it has a fixed shape.
    pub output_schema: Option<String>,
}

/// Calls a tool and waits for its answer. The tool may be `None` where the skill has only one.
pub fn call<'a, O: DeserializeOwned>(
    skill: &str,
    tool: impl Into<Option<&'a str>>,
    input: &(impl Serialize + ?Sized),
) -> Result<O, Fault> {
    let fault = |code: &str, what: &str, error: serde_json::Error| Fault {
        code: code.to_owned(),
        message: format!("{skill}: {what}: {error}"),
    };
    let input = serde_json::to_string(input).map_err(|e| fault("invalid_input", "the input", e))?;
    let output = skills::call(skill, tool.into(), &input)?;
    serde_json::from_str(&output).map_err(|e| fault("invalid_output", "the answer", e))
}

/// The skills that may be called and offer `capability`, the closest match first; all for an empty text.
pub fn find(capability: &str) -> Result<Vec<Skill>, Fault> {
    Ok(skills::find(capability)?.into_iter().map(Skill::from).collect())
}

impl From<skills::Fault> for Fault {
    fn from(skills::Fault { code, message }: skills::Fault) -> Self {
        Self { code, message }
    }
}

impl From<skills::SkillInfo> for Skill {
    fn from(info: skills::SkillInfo) -> Self {
        let tool = |tool: skills::ToolInfo| ToolInfo {
            name: tool.name,
            description: tool.description,
            input_schema: tool.input_schema,
            output_schema: tool.output_schema,
        };
        Self {
            name: info.name,
            version: info.version,
            description: info.description,
            capabilities: info.capabilities,
            tools: info.tools.into_iter().map(tool).collect(),
        }
    }
}
