//! A command: a program with `wasi:cli/run`, its arguments and streams as JSON.

use super::{ToolCall, Work, unknown};
use crate::guest::{Guest, Log, Printed, Program, Source};
use crate::{Call, Export, Tool};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use skep_core::{ByteSize, Fault, FaultCode, Outcome, Output, Permit, ToolName};
use std::collections::BTreeMap;
use std::sync::Arc;
use wasmtime::Store;
use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wasmtime::component::{ComponentExportIndex, InstancePre, Type};
use wasmtime_wasi::I32Exit;

/// The only tool of one component that is a program.
pub(crate) struct CommandTool {
    pre: InstancePre<Guest>,
    name: ToolName,
    run: ComponentExportIndex,
}

impl CommandTool {
    /// Looks up where the program starts.
    pub(crate) fn new(pre: InstancePre<Guest>, tools: &[Tool]) -> Result<Self, Fault> {
        let component = pre.component();
        let find = |tool: &Tool| {
            let Export::Command(interface) = &tool.export else { return None };
            let interface = component.get_export_index(None, interface)?;
            match component.get_export(Some(&interface), "run")? {
                (ComponentItem::ComponentFunc(ty), run) if starts(&ty) => Some((tool.name.clone(), run)),
                _ => None,
            }
        };
        let found = tools.first().and_then(find);
        let (name, run) =
            found.ok_or_else(|| Fault::invalid_component("the command's `run` is not `func() -> result`"))?;
        Ok(Self { pre, name, run })
    }

    /// Reads the input of a call, and prepares what the program is given.
    pub(crate) fn call(&self, permit: &Permit, call: &Call) -> Result<CommandCall<'_>, Fault> {
        if call.tool != self.name {
            return Err(unknown(&call.tool, [&self.name].into_iter()));
        }
        let printed = Printed::new(permit.limits().output);
        let program = Input::read(&call.input)?.program(permit, Arc::clone(&printed))?;
        Ok(CommandCall { command: self, program, printed })
    }
}

fn starts(run: &ComponentFunc) -> bool {
    let mut results = run.results();
    let plain = |ty| matches!(ty, Type::Result(ty) if ty.ok().is_none() && ty.err().is_none());
    run.params().len() == 0 && results.next().is_some_and(plain) && results.next().is_none()
}

/// What a caller gives a program.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    #[serde(default)]
    args: Vec<String>,
    stdin: Option<String>,
    stdin_base64: Option<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
}

impl Input {
    fn read(json: &[u8]) -> Result<Self, Fault> {
        let input: Self = serde_json::from_slice(json)
            .map_err(|error| Fault::invalid_input(format!("a command's input: {error}")))?;
        let texts = input.args.iter().chain(input.env.iter().flat_map(|(name, value)| [name, value]));
        if texts.into_iter().any(|text| text.contains('\0')) {
            return Err(Fault::invalid_input("`args` and `env`: a program can't be given a zero character"));
        }
        match input.env.keys().find(|name| name.is_empty() || name.contains('=')) {
            Some(name) => Err(Fault::invalid_input(format!("`env`: `{name}` can't be a variable's name"))),
            None => Ok(input),
        }
    }

    fn program(self, permit: &Permit, printed: Arc<Printed>) -> Result<Program, Fault> {
        let granted = permit.env();
        let secret = |name: &str| permit.secrets().iter().any(|secret| secret.name().as_str() == name);
        if let Some(name) = self.env.keys().find(|name| granted.contains_key(*name) || secret(name)) {
            return Err(Fault::invalid_input(format!(
                "`env`: the variable `{name}` was set by the operator: leave it out"
            )));
        }
        let stdin = match (self.stdin, self.stdin_base64) {
            (Some(_), Some(_)) => {
                return Err(Fault::invalid_input("give `stdin` or `stdin_base64`, not both"));
            }
            (Some(text), None) => Bytes::from(text),
            (None, Some(text)) => {
                let bytes = BASE64.decode(text);
                Bytes::from(bytes.map_err(|e| Fault::invalid_input(format!("`stdin_base64`: {e}")))?)
            }
            (None, None) => Bytes::new(),
        };
        let granted = granted.iter().map(|(name, value)| (name.clone(), value.clone()));
        Ok(Program {
            args: [permit.skill().to_string()].into_iter().chain(self.args).collect(),
            env: granted.chain(self.env).collect(),
            stdin,
            printed,
        })
    }
}

/// One run of a program, its input read.
pub(crate) struct CommandCall<'a> {
    command: &'a CommandTool,
    program: Program,
    printed: Arc<Printed>,
}

impl Work for CommandCall<'_> {
    /// The exit code.
    type Given = i32;

    async fn perform(&self, store: &mut Store<Guest>) -> wasmtime::Result<i32> {
        store.data_mut().start(&self.program);
        match self.run(store).await {
            Ok(ended) => Ok(i32::from(ended.is_err())),
            Err(error) => match error.downcast_ref::<I32Exit>() {
                Some(exit) => Ok(exit.0),
                None => Err(error),
            },
        }
    }

    /// A program that broke has no answer: what it printed until then is in the log.
    fn leave_to(&self, log: &Log) {
        let [stdout, stderr] = self.printed.take();
        log.write(Source::Stderr, &stderr);
        log.write(Source::Stdout, &stdout);
    }
}

impl CommandCall<'_> {
    async fn run(&self, store: &mut Store<Guest>) -> wasmtime::Result<Result<(), ()>> {
        let instance = self.command.pre.instantiate_async(&mut *store).await?;
        let run = instance.get_typed_func::<(), (Result<(), ()>,)>(&mut *store, self.command.run)?;
        let (ended,) = run.call_async(store, ()).await?;
        Ok(ended)
    }
}

/// One stream as a member of the answer: text as it is, what is none in base64.
fn told(name: &str, bytes: Vec<u8>) -> (String, Value) {
    match String::from_utf8(bytes) {
        Ok(text) => (name.to_owned(), text.into()),
        Err(error) => (format!("{name}_base64"), BASE64.encode(error.as_bytes()).into()),
    }
}

impl ToolCall for CommandCall<'_> {
    fn answer(&self, exit_code: i32, bytes_max: u64) -> Outcome {
        let [stdout, stderr] = self.printed.take();
        let members =
            [told("stdout", stdout), told("stderr", stderr), ("exit_code".into(), exit_code.into())];
        let json = Value::Object(members.into_iter().collect()).to_string();
        if json.len() as u64 > bytes_max {
            let message = format!(
                "what the program printed makes an answer of {} bytes, above the limit `output` of {}: \
                 raise the limit, or let it print less",
                json.len(),
                ByteSize(bytes_max)
            );
            return Err(Fault::new(FaultCode::LimitOutput, message));
        }
        Ok(Output::json(json))
    }
}
