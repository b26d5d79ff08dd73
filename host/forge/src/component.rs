//! A component from what a compiler made: core modules are adapted, components pass as they are.
//!
//! Both may come from anyone: sizes are bounded, and the encoder runs in a thread of its own, so that
//! not even a panic of it gets further than this file.

mod exit;
mod go;
mod surface;

use std::borrow::Cow;
use std::thread;

use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME as PREVIEW1, WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER as COMMAND,
    WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER as REACTOR,
};
use wasmparser::{Parser, Validator, WasmFeatures};
use wit_component::ComponentEncoder;

use surface::Surface;

/// Largest core module that is adapted, in bytes.
const MODULE_BYTES_MAX: usize = 64 << 20;
/// Longest reason of the encoder that is passed on, in characters.
const REASON_CHARS_MAX: usize = 500;

/// Why a core module can't be made a component. Each says the way out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComponentError {
    /// More than is read.
    #[error("the core module has {0} bytes, at most {MODULE_BYTES_MAX} are adapted")]
    TooLarge(usize),
    /// It can't be read to its end.
    #[error("the binary is cut off or malformed: {0}")]
    Malformed(String),
    /// It was built for another host.
    #[error(
        "the core module imports what only the host that it was built for has: {0}; build it for WASI \
         (wasm32-wasip1, wasm32-wasip2, or your toolchain's standalone mode), without JavaScript around it"
    )]
    Foreign(String),
    /// Nothing says what it offers.
    #[error(
        "the core module offers nothing: export `_start` (a WASI command), or embed the WIT of what it \
         exports (`skep build` does it, as does any generator of bindings)"
    )]
    Mute,
    /// It doesn't do what its WIT says, or needs more of WASI than there is.
    #[error("the core module can't become a component: {0}")]
    Unfit(String),
    /// Go's heap would overwrite the adapter.
    #[error(
        "the Go program is laid out in a way that isn't known, and its heap would overwrite WASI's state: \
         build it anew with Go 1.21 to 1.27, and with no tool after it that changes its data"
    )]
    StrangeGo,
    /// The encoder broke.
    #[error("the core module breaks the encoder: build it anew with a current toolchain")]
    Broke,
}

/// The component that `wasm` is or, for a core module, becomes. What is neither passes as it is, for the
/// one who runs it to refuse. Takes as long as `wasm` is large: not for threads that others wait for.
pub fn componentize(wasm: &[u8]) -> Result<Cow<'_, [u8]>, ComponentError> {
    if !Parser::is_core_wasm(wasm) {
        return Ok(Cow::Borrowed(wasm));
    }
    if wasm.len() > MODULE_BYTES_MAX {
        return Err(ComponentError::TooLarge(wasm.len()));
    }
    let adapted = thread::scope(|scope| scope.spawn(|| adapt(wasm)).join());
    adapted.unwrap_or(Err(ComponentError::Broke)).map(Cow::Owned)
}

fn adapt(module: &[u8]) -> Result<Vec<u8>, ComponentError> {
    let malformed = |error: wasmparser::Error| ComponentError::Malformed(error.to_string());
    Validator::new_with_features(WasmFeatures::all()).validate_all(module).map_err(malformed)?;
    let surface = Surface::read(module).map_err(malformed)?;
    surface.check()?;
    let module = if surface.exits { &*exit::with_code(module)? } else { module };
    let roomy = if surface.adapted() { go::with_room(module)? } else { None };
    encode(roomy.as_deref().unwrap_or(module), &surface).map_err(|error| {
        let reason = format!("{error:#}");
        ComponentError::Unfit(reason.chars().take(REASON_CHARS_MAX).collect())
    })
}

fn encode(module: &[u8], surface: &Surface) -> Result<Vec<u8>, anyhow::Error> {
    let mut encoder = ComponentEncoder::default().validate(true).module(module)?;
    if surface.adapted() {
        encoder = encoder.adapter(PREVIEW1, if surface.starts { COMMAND } else { REACTOR })?;
    }
    encoder.encode()
}

#[cfg(test)]
mod tests;
