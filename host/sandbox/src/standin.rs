//! Stand-ins for the nouns of introspection.

use serde::{Deserialize, Serialize};
use skep_core::{Fault, ToolName};

/// What a component is and offers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inspection {
    /// How it offers its tools.
    pub shape: Shape,
    /// Its tools. Of a contract skill, empty until it was prepared.
    pub tools: Vec<Tool>,
    /// What it imports.
    pub imports: Vec<Import>,
    /// Exports that are no tools, each with the reason.
    pub exports_ignored: Vec<String>,
    /// Its size in bytes.
    pub size: u64,
    /// The tools it was made with.
    pub producers: Vec<String>,
}

/// How a component offers its tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// By plain exported functions.
    Typed,
    /// By `skep:skill/tools`.
    Contract,
}

/// One tool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tool {
    /// Its name.
    pub name: ToolName,
    /// What it does.
    pub description: String,
    /// JSON Schema of its input.
    pub input_schema: serde_json::Value,
    /// JSON Schema of its output, if known.
    pub output_schema: Option<serde_json::Value>,
    /// Where it is.
    pub export: Export,
}

/// Where a tool is in its component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Export {
    /// Behind `call-tool`.
    Contract,
    /// A function of the world.
    Function(String),
    /// A function of an exported interface.
    Interface(String, String),
}

/// One import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// Its name, `wasi:filesystem/types@0.2.6`.
    pub name: String,
    /// What it wants, in words.
    pub wants: String,
    /// Whether the host serves it.
    pub served: bool,
}

/// What a component is and offers, without compiling or running it.
pub fn inspect(component: &[u8]) -> Result<Inspection, Fault> {
    let _ = component;
    Err(Fault::internal("not built yet"))
}

pub(crate) struct Validator;
impl Validator {
    pub(crate) fn new(_schema: &serde_json::Value) -> Result<Self, String> {
        Ok(Self)
    }
    pub(crate) fn check(&self, input: &[u8]) -> Result<(), String> {
        serde_json::from_slice::<serde::de::IgnoredAny>(input).map(|_| ()).map_err(|e| e.to_string())
    }
}
