//! The exit code: preview 1's `proc_exit` becomes WASI's `exit-with-code`.
//!
//! The stock adapter tells success from failure and drops the number. Both functions take one i32, so it
//! is enough to import the other one: its interface stands in the adapter's own WIT.

use wasm_encoder::reencode::{Error, Reencode, RoundtripReencoder};
use wasm_encoder::{ImportSection, Module, RawSection};
use wasmparser::{Import, ImportSectionReader, Parser, Payload};

use super::{ComponentError, PREVIEW1};

/// The interface, of the version that the adapter imports.
const INTERFACE: &str = "wasi:cli/exit@0.2.12";
const FUNCTION: &str = "exit-with-code";

/// The same module, which exits with its code.
pub(super) fn with_code(module: &[u8]) -> Result<Vec<u8>, ComponentError> {
    rewritten(module).map_err(|error| ComponentError::Malformed(error.to_string()))
}

fn rewritten(module: &[u8]) -> Result<Vec<u8>, Error> {
    let mut made = Module::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        match &payload {
            Payload::ImportSection(section) => {
                made.section(&imports(section.clone())?);
            }
            payload => {
                if let Some((id, range)) = payload.as_section() {
                    made.section(&RawSection { id, data: module.get(range).unwrap_or_default() });
                }
            }
        }
    }
    Ok(made.finish())
}

fn imports(section: ImportSectionReader<'_>) -> Result<ImportSection, Error> {
    let mut made = ImportSection::new();
    for import in section.into_imports() {
        let import = import?;
        let import = match (import.module, import.name) {
            (PREVIEW1, "proc_exit") => Import { module: INTERFACE, name: FUNCTION, ..import },
            _ => import,
        };
        RoundtripReencoder.parse_import(&mut made, import)?;
    }
    Ok(made)
}
