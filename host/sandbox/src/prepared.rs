//! A version of a skill, ready to run: compiled, linked, its exports looked up, its schemas compiled.

use crate::run::{Room, Turn};
use crate::services::Nobody;
use crate::tool::{CommandTool, ContractTools, ToolCall, TypedTools, described};
use crate::{Call, Inspection, Report, Sandbox, Shape, Tool, inspect};
use bytes::Bytes;
use skep_core::{CallId, Digest, Fault, Grants, LimitsSpec, Subject, UnixMs};
use std::sync::Arc;
use tokio::task::spawn_blocking;
use wasmtime::component::{Component, InstancePre};

/// A component that is compiled, checked and linked: ready to run.
pub struct Prepared {
    inspection: Inspection,
    component_digest: Digest,
    tools: Tools,
}

enum Tools {
    Typed(TypedTools),
    Contract(ContractTools),
    Command(CommandTool),
}

impl Prepared {
    /// What the component is and offers.
    pub fn inspection(&self) -> &Inspection {
        &self.inspection
    }

    /// The digest of the component's bytes.
    pub fn component_digest(&self) -> Digest {
        self.component_digest
    }

    /// A component seen for the first time.
    pub(crate) async fn fresh(sandbox: &Sandbox, bytes: Bytes) -> Result<Self, Fault> {
        sandbox.inner.workshop.check_size(bytes.len())?;
        let looked = bytes.clone();
        let (digest, inspection) = off_thread(move || Ok((Digest::of(&looked), inspect(&looked)?))).await?;
        let component = sandbox.inner.workshop.component(digest, async || Ok(bytes)).await?;
        let mut prepared = Self::link(sandbox, component, digest, inspection)?;
        if let Tools::Contract(contract) = prepared.tools {
            let tools = ask(sandbox, &contract, digest).await?;
            prepared.tools = Tools::Contract(contract.with_tools(&tools)?);
            prepared.inspection.tools = tools;
        }
        Ok(prepared)
    }

    /// A component that was inspected when it was installed.
    pub(crate) async fn known(
        sandbox: &Sandbox,
        digest: Digest,
        inspection: &Inspection,
        fetch: impl AsyncFnOnce() -> Result<Bytes, Fault>,
    ) -> Result<Self, Fault> {
        let component = sandbox.inner.workshop.component(digest, fetch).await?;
        Self::link(sandbox, component, digest, inspection.clone())
    }

    fn link(
        sandbox: &Sandbox,
        component: Component,
        component_digest: Digest,
        inspection: Inspection,
    ) -> Result<Self, Fault> {
        let unserved: Vec<_> = inspection.imports.iter().filter(|i| !i.served).map(|i| &*i.name).collect();
        if !unserved.is_empty() {
            return Err(Fault::invalid_component(format!(
                "the component imports what this host doesn't serve: {}",
                unserved.join(", ")
            )));
        }
        let linked = sandbox.inner.linker.instantiate_pre(&component);
        let pre: InstancePre<_> = linked.map_err(|e| Fault::invalid_component(format!("{e:#}")))?;
        let tools = match inspection.shape {
            Shape::Typed => Tools::Typed(TypedTools::new(pre, &inspection.tools)?),
            Shape::Contract => Tools::Contract(ContractTools::new(pre, &inspection.tools)?),
            Shape::Command => Tools::Command(CommandTool::new(pre, &inspection.tools)?),
        };
        Ok(Self { inspection, component_digest, tools })
    }

    /// Whether its guest may be called more than once.
    pub(crate) fn keeps_sessions(&self) -> bool {
        match self.tools {
            Tools::Typed(_) | Tools::Contract(_) => true,
            // A program runs once.
            Tools::Command(_) => false,
        }
    }

    /// Serves a call that was let in.
    pub(crate) async fn serve(&self, sandbox: &Sandbox, room: &mut Room, turn: Turn<'_>) -> Report {
        let (tool, input) = (turn.call.tool.clone(), turn.call.input.clone());
        match &self.tools {
            Tools::Typed(tools) => answer(sandbox, room, turn, tools.call(&tool, &input)).await,
            Tools::Contract(tools) => answer(sandbox, room, turn, tools.call(&tool, &input)).await,
            Tools::Command(program) => {
                let called = program.call(turn.permit, &turn.call);
                answer(sandbox, room, turn, called).await
            }
        }
    }
}

async fn answer<C: ToolCall>(
    sandbox: &Sandbox,
    room: &mut Room,
    turn: Turn<'_>,
    tool: Result<C, Fault>,
) -> Report {
    let output = turn.permit.limits().output;
    let tool = match tool {
        Ok(tool) => tool,
        Err(fault) => return Report::refused(fault),
    };
    let run = sandbox.work(room, turn, &tool).await;
    let outcome = run.given.and_then(|given| tool.answer(given, output.0));
    Report { outcome, logs: run.logs, usage: run.usage }
}

/// Runs `list-tools` once: with no grants, and all limits on.
async fn ask(sandbox: &Sandbox, contract: &ContractTools, digest: Digest) -> Result<Vec<Tool>, Fault> {
    let internal = |e: &dyn std::fmt::Display| Fault::internal(e.to_string());
    let limits = LimitsSpec::default().within(&sandbox.inner.ceiling).map_err(|e| internal(&e))?;
    let skill = "list-tools".parse().map_err(|e| internal(&e))?;
    let subject = Subject { skill: &skill, digest, requests: None, limits: &limits };
    let permit = Grants::default().permit(subject);
    let call = Call {
        id: CallId::fresh(),
        attempt: 1,
        deadline: UnixMs::now().after(limits.wall.0),
        chain: Vec::new(),
        idempotency_key: None,
        session: None,
        tool: "list-tools".parse().map_err(|e| internal(&e))?,
        input: Bytes::new(),
        config: Arc::default(),
    };
    let turn = Turn::new(&permit, call, Arc::new(Nobody));
    let _slot = sandbox.slot(turn.ends).await?;
    let listed = sandbox.work(&mut Room::default(), turn, &contract.list()).await;
    let named =
        listed.given.map_err(|fault| Fault::new(fault.code, format!("`list-tools`: {}", fault.message)));
    off_thread(move || described(named?)).await
}

/// Does what takes long without holding up the calls of this thread.
pub(crate) async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    spawn_blocking(work).await.map_err(|e| Fault::internal(format!("a worker thread broke: {e}")))?
}
