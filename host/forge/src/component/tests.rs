//! Core modules of every kind, and what becomes of them.

#![allow(clippy::unwrap_used, reason = "a test ends where it finds nothing")]

use std::borrow::Cow;

use wasmparser::{Parser, Payload, Validator};
use wit_component::{StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use super::{ComponentError, MODULE_BYTES_MAX, componentize};

fn module(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

/// The module with the WIT of its world in it.
fn with_wit(text: &str, wit: &str) -> Vec<u8> {
    let mut bytes = module(text);
    let mut resolve = Resolve::default();
    let package = resolve.push_str("world.wit", wit).unwrap();
    let world = resolve.select_world(&[package], None).unwrap();
    embed_component_metadata(&mut bytes, &resolve, world, StringEncoding::UTF8).unwrap();
    bytes
}

/// The names that the component of `bytes` imports and exports.
#[track_caller]
fn names(bytes: &[u8]) -> (Vec<String>, Vec<String>) {
    let component = componentize(bytes).unwrap();
    Validator::new().validate_all(&component).unwrap();
    let (mut imports, mut exports, mut depth) = (Vec::new(), Vec::new(), 0);
    for payload in Parser::new(0).parse_all(&component) {
        match payload.unwrap() {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::ComponentImportSection(section) if depth == 0 => {
                imports.extend(section.into_iter().map(|import| import.unwrap().name.name.to_owned()));
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                exports.extend(section.into_iter().map(|export| export.unwrap().name.name.to_owned()));
            }
            _ => {}
        }
    }
    (imports, exports)
}

#[track_caller]
fn refused(bytes: &[u8], says: &[&str]) -> ComponentError {
    let error = componentize(bytes).unwrap_err();
    let message = error.to_string();
    for says in says {
        assert!(message.contains(says), "`{says}` is missing: {message}");
    }
    error
}

const COMMAND: &str = r#"(module
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (func (export "_start") (call $exit (i32.const 3))))"#;

const ADD: &str = r#"(module
    (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add))"#;
const ADD_WIT: &str = "package test:add; world add { export add: func(a: u32, b: u32) -> u32; }";

#[test]
fn components_and_what_is_no_wasm_pass_as_they_are() {
    let component = module("(component)");
    for bytes in [&component[..], b"", b"\0as", b"text"] {
        assert!(matches!(componentize(bytes).unwrap(), Cow::Borrowed(same) if same == bytes));
    }
}

#[test]
fn a_command_becomes_one_and_keeps_its_exit_code() {
    let (imports, exports) = names(&module(COMMAND));
    assert_eq!(exports, ["wasi:cli/run@0.2.12"]);
    assert!(imports.contains(&"wasi:cli/exit@0.2.12".to_owned()), "{imports:?}");
    let component = componentize(&module(COMMAND)).unwrap().into_owned();
    let text = String::from_utf8_lossy(&component).into_owned();
    assert!(text.contains("exit-with-code"), "the code is not passed on");
}

