//! Typed tools: exported functions, their JSON derived from their types.

use super::{ToolCall, Work, instance, unknown};
use crate::guest::Guest;
use crate::json::Signature;
use crate::{Export, Tool};
use skep_core::{Fault, Outcome, ToolName};
use std::collections::BTreeMap;
use wasmtime::Store;
use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Val, types::ComponentItem};

/// The typed tools of one component.
pub(crate) struct TypedTools {
    pre: InstancePre<Guest>,
    tools: BTreeMap<ToolName, TypedTool>,
}

struct TypedTool {
    function: ComponentExportIndex,
    signature: Signature,
}

impl TypedTools {
    /// Looks up each of `tools` in the component.
    pub(crate) fn new(pre: InstancePre<Guest>, tools: &[Tool]) -> Result<Self, Fault> {
        let component = pre.component();
        let look = |tool: &Tool| Ok((tool.name.clone(), TypedTool::find(component, tool)?));
        let tools = tools.iter().map(look).collect::<Result<_, Fault>>()?;
        Ok(Self { pre, tools })
    }

    /// Reads the input of a call.
    pub(crate) fn call(&self, name: &ToolName, input: &[u8]) -> Result<TypedCall<'_>, Fault> {
        let tool = self.tools.get(name).ok_or_else(|| unknown(name, self.tools.keys()))?;
        let params = tool.signature.params_from_json(input)?;
        Ok(TypedCall { pre: &self.pre, tool, params })
    }
}

impl TypedTool {
    fn find(component: &Component, tool: &Tool) -> Result<Self, Fault> {
        let broken = |what: &str| Fault::invalid_component(format!("tool `{}`: {what}", tool.name));
        let found = match &tool.export {
            Export::Function(name) => component.get_export(None, name),
            Export::Interface(interface, name) => component
                .get_export_index(None, interface)
                .and_then(|interface| component.get_export(Some(&interface), name)),
            Export::Contract | Export::Command(_) => None,
        };
        let Some((ComponentItem::ComponentFunc(ty), function)) = found else {
            return Err(broken("the component exports no such function"));
        };
        let signature = Signature::new(&ty).map_err(|e| broken(&e.to_string()))?;
        Ok(Self { function, signature })
    }
}

/// One call of a typed tool, its input read.
pub(crate) struct TypedCall<'a> {
    pre: &'a InstancePre<Guest>,
    tool: &'a TypedTool,
    params: Vec<Val>,
}

impl Work for TypedCall<'_> {
    type Given = Vec<Val>;

    async fn perform(&self, store: &mut Store<Guest>) -> wasmtime::Result<Vec<Val>> {
        let instance = instance(self.pre, store).await?;
        let function = instance
            .get_func(&mut *store, self.tool.function)
            .ok_or_else(|| wasmtime::Error::msg("the export vanished"))?;
        let mut results = self.tool.signature.results_room();
        function.call_async(store, &self.params, &mut results).await?;
        Ok(results)
    }
}

impl ToolCall for TypedCall<'_> {
    fn answer(&self, results: Vec<Val>, bytes_max: u64) -> Outcome {
        self.tool.signature.result_to_json(&results, bytes_max)
    }
}
