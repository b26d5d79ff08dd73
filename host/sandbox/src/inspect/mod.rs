//! Introspection: what a component is, offers and wants, read from its binary alone.
//!
//! Nothing is compiled and nothing runs. The binary is validated first, with exactly what the engine
//! serves, so that all that follows walks types that hold together.

mod binary;
mod command;
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
use utoipa::ToSchema;
use wasmparser::types::Types;

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// By plain exported functions.
    Typed,
    /// By `skep:skill/tools`.
    Contract,
    /// As a program: by `wasi:cli/run`.
    Command,
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
    /// The `run` of an exported interface: how a program starts.
    Command(String),
    /// A function of the world.
    Function(String),
    /// A function of an exported interface.
    Interface(String, String),
}

/// One import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Import {
    /// Its name, `wasi:filesystem/types@0.2.6`.
    pub name: String,
    /// What it wants, in words.
    pub wants: String,
    /// Whether the host serves it.
    pub served: bool,
}

/// Most reasons that the fault of a refused component names.
const REASONS_MAX: usize = 3;

/// What a component is and offers, without compiling or running it. Refuses, as `invalid_component`,
/// what no host of this version could run, and says why.
pub fn inspect(component: &[u8]) -> Result<Inspection, Fault> {
    let Examination { inspection, refusals } = read(&binary::validate(component)?, component)?;
    if refusals.is_empty() { Ok(inspection) } else { Err(refused(&refusals)) }
}

/// All that can be known of a component, and every reason why it would be refused.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Examination {
    /// What it is and offers.
    pub inspection: Inspection,
    /// Why no host of this version could run it; nothing if one could.
    pub refusals: Vec<String>,
}

/// Like [`inspect`], but doesn't end at the first reason to refuse. Fails only where the binary can't be
/// read at all. Takes several times as long for a component that is refused.
pub fn examine(component: &[u8]) -> Result<Examination, Fault> {
    let (types, proposals) = binary::examine(component)?;
    let mut examination = read(&types, component)?;
    examination.refusals.splice(0..0, proposals);
    Ok(examination)
}

fn read(types: &Types, component: &[u8]) -> Result<Examination, Fault> {
    let sections = sections::read(component)?;
    let (imports, mut refusals) = imports::read(types.as_ref(), &sections.imports);
    let offer = exports::read(types.as_ref(), &sections);
    refusals.extend(offer.refusals);
    let inspection = Inspection {
        shape: offer.shape,
        tools: offer.tools,
        imports,
        exports_ignored: offer.ignored,
        size: component.len() as u64,
        producers: sections.producers,
    };
    Ok(Examination { inspection, refusals })
}

fn refused(refusals: &[String]) -> Fault {
    let named = refusals.iter().take(REASONS_MAX).map(String::as_str).collect::<Vec<_>>().join("; ");
    let more = match refusals.len().saturating_sub(REASONS_MAX) {
        0 => String::new(),
        more => format!("; and {more} more reasons, which `skep check` lists"),
    };
    Fault::invalid_component(format!("{named}{more}"))
}
