//! What a core module shows of itself: its imports, its start, and the WIT that it carries.

use wasmparser::{ExternalKind, Import, Parser, Payload};

use super::{ComponentError, PREVIEW1};

/// How the sections begin that carry WIT.
const WIT_SECTION: &str = "component-type";
/// Most foreign imports that a refusal names.
const FOREIGN_MAX: usize = 8;
/// Longest name that is shown, in characters.
const NAME_CHARS_MAX: usize = 80;

/// What decides how a core module is adapted.
#[derive(Default)]
pub(super) struct Surface {
    /// It exports `_start`: a command.
    pub(super) starts: bool,
    /// It imports WASI preview 1.
    pub(super) preview1: bool,
    /// It imports preview 1's `proc_exit`.
    pub(super) exits: bool,
    /// It carries the WIT of what it imports and exports.
    wit: bool,
    /// Imports of anything but preview 1.
    others: Vec<String>,
    others_more: usize,
}

impl Surface {
    pub(super) fn read(module: &[u8]) -> Result<Self, wasmparser::Error> {
        let mut surface = Self::default();
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        surface.import(import?);
                    }
                }
                Payload::ExportSection(exports) => {
                    for export in exports {
                        let export = export?;
                        surface.starts |= export.name == "_start" && export.kind == ExternalKind::Func;
                    }
                }
                Payload::CustomSection(custom) => surface.wit |= custom.name().starts_with(WIT_SECTION),
                _ => {}
            }
        }
        Ok(surface)
    }

    fn import(&mut self, import: Import<'_>) {
        if import.module == PREVIEW1 {
            self.preview1 = true;
            self.exits |= import.name == "proc_exit";
        } else if self.others.len() < FOREIGN_MAX {
            let name = format!("{}.{}", import.module, import.name);
            self.others.push(format!("`{}`", name.chars().take(NAME_CHARS_MAX).collect::<String>()));
        } else {
            self.others_more += 1;
        }
    }

    /// Whether it needs the adapter from preview 1.
    pub(super) fn adapted(&self) -> bool {
        self.preview1 || self.starts
    }

    /// Refuses what no adapter helps. Imports that WIT describes are the encoder's to check.
    pub(super) fn check(&self) -> Result<(), ComponentError> {
        if self.wit {
            return Ok(());
        }
        if !self.others.is_empty() {
            let mut names = self.others.join(", ");
            if self.others_more > 0 {
                names = format!("{names} and {} more", self.others_more);
            }
            return Err(ComponentError::Foreign(names));
        }
        if self.starts { Ok(()) } else { Err(ComponentError::Mute) }
    }
}
