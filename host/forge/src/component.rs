//! A component from what a compiler made: core modules are adapted, components pass as they are.

use std::borrow::Cow;

use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME as PREVIEW1, WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER as COMMAND,
};
use wasmparser::Parser;
use wit_component::ComponentEncoder;

/// Why something can't be made a component.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComponentError {
    /// The module itself is broken, or doesn't fit what it says of itself.
    #[error("this core module can't be made a component: {0}")]
    Module(String),
}

/// The component that `wasm` is or, for a core module, becomes.
pub fn componentize(wasm: &[u8]) -> Result<Cow<'_, [u8]>, ComponentError> {
    if !Parser::is_core_wasm(wasm) {
        return Ok(Cow::Borrowed(wasm));
    }
    adapted(wasm).map(Cow::Owned).map_err(|error| ComponentError::Module(format!("{error:#}")))
}

fn adapted(module: &[u8]) -> Result<Vec<u8>, anyhow::Error> {
    let encoder = ComponentEncoder::default().validate(true).module(module)?;
    encoder.adapter(PREVIEW1, COMMAND)?.encode()
}
