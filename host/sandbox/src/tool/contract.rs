//! Contract tools: `skep:skill/tools`, which describes itself and takes JSON.

use super::{ToolCall, Work, instance, unknown};
use crate::bindings::exports::skep::skill::tools::Error as ToolFailure;
use crate::bindings::exports::skep::skill::tools::Tool as Described;
use crate::bindings::{Skill, SkillIndices};
use crate::guest::Guest;
use crate::schema::Validator;
use crate::{Export, Tool};
use serde::de::IgnoredAny;
use skep_core::{ByteSize, Fault, FaultCode, Outcome, Output, ToolName};
use std::collections::BTreeMap;
use wasmtime::Store;
use wasmtime::component::InstancePre;

/// Most tools that one skill may offer.
const TOOLS_MAX: usize = 256;
/// Longest description.
const DESCRIPTION_BYTES_MAX: usize = 16 << 10;
/// Largest schema.
const SCHEMA_BYTES_MAX: usize = 256 << 10;

/// The contract's exports in one component, and the schemas of its tools.
pub(crate) struct ContractTools {
    exports: Exports,
    tools: BTreeMap<ToolName, Schemas>,
}

struct Exports {
    pre: InstancePre<Guest>,
    places: SkillIndices,
}

impl Exports {
    async fn of(&self, store: &mut Store<Guest>) -> wasmtime::Result<Skill> {
        let instance = instance(&self.pre, store).await?;
        self.places.load(store, &instance)
    }
}

struct Schemas {
    input: Validator,
    output: Option<Validator>,
}

impl ContractTools {
    /// Looks up the contract's exports; `tools` are those that `list-tools` named at install.
    pub(crate) fn new(pre: InstancePre<Guest>, tools: &[Tool]) -> Result<Self, Fault> {
        let places = SkillIndices::new(&pre).map_err(|e| Fault::invalid_component(format!("{e:#}")))?;
        let compile = |tool: &Tool| Ok((tool.name.clone(), Schemas::new(tool)?));
        let tools = tools.iter().map(compile).collect::<Result<_, Fault>>()?;
        Ok(Self { exports: Exports { pre, places }, tools })
    }

    /// Asks the component for its tools.
    pub(crate) fn list(&self) -> Listing<'_> {
        Listing { exports: &self.exports }
    }

    /// The same component with the tools that it named.
    pub(crate) fn with_tools(self, tools: &[Tool]) -> Result<Self, Fault> {
        Self::new(self.exports.pre, tools)
    }

    /// Checks the input of a call against the tool's schema.
    pub(crate) fn call<'a>(&'a self, name: &'a ToolName, input: &'a [u8]) -> Result<ContractCall<'a>, Fault> {
        let schemas = self.tools.get(name).ok_or_else(|| unknown(name, self.tools.keys()))?;
        schemas.input.check(input).map_err(Fault::invalid_input)?;
        let input = str::from_utf8(input).map_err(|e| Fault::invalid_input(format!("no UTF-8: {e}")))?;
        Ok(ContractCall { exports: &self.exports, schemas, tool: name.as_str(), input })
    }
}

impl Schemas {
    fn new(tool: &Tool) -> Result<Self, Fault> {
        let compile = |which, schema| {
            Validator::new(schema)
                .map_err(|e| Fault::invalid_component(format!("tool `{}`: {which} schema: {e}", tool.name)))
        };
        let output = tool.output_schema.as_ref().map(|schema| compile("output", schema)).transpose()?;
        Ok(Self { input: compile("input", &tool.input_schema)?, output })
    }
}

/// One call of a contract tool, its input checked.
pub(crate) struct ContractCall<'a> {
    exports: &'a Exports,
    schemas: &'a Schemas,
    tool: &'a str,
    input: &'a str,
}

impl ToolCall for ContractCall<'_> {
    fn answer(&self, answer: Result<String, ToolFailure>, bytes_max: u64) -> Outcome {
        let text = match &answer {
            Ok(text) | Err(ToolFailure::InvalidInput(text) | ToolFailure::Failed(text)) => text,
        };
        if text.len() as u64 > bytes_max {
            let message = format!(
                "the answer of {} bytes is above the limit `output` of {}: raise the limit, or ask for less",
                text.len(),
                ByteSize(bytes_max)
            );
            return Err(Fault::new(FaultCode::LimitOutput, message));
        }
        let text = match answer {
            Ok(text) => text,
            Err(ToolFailure::InvalidInput(message)) => return Err(Fault::invalid_input(message)),
            Err(ToolFailure::Failed(message)) => return Err(Fault::tool_error(message)),
        };
        let checked = match &self.schemas.output {
            Some(schema) => schema.check(text.as_bytes()),
            None => serde_json::from_str::<IgnoredAny>(&text)
                .map(|_| ())
                .map_err(|e| format!("the tool answered what is no JSON: {e}")),
        };
        checked.map_err(Fault::invalid_output)?;
        Ok(Output::json(text))
    }
}

impl Work for ContractCall<'_> {
    type Given = Result<String, ToolFailure>;

    async fn perform(&self, store: &mut Store<Guest>) -> wasmtime::Result<Self::Given> {
        let skill = self.exports.of(store).await?;
        skill.skep_skill_tools().call_call_tool(store, self.tool, self.input).await
    }
}

/// The question at install: which tools are there?
pub(crate) struct Listing<'a> {
    exports: &'a Exports,
}

impl Work for Listing<'_> {
    type Given = Vec<Described>;

    async fn perform(&self, store: &mut Store<Guest>) -> wasmtime::Result<Vec<Described>> {
        let skill = self.exports.of(store).await?;
        skill.skep_skill_tools().call_list_tools(store).await
    }
}

/// Checks what `list-tools` said, and takes it over.
pub(crate) fn described(tools: Vec<Described>) -> Result<Vec<Tool>, Fault> {
    if tools.is_empty() {
        return Err(Fault::invalid_component("`list-tools` names no tool: a skill needs at least one"));
    }
    if tools.len() > TOOLS_MAX {
        let count = tools.len();
        return Err(Fault::invalid_component(format!(
            "`list-tools` names {count} tools, above the {TOOLS_MAX} that a skill may have"
        )));
    }
    let mut taken: Vec<Tool> = Vec::with_capacity(tools.len());
    for tool in tools {
        let tool = take_over(tool).map_err(|e| Fault::invalid_component(format!("`list-tools`: {e}")))?;
        if taken.iter().any(|other| other.name == tool.name) {
            return Err(Fault::invalid_component(format!("`list-tools` names `{}` twice", tool.name)));
        }
        taken.push(tool);
    }
    Ok(taken)
}

fn take_over(tool: Described) -> Result<Tool, String> {
    let name: ToolName = tool.name.parse().map_err(|e: skep_core::NameError| e.to_string())?;
    if tool.description.len() > DESCRIPTION_BYTES_MAX {
        return Err(format!("the description of `{name}` is longer than {DESCRIPTION_BYTES_MAX} bytes"));
    }
    let schema = |which: &str, text: &str| {
        if text.len() > SCHEMA_BYTES_MAX {
            return Err(format!("the {which} schema of `{name}` is larger than {SCHEMA_BYTES_MAX} bytes"));
        }
        serde_json::from_str(text).map_err(|e| format!("the {which} schema of `{name}` is no JSON: {e}"))
    };
    let input_schema = schema("input", &tool.input_schema)?;
    let output_schema = tool.output_schema.as_deref().map(|text| schema("output", text)).transpose()?;
    Ok(Tool { description: tool.description, input_schema, output_schema, export: Export::Contract, name })
}
