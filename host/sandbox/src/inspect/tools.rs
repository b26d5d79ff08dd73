//! Tools: exported functions whose types all have a JSON form, with names, words and schemas.

use super::docs::Docs;
use super::names::{Name, quote};
use super::sections::Sections;
use super::{Export, Tool};
use crate::json::Unmapped;
use crate::schema::{Derive, Notes};
use skep_core::{NameError, ToolName};
use std::collections::HashSet;
use wasmparser::component_types::{ComponentAnyTypeId, ComponentEntityType, ComponentFuncTypeId};
use wasmparser::types::TypesRef;

/// Most functions that a component may export.
const FUNCTIONS_MAX: usize = 512;

/// An exported function that may be a tool.
pub(super) struct Candidate<'a> {
    pub(super) interface: Option<&'a str>,
    pub(super) function: &'a str,
    pub(super) ty: ComponentFuncTypeId,
}

impl Candidate<'_> {
    pub(super) fn label(&self) -> String {
        match self.interface {
            Some(interface) => quote(&format!("{interface}.{}", self.function)),
            None => quote(self.function),
        }
    }

    /// The names it may have, the shortest first.
    fn names(&self) -> Vec<String> {
        let Some(interface) = self.interface else { return vec![self.function.to_owned()] };
        let Name { package, interface, .. } = Name::new(interface);
        let long = format!("{interface}.{}", self.function);
        let longest = format!("{}.{long}", package.replace(':', "."));
        vec![self.function.to_owned(), long, longest]
    }
}

/// Makes tools of the functions that can be tools, and says why the others can't.
pub(super) fn read(
    types: TypesRef<'_>,
    sections: &Sections<'_>,
    candidates: &[Candidate<'_>],
) -> Result<(Vec<Tool>, Vec<String>), String> {
    if candidates.len() > FUNCTIONS_MAX {
        return Err(format!("it exports more than {FUNCTIONS_MAX} functions"));
    }
    let notes = notes(types, sections);
    let mut derive = Derive::new(types, &notes);
    let (mut described, mut ignored) = (Vec::new(), Vec::new());
    for candidate in candidates {
        let func = &types[candidate.ty];
        let schemas = derive.input(func).and_then(|input| Ok((input, derive.output(func)?)));
        match schemas {
            _ if candidate.function.starts_with('[') => {
                ignored.push(format!("{}: it belongs to a resource", candidate.label()));
            }
            Ok(schemas) => described.push((candidate, schemas)),
            Err(unmapped @ Unmapped::Kind(_)) => ignored.push(format!("{}: {unmapped}", candidate.label())),
            Err(bound) => return Err(format!("{}: {bound}", candidate.label())),
        }
    }
    let names = unambiguous(&described.iter().map(|(candidate, _)| *candidate).collect::<Vec<_>>())?;
    let tools = described.into_iter().zip(names).map(|((candidate, (input, output)), name)| Tool {
        name,
        description: sections.docs.function(candidate.interface, candidate.function),
        input_schema: input,
        output_schema: Some(output),
        export: match candidate.interface {
            None => Export::Function(candidate.function.to_owned()),
            Some(interface) => Export::Interface(interface.to_owned(), candidate.function.to_owned()),
        },
    });
    Ok((tools.collect(), ignored))
}

/// The name of each tool: the function's, or with as much in front as tells it from the others. A
/// function of the world itself keeps its name.
fn unambiguous(candidates: &[&Candidate<'_>]) -> Result<Vec<ToolName>, String> {
    let names: Vec<_> = candidates.iter().map(|candidate| candidate.names()).collect();
    let mut taken = HashSet::new();
    let mut chosen = Vec::new();
    for own in &names {
        let others = |name: &String| names.iter().filter(|other| other.contains(name)).count() > 1;
        let name = own.iter().find(|name| own.len() == 1 || !others(name)).or(own.last());
        let name = name.cloned().unwrap_or_default();
        if !taken.insert(name.clone()) {
            return Err(format!("it exports two tools of the name {}", quote(&name)));
        }
        let name = name.parse().map_err(|error: NameError| error.to_string())?;
        chosen.push(name);
    }
    Ok(chosen)
}

/// What is documented about the types that imports and exports name.
fn notes<'d>(types: TypesRef<'_>, sections: &'d Sections<'_>) -> Notes<'d> {
    let mut notes = Notes::new();
    let imports =
        sections.imports.iter().filter_map(|name| Some((*name, types.component_item_for_import(name)?)));
    let exports =
        sections.exports.iter().filter_map(|name| Some((*name, types.component_item_for_export(name)?)));
    for (name, item) in imports.chain(exports) {
        match item.ty {
            ComponentEntityType::Instance(id) => {
                for (inner, item) in &types[id].exports {
                    note(types, &sections.docs, (Some(name), inner), item.ty, &mut notes);
                }
            }
            ty => note(types, &sections.docs, (None, name), ty, &mut notes),
        }
    }
    notes
}

fn note<'d>(
    types: TypesRef<'_>,
    docs: &'d Docs,
    (interface, name): (Option<&str>, &str),
    ty: ComponentEntityType,
    notes: &mut Notes<'d>,
) {
    let ComponentEntityType::Type { created: ComponentAnyTypeId::Defined(id), .. } = ty else { return };
    let Some(note) = docs.ty(interface, name) else { return };
    // The types of functions may be named by any alias of the exported one.
    let mut alias = Some(id);
    while let Some(id) = alias.filter(|id| !notes.contains_key(id)) {
        notes.insert(id, note);
        alias = types.peel_alias(id);
    }
}
