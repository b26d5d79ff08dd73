//! Components made from a WIT text: their functions trap, their types are real.

use super::super::{Signature, Unmapped};
use std::path::Path;
use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wasmtime::component::{Component, Val};
use wasmtime::{Config, Engine};
use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{ManglingAndAbi, Resolve, WorldId};

/// A component of the only world in `wit`.
pub(crate) fn component(wit: &str) -> Vec<u8> {
    component_with(wit, |module| module)
}

/// The same, its core module changed before it becomes a component.
pub(crate) fn component_with(wit: &str, change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Vec<u8> {
    let mut resolve = Resolve { all_features: true, ..Resolve::default() };
    let package = resolve.push_str("test.wit", wit).expect("WIT of a test");
    let world = resolve.select_world(&[package], None).expect("one world");
    encode(&resolve, world, change)
}

/// A component of one of the worlds in a folder of WIT.
pub(crate) fn component_in(folder: &Path, world: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(folder).expect("WIT of the house");
    let world = resolve.select_world(&[package], Some(world)).expect("the world");
    encode(&resolve, world, |module| module)
}

fn encode(resolve: &Resolve, world: WorldId, change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Vec<u8> {
    let mut module = change(dummy_module(resolve, world, ManglingAndAbi::Standard32));
    embed_component_metadata(&mut module, resolve, world, StringEncoding::UTF8).expect("metadata");
    let mut encoder = ComponentEncoder::default().validate(true).module(&module).expect("module");
    encoder.encode().expect("component")
}

/// The functions that the world of `wit` exports.
pub(crate) fn functions(wit: &str) -> Vec<(String, ComponentFunc)> {
    let mut config = Config::new();
    config.wasm_component_model(true);
    let engine = Engine::new(&config).expect("engine");
    let component = Component::new(&engine, component(wit)).expect("compiles");
    let function = |(name, item): (&str, ComponentItem)| match item {
        ComponentItem::ComponentFunc(func) => Some((name.to_owned(), func)),
        _ => None,
    };
    let ty = component.component_type();
    ty.exports(&engine).filter_map(|(name, export)| function((name, export.ty))).collect()
}

/// The signature of `f: func(FUNC)` next to the types that `declarations` declare.
pub(super) fn try_signature(declarations: &str, func: &str) -> Result<Signature, Unmapped> {
    let wit = format!(
        "package t:t; interface types {{ {declarations} }} \
         world w {{ use types.{{{}}}; export f: func{func}; }}",
        names(declarations).join(", ")
    );
    let wit = if declarations.is_empty() {
        format!("package t:t; world w {{ export f: func{func}; }}")
    } else {
        wit
    };
    Signature::new(&functions(&wit)[0].1)
}

pub(super) fn signature(declarations: &str, func: &str) -> Signature {
    try_signature(declarations, func).expect("has a JSON form")
}

fn names(declarations: &str) -> Vec<&str> {
    let mut words = declarations.split_whitespace();
    let mut names = Vec::new();
    while let Some(word) = words.next() {
        if matches!(word, "record" | "variant" | "enum" | "flags" | "resource" | "type") {
            names.extend(words.next().map(|name| name.trim_end_matches(';')));
        }
    }
    names
}

/// Reads the only parameter `v` from JSON.
pub(super) fn read(signature: &Signature, json: &str) -> Result<Val, String> {
    let input = format!(r#"{{"v":{json}}}"#);
    let read = signature.params_from_json(input.as_bytes());
    read.map(|mut values| values.remove(0)).map_err(|fault| fault.message)
}

/// Writes the result to JSON.
pub(super) fn write(signature: &Signature, value: Val) -> Result<String, skep_core::Fault> {
    let output = signature.result_to_json(&[value], 1 << 20)?;
    Ok(String::from_utf8(output.as_bytes().to_vec()).expect("UTF-8"))
}
