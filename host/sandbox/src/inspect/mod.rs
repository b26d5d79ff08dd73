//! Introspection: what a component is, offers and wants, read from its binary alone.
//!
//! Nothing is compiled and nothing runs. The binary is validated first, with exactly what the engine
//! serves, so that all that follows walks types that hold together.

mod binary;
mod docs;
mod exports;
mod imports;
mod names;
mod sections;
mod tools;

#[cfg(test)]
mod tests;

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

/// What a component is and offers, without compiling or running it. Refuses, as `invalid_component`,
/// what no host of this version could run, and says why.
pub fn inspect(component: &[u8]) -> Result<Inspection, Fault> {
    let types = binary::validate(component)?;
    let sections = sections::read(component)?;
    let imports = imports::read(types.as_ref(), &sections.imports)?;
    let offer = exports::read(types.as_ref(), &sections)?;
    Ok(Inspection {
        shape: offer.shape,
        tools: offer.tools,
        imports,
        exports_ignored: offer.ignored,
        size: component.len() as u64,
        producers: sections.producers,
    })
}
