//! What a component exports: the functions that may be tools, and what is none.

use super::names::{Name, quote};
use super::sections::Sections;
use super::tools::{self, Candidate};
use super::{Shape, Tool};
use skep_core::Fault;
use wasmparser::component_types::{ComponentEntityType, ComponentFuncType, ComponentInstanceType};
use wasmparser::types::TypesRef;

/// Most exports that are named as ignored.
const IGNORED_MAX: usize = 64;
/// The interface of a contract skill, and the versions of it that are served.
const CONTRACT: (&str, &str, (u64, u64)) = ("skep:skill", "tools", (0, 1));
/// The instance that Python's toolchain adds.
const PYTHON_INSTANCE: &str = "exports";
/// The function that QuickJS's toolchain adds, and how its parameters begin.
const QUICKJS_FUNCTION: &str = "init";
const QUICKJS_PARAMS: [&str; 2] = ["shim", "script"];

/// What a component offers.
pub(super) struct Offer {
    pub(super) shape: Shape,
    pub(super) tools: Vec<Tool>,
    pub(super) ignored: Vec<String>,
}

/// Reads the exports of a component.
pub(super) fn read(types: TypesRef<'_>, sections: &Sections<'_>) -> Result<Offer, Fault> {
    let mut found = Found::default();
    for name in &sections.exports {
        found.export(types, name)?;
    }
    if found.contract {
        let others =
            found.candidates.iter().map(|it| format!("{}: the skill describes its own tools", it.label()));
        found.ignored.extend(others);
        return Ok(Offer { shape: Shape::Contract, tools: Vec::new(), ignored: bounded(found.ignored) });
    }
    let (tools, ignored) = tools::read(types, sections, &found.candidates)?;
    found.ignored.extend(ignored);
    if tools.is_empty() {
        return Err(no_tools(&found));
    }
    Ok(Offer { shape: Shape::Typed, tools, ignored: bounded(found.ignored) })
}

/// What the exports hold, before their types are looked at.
#[derive(Default)]
struct Found<'a> {
    contract: bool,
    command: bool,
    candidates: Vec<Candidate<'a>>,
    ignored: Vec<String>,
}

impl<'a> Found<'a> {
    fn export(&mut self, types: TypesRef<'a>, full: &'a str) -> Result<(), Fault> {
        let Some(item) = types.component_item_for_export(full) else { return Ok(()) };
        let name = Name::new(full);
        match item.ty {
            ComponentEntityType::Instance(_)
                if (name.package, name.interface) == (CONTRACT.0, CONTRACT.1) =>
            {
                if !name.is_of(CONTRACT.2) {
                    return Err(Fault::invalid_component(format!(
                        "it exports {}: this host serves version 0.1 of that interface",
                        quote(full)
                    )));
                }
                self.contract = true;
            }
            ComponentEntityType::Instance(_) if (name.package, name.interface) == ("wasi:cli", "run") => {
                self.command = true;
                self.ignore(full, "how a command starts");
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
        Ok(())
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

fn no_tools(found: &Found<'_>) -> Fault {
    if found.command {
        return Fault::invalid_component(
            "it is a command (it exports `wasi:cli/run`): commands are not served yet, export functions instead",
        );
    }
    let why = match bounded(found.ignored.clone()).first() {
        Some(first) => format!(" ({first})"),
        None => String::new(),
    };
    Fault::invalid_component(format!(
        "it offers no tool: export a function of plain types, or `skep:skill/tools`{why}"
    ))
}
