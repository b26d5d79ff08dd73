//! The binary itself: a component, well formed, of the proposals that the engine serves.

use crate::json::cut;
use skep_core::Fault;
use wasmparser::{Error, Parser, Validator, WasmFeatures, types::Types};

/// Longest message of the parser that is passed on, in characters.
const REASON_CHARS_MAX: usize = 200;

/// What the engine serves (`engine`): the third edition of WebAssembly without what the engine has
/// turned off, and the component model without its unfinished parts.
const SERVED: WasmFeatures = WasmFeatures::WASM3
    .difference(WasmFeatures::THREADS)
    .difference(WasmFeatures::MEMORY64)
    .difference(WasmFeatures::GC)
    .difference(WasmFeatures::GC_TYPES)
    .difference(WasmFeatures::EXCEPTIONS)
    .union(WasmFeatures::COMPONENT_MODEL);

/// What is not served, by the name that people know.
const UNSERVED: [(WasmFeatures, &str); 20] = [
    (WasmFeatures::THREADS, "threads"),
    (WasmFeatures::SHARED_EVERYTHING_THREADS, "shared-everything-threads"),
    (WasmFeatures::MEMORY64, "memory64"),
    (WasmFeatures::GC, "garbage collection (GC)"),
    (WasmFeatures::GC_TYPES, "garbage collection (GC)"),
    (WasmFeatures::EXCEPTIONS, "exceptions"),
    (WasmFeatures::LEGACY_EXCEPTIONS, "legacy exceptions"),
    (WasmFeatures::STACK_SWITCHING, "stack-switching"),
    (WasmFeatures::WIDE_ARITHMETIC, "wide-arithmetic"),
    (WasmFeatures::CUSTOM_PAGE_SIZES, "custom-page-sizes"),
    (WasmFeatures::CM_ASYNC, "component-model async (WASI 0.3)"),
    (WasmFeatures::CM_ASYNC_STACKFUL, "component-model async (WASI 0.3)"),
    (WasmFeatures::CM_MORE_ASYNC_BUILTINS, "component-model async (WASI 0.3)"),
    (WasmFeatures::CM_THREADING, "component-model threading"),
    (WasmFeatures::CM_ERROR_CONTEXT, "component-model error-context"),
    (WasmFeatures::CM_VALUES, "component-model values"),
    (WasmFeatures::CM_MAP, "component-model map"),
    (WasmFeatures::CM_FIXED_LENGTH_LISTS, "component-model fixed-length list"),
    (WasmFeatures::CM_GC, "component-model GC"),
    (WasmFeatures::CM64, "component-model memory64"),
];

/// Validates a component and gives its types.
pub(super) fn validate(binary: &[u8]) -> Result<Types, Fault> {
    kind(binary)?;
    match Validator::new_with_features(SERVED).validate_all(binary) {
        Ok(types) => Ok(types),
        Err(error) => Err(refusal(&error)),
    }
}

/// Gives the types of a component also where it uses what is not served, and every such proposal in words.
pub(super) fn examine(binary: &[u8]) -> Result<(Types, Vec<String>), Fault> {
    kind(binary)?;
    let strict = Validator::new_with_features(SERVED).validate_all(binary);
    let error = match strict {
        Ok(types) => return Ok((types, Vec::new())),
        Err(error) => error,
    };
    let types = Validator::new_with_features(WasmFeatures::all()).validate_all(binary);
    let types = types.map_err(|error| refusal(&error))?;
    let mut used: Vec<&str> = Vec::new();
    for (feature, proposal) in UNSERVED {
        let without = WasmFeatures::all().difference(feature);
        let needed = Validator::new_with_features(without).validate_all(binary).is_err();
        if needed && !used.contains(&proposal) {
            used.push(proposal);
        }
    }
    if used.is_empty() {
        return Ok((types, vec![refusal(&error).message]));
    }
    Ok((types, used.into_iter().map(unserved).collect()))
}

/// Refuses what is no component at all, saying what it looks like.
fn kind(binary: &[u8]) -> Result<(), Fault> {
    if binary.is_empty() {
        return Err(Fault::invalid_component("the file is empty"));
    }
    if Parser::is_component(binary) {
        return Ok(());
    }
    if Parser::is_core_wasm(binary) {
        return Err(Fault::invalid_component(
            "it is a core module, not a component: install the file itself, so that Skep adapts it",
        ));
    }
    if b"\0asm".starts_with(&binary[..binary.len().min(4)]) {
        return Err(Fault::invalid_component("it is cut off, or of an unknown version of WebAssembly"));
    }
    let start = binary[..binary.len().min(256)].trim_ascii_start();
    if start.starts_with(b"(") || start.starts_with(b";;") {
        return Err(Fault::invalid_component("it is WebAssembly text: give the binary that is made from it"));
    }
    Err(Fault::invalid_component("it is no WebAssembly: it doesn't begin with `\\0asm`"))
}

fn refusal(error: &Error) -> Fault {
    let missing = error.missing_wasm_feature().unwrap_or(WasmFeatures::empty());
    if let Some((_, proposal)) = UNSERVED.iter().find(|(feature, _)| missing.intersects(*feature)) {
        return Fault::invalid_component(format!("{} ({})", unserved(proposal), reason(error)));
    }
    malformed(error)
}

fn unserved(proposal: &str) -> String {
    format!("it uses the {proposal} proposal, which Skep does not serve yet")
}

/// The fault for a binary that can't be read to its end.
pub(super) fn malformed(error: &Error) -> Fault {
    let what = if error.message().contains("unexpected end") { "cut off" } else { "malformed" };
    Fault::invalid_component(format!("it is {what}: {}", reason(error)))
}

fn reason(error: &Error) -> String {
    format!("{} at byte {}", cut(error.message(), REASON_CHARS_MAX), error.offset())
}
