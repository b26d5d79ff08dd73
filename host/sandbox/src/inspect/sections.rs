//! One walk through the binary, for what the validator doesn't keep: the order of imports and exports,
//! and the custom sections.

use super::binary::malformed;
use super::docs::Docs;
use crate::json::cut;
use skep_core::Fault;
use wasmparser::{CustomSectionReader, KnownCustom, Parser, Payload, ProducersSectionReader};

/// Most imports, and most exports.
const NAMES_MAX: usize = 1024;
/// Most producers that are named.
const PRODUCERS_MAX: usize = 16;
/// Longest name of a producer, in characters.
const PRODUCER_CHARS_MAX: usize = 60;

/// What stands in the sections of a component.
#[derive(Default)]
pub(super) struct Sections<'a> {
    /// The names of its imports, in order.
    pub(super) imports: Vec<&'a str>,
    /// The names of its exports, in order.
    pub(super) exports: Vec<&'a str>,
    /// The tools that made it or its parts, each once.
    pub(super) producers: Vec<String>,
    /// Its documentation.
    pub(super) docs: Docs,
}

/// Reads a component that is known to be valid.
pub(super) fn read(component: &[u8]) -> Result<Sections<'_>, Fault> {
    let mut sections = Sections::default();
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(component) {
        match payload.map_err(|error| malformed(&error))? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(imports) if depth == 0 => {
                for import in imports {
                    sections.imports.push(import.map_err(|error| malformed(&error))?.name.name);
                }
            }
            Payload::ComponentExportSection(exports) if depth == 0 => {
                for export in exports {
                    sections.exports.push(export.map_err(|error| malformed(&error))?.name.name);
                }
            }
            Payload::CustomSection(custom) => sections.custom(&custom),
            _ => {}
        }
        if sections.imports.len().max(sections.exports.len()) > NAMES_MAX {
            return Err(Fault::invalid_component(format!("it has more than {NAMES_MAX} imports or exports")));
        }
    }
    Ok(sections)
}

impl Sections<'_> {
    /// Custom sections can't make a component invalid: what can't be read is left out.
    fn custom(&mut self, custom: &CustomSectionReader<'_>) {
        self.docs.add(custom.name(), custom.data());
        if let KnownCustom::Producers(producers) = custom.as_known() {
            self.producers(producers);
        }
    }

    fn producers(&mut self, producers: ProducersSectionReader<'_>) {
        let values = producers.into_iter().flatten().flat_map(|field| field.values.into_iter().flatten());
        for value in values {
            if self.producers.len() >= PRODUCERS_MAX {
                return;
            }
            let name = cut(format!("{} {}", value.name, value.version).trim(), PRODUCER_CHARS_MAX);
            if !self.producers.contains(&name) {
                self.producers.push(name);
            }
        }
    }
}
