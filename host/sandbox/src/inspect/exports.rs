//! What a component exports: the functions that may be tools, and what is none.

use super::names::{Name, quote};
use super::sections::Sections;
use super::tools::{self, Candidate};
use super::{Shape, Tool, command};
use wasmparser::component_types::{ComponentEntityType, ComponentFuncType, ComponentInstanceType};
use wasmparser::types::TypesRef;

/// Most exports that are named as ignored.
const IGNORED_MAX: usize = 64;
/// The interface of a contract skill, and the versions of it that are served.
const CONTRACT: (&str, &str, (u64, u64)) = ("skep:skill", "tools", (0, 1));
/// The interface by which a program starts, and the versions of it that are served.
const COMMAND: (&str, &str, (u64, u64)) = ("wasi:cli", "run", (0, 2));
/// The instance that Python's toolchain adds.
const PYTHON_INSTANCE: &str = "exports";
/// The function that QuickJS's toolchain adds, and how its parameters begin.
const QUICKJS_FUNCTION: &str = "init";
const QUICKJS_PARAMS: [&str; 2] = ["shim", "script"];

/// What a component offers.
pub(super) struct Offer {
    pub(super) shape: Shape,
    pub(super) tools: Vec<Tool>,
    /// Exports that are no tools, with the reason.
    pub(super) ignored: Vec<String>,
    /// Why what it offers can't be served.
    pub(super) refusals: Vec<String>,
}

/// Reads the exports of a component.
pub(super) fn read(types: TypesRef<'_>, sections: &Sections<'_>) -> Offer {
    let mut found = Found::default();
    for name in &sections.exports {
        found.export(types, name);
    }
    if found.contract {
        let others =
            found.candidates.iter().map(|it| format!("{}: the skill describes its own tools", it.label()));
        found.ignored.extend(others);
        found.ignored.extend(found.command.map(not_started));
        return found.offer(Shape::Contract, Vec::new());
    }
    let tools = match tools::read(types, sections, &found.candidates) {
        Ok((tools, ignored)) => {
            found.ignored.extend(ignored);
            tools
        }
        Err(refusal) => {
            found.refusals.push(refusal);
            Vec::new()
        }
    };
    match found.command {
        Some(interface) if tools.is_empty() => found.program(interface),
        command => {
            found.ignored.extend(command.map(not_started));
            if tools.is_empty() && found.refusals.is_empty() {
                found.refusals.push(no_tools(&found.ignored));
            }
            found.offer(Shape::Typed, tools)
        }
    }
}

/// What the exports hold, before their types are looked at.
#[derive(Default)]
struct Found<'a> {
    contract: bool,
    /// The interface by which a program starts.
    command: Option<&'a str>,
    candidates: Vec<Candidate<'a>>,
    ignored: Vec<String>,
    refusals: Vec<String>,
}

impl<'a> Found<'a> {
    fn export(&mut self, types: TypesRef<'a>, full: &'a str) {
        let Some(item) = types.component_item_for_export(full) else { return };
        let name = Name::new(full);
        match item.ty {
            ComponentEntityType::Instance(_)
                if (name.package, name.interface) == (CONTRACT.0, CONTRACT.1) =>
            {
                self.contract = true;
                if !name.is_of(CONTRACT.2) {
                    let refusal =
                        format!("it exports {}: this host serves version 0.1 of that interface", quote(full));
                    self.refusals.push(refusal);
                }
            }
            ComponentEntityType::Instance(_) if (name.package, name.interface) == (COMMAND.0, COMMAND.1) => {
                self.command = Some(full);
            }
            ComponentEntityType::Instance(_) if full == PYTHON_INSTANCE => {
                self.ignore(full, "made by the toolchain for itself");
            }
            ComponentEntityType::Instance(id) => self.instance(full, types.get(id)),
            ComponentEntityType::Func(id) if full == QUICKJS_FUNCTION && is_quickjs(&types[id]) => {
                self.ignore(full, "made by the toolchain for itself");
            }
            ComponentEntityType::Func(ty) => {
                self.candidates.push(Candidate { interface: None, function: full, ty });
            }
            ComponentEntityType::Type { .. } => {}
            ComponentEntityType::Module(_) => self.ignore(full, "a core module"),
            ComponentEntityType::Component(_) => self.ignore(full, "a component"),
            ComponentEntityType::Value(_) => self.ignore(full, "a value"),
        }
    }

    /// A component whose only offer is to be started.
    fn program(mut self, interface: &str) -> Offer {
        if !Name::new(interface).is_of(COMMAND.2) {
            let quoted = quote(interface);
            self.refusals.push(format!(
                "it is a command of {quoted}, which Skep does not serve yet: build for WASI 0.2"
            ));
        }
        let tools = match command::tool(interface) {
            Ok(tool) => vec![tool],
            Err(error) => {
                self.refusals.push(error.to_string());
                Vec::new()
            }
        };
        self.offer(Shape::Command, tools)
    }

    fn offer(self, shape: Shape, tools: Vec<Tool>) -> Offer {
        Offer { shape, tools, ignored: bounded(self.ignored), refusals: self.refusals }
    }

    fn instance(&mut self, interface: &'a str, instance: Option<&'a ComponentInstanceType>) {
        for (function, item) in instance.into_iter().flat_map(|instance| &instance.exports) {
            if let ComponentEntityType::Func(ty) = item.ty {
                self.candidates.push(Candidate { interface: Some(interface), function, ty });
            }
        }
    }

    fn ignore(&mut self, name: &str, reason: &str) {
        self.ignored.push(format!("{}: {reason}", quote(name)));
    }
}

fn is_quickjs(func: &ComponentFuncType) -> bool {
    func.params.iter().map(|(name, _)| name.as_str()).take(QUICKJS_PARAMS.len()).eq(QUICKJS_PARAMS)
}

fn bounded(mut ignored: Vec<String>) -> Vec<String> {
    let more = ignored.len().saturating_sub(IGNORED_MAX);
    ignored.truncate(IGNORED_MAX);
    if more > 0 {
        ignored.push(format!("and {more} more"));
    }
    ignored
}

fn not_started(interface: &str) -> String {
    format!("{}: how a command starts, but it offers tools", quote(interface))
}

fn no_tools(ignored: &[String]) -> String {
    let why = ignored.first().map(|first| format!(" ({first})")).unwrap_or_default();
    format!("it offers no tool: export a function of plain types, `skep:skill/tools`, or `wasi:cli/run`{why}")
}
