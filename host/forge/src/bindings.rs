//! Bindings made from a WIT world, for languages whose compilers know no WIT: Go, and C, which Zig takes.

use crate::project::write_file;
use crate::{ForgeError, World};
use std::fs;
use std::path::Path;
use wit_bindgen_core::{Files, WorldGenerator};
use wit_component::StringEncoding;

/// Where generated Go looks for what it stands on, and where the SDK has it.
const GO_RUNTIME: [&str; 2] = ["\"go.bytecodealliance.org/pkg/wit/", "\"skep/wit/"];

/// Writes `WORLD.c`, `WORLD.h` and `WORLD_component_type.o`, which carries the world into what it is linked to.
pub(crate) fn c(world: &World, into: &Path) -> Result<(), ForgeError> {
    let files = generate(world, wit_bindgen_c::Opts::default().build())?;
    files.iter().try_for_each(|(name, bytes)| write_file(&into.join(name), bytes))
}

/// Writes the Go package `skep/bindings`: a folder for each interface, and `wit_exports`, which calls the packages
/// `EXPORTS/export_INTERFACE`.
pub(crate) fn go(world: &World, exports: &str, into: &Path) -> Result<(), ForgeError> {
    let options = wit_bindgen_go::Opts {
        format: wit_bindgen_go::Format::False,
        pkg_name: Some("skep/bindings".to_owned()),
        export_pkg_name: Some(exports.to_owned()),
        ..Default::default()
    };
    let [stock, own] = GO_RUNTIME;
    for (name, bytes) in generate(world, options.build())?.iter() {
        let text = String::from_utf8_lossy(bytes).replace(stock, own);
        write_file(&into.join(name), text.as_bytes())?;
    }
    Ok(())
}

/// Writes into a core module what world it is of, for toolchains that don't.
pub(crate) fn embed(world: &World, module: &Path) -> Result<(), ForgeError> {
    let mut wasm = fs::read(module).map_err(ForgeError::at(module))?;
    wit_component::embed_component_metadata(&mut wasm, &world.resolve, world.id, StringEncoding::UTF8)
        .map_err(unsuitable)?;
    fs::write(module, wasm).map_err(ForgeError::at(module))
}

fn generate(world: &World, mut generator: Box<dyn WorldGenerator>) -> Result<Files, ForgeError> {
    let mut files = Files::default();
    generator.generate(&mut world.resolve.clone(), world.id, &mut files).map_err(unsuitable)?;
    Ok(files)
}

fn unsuitable(error: anyhow::Error) -> ForgeError {
    ForgeError::Wit(format!("{error:#}"))
}
