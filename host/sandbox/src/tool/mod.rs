//! Tools of a linked component: looked up once per version, called once per instance.

mod command;
mod contract;
mod typed;

pub(crate) use command::CommandTool;
pub(crate) use contract::{ContractTools, described};
pub(crate) use typed::TypedTools;

use crate::guest::{Guest, Log};
use skep_core::{Fault, Outcome, ToolName};
use wasmtime::Store;
use wasmtime::component::{Instance, InstancePre};

/// What is done in a store: instantiate, if that wasn't done, call, and nothing else.
pub(crate) trait Work: Sync {
    /// What it gives, owned by the host.
    type Given: Send;
    /// Does it. The error is the guest's end: a trap, a limit, a stop.
    fn perform(&self, store: &mut Store<Guest>)
    -> impl Future<Output = wasmtime::Result<Self::Given>> + Send;

    /// Writes what was done until it broke, and isn't in the log yet.
    fn leave_to(&self, _log: &Log) {}
}

/// The call of a tool, its input checked.
pub(crate) trait ToolCall: Work {
    /// Judges what the tool gave, and writes it as JSON of at most `bytes_max` bytes.
    fn answer(&self, given: Self::Given, bytes_max: u64) -> Outcome;
}

/// The store's instance, made for its first call.
async fn instance(pre: &InstancePre<Guest>, store: &mut Store<Guest>) -> wasmtime::Result<Instance> {
    if let Some(made) = store.data().instance {
        return Ok(made);
    }
    let made = pre.instantiate_async(&mut *store).await?;
    store.data_mut().instance = Some(made);
    Ok(made)
}

/// The fault of a call that names no tool of its skill.
fn unknown<'a>(tool: &ToolName, known: impl Iterator<Item = &'a ToolName>) -> Fault {
    let known: Vec<&str> = known.map(ToolName::as_str).collect();
    Fault::unknown_tool(format!("the skill has no tool `{tool}`; it has: {}", known.join(", ")))
}