#[test]
fn a_command_that_imports_nothing_is_one_too() {
    let (_, exports) = names(&module(r#"(module (memory (export "memory") 1) (func (export "_start")))"#));
    assert_eq!(exports, ["wasi:cli/run@0.2.12"]);
}

#[test]
fn a_module_with_wit_needs_no_adapter() {
    let (imports, exports) = names(&with_wit(ADD, ADD_WIT));
    assert!(imports.is_empty(), "{imports:?}");
    assert_eq!(exports, ["add"]);
}

#[test]
fn a_reactor_is_adapted_with_its_wit() {
    let text = r#"(module
        (import "wasi_snapshot_preview1" "clock_time_get" (func $now (param i32 i64 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1)
        (func (export "add") (param i32 i32) (result i32)
            (drop (call $now (i32.const 0) (i64.const 0) (i32.const 0)))
            (if (local.get 0) (then (call $exit (i32.const 9))))
            local.get 1))"#;
    let (imports, exports) = names(&with_wit(text, ADD_WIT));
    assert_eq!(exports, ["add"]);
    for import in ["wasi:cli/exit@0.2.12", "wasi:clocks/wall-clock@0.2.12"] {
        assert!(imports.contains(&import.to_owned()), "{imports:?}");
    }
}

#[test]
fn a_command_may_offer_functions_besides() {
    let text = r#"(module
        (memory (export "memory") 1)
        (func (export "_start"))
        (func (export "add") (param i32 i32) (result i32) i32.const 0))"#;
    let (_, mut exports) = names(&with_wit(text, ADD_WIT));
    exports.sort();
    assert_eq!(exports, ["add", "wasi:cli/run@0.2.12"]);
}

#[test]
fn modules_for_other_hosts_are_refused_by_their_imports() {
    let text = r#"(module
        (import "env" "emscripten_memcpy_js" (func (param i32 i32 i32)))
        (import "wbg" "__wbindgen_throw" (func (param i32 i32)))
        (func (export "_start")))"#;
    refused(&module(text), &["`env.emscripten_memcpy_js`, `wbg.__wbindgen_throw`;", "build it for WASI"]);
    let soup: String =
        (0..500).map(|n| format!("(import \"m{n}\" \"{}\" (func))", "x".repeat(900))).collect();
    let error = refused(&module(&format!("(module {soup})")), &["`m0.xxx", "and 492 more"]);
    assert!(error.to_string().len() < 2000, "{error}");
}

#[test]
fn a_module_that_says_nothing_of_itself_is_refused_with_the_way_out() {
    assert_eq!(refused(&module(ADD), &["export `_start`", "embed the WIT"]), ComponentError::Mute);
    refused(&module("(module)"), &["export `_start`"]);
}

#[test]
fn a_module_that_does_not_fit_its_wit_is_refused_with_the_reason() {
    refused(&with_wit("(module)", ADD_WIT), &["can't become a component", "add"]);
    let wrong = r#"(module (func (export "add") (param i64) (result i32) i32.const 0))"#;
    refused(&with_wit(wrong, ADD_WIT), &["can't become a component"]);
    let unknown = r#"(module
        (import "wasi_snapshot_preview1" "proc_fork" (func (result i32)))
        (memory (export "memory") 1) (func (export "_start")))"#;
    refused(&module(unknown), &["proc_fork"]);
    let exits_wrongly = COMMAND.replace("(param i32)", "(param i64)").replace("i32.const 3", "i64.const 3");
    refused(&module(&exits_wrongly), &["can't become a component"]);
}

#[test]
fn no_truncation_breaks_the_encoder() {
    let whole = with_wit(COMMAND, ADD_WIT);
    for length in 8..whole.len() {
        match componentize(&whole[..length]) {
            // Cut between two of its last sections, it is whole.
            Ok(component) => drop(Validator::new().validate_all(&component).unwrap()),
            Err(error) => assert_ne!(error, ComponentError::Broke, "at {length}"),
        }
    }
}

#[test]
fn broken_bytes_never_break_the_encoder() {
    let whole = module(COMMAND);
    for place in 8..whole.len() {
        for value in [0, 0x7f, 0x80, 0xff] {
            let mut broken = whole.clone();
            broken[place] = value;
            assert_ne!(componentize(&broken), Err(ComponentError::Broke), "{value} at {place}");
        }
    }
}

#[test]
fn huge_types_and_sizes_are_refused() {
    // A type section that promises four thousand million types.
    let promise = [b"\0asm\x01\0\0\0", &[1, 6, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x60][..]].concat();
    refused(&promise, &["cut off or malformed"]);
    let mut large = module("(module)");
    large.resize(MODULE_BYTES_MAX + 1, 0);
    assert_eq!(componentize(&large), Err(ComponentError::TooLarge(MODULE_BYTES_MAX + 1)));
}
