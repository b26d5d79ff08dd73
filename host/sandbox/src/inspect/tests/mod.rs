//! Tests of introspection: what is found, what is said about it, what is refused and in which words.

mod found;
mod hostile;
mod refused;

use crate::json::tests::guest::component;
use wasm_encoder::{CustomSection, Encode, Section};
use wit_parser::Resolve;

/// A component of the only world in `wit`, with the encoded WIT in a custom section of its own.
fn documented(wit: &str) -> Vec<u8> {
    with_section(component(wit), "skep:wit", &encoded(wit))
}

/// The WIT package as toolchains encode it, comments included.
fn encoded(wit: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("test.wit", wit).expect("WIT of a test");
    wit_component::encode(&resolve, package).expect("encodes")
}

/// The binary with one more custom section at its end.
fn with_section(mut binary: Vec<u8>, name: &str, data: &[u8]) -> Vec<u8> {
    let section = CustomSection { name: name.into(), data: data.into() };
    binary.push(Section::id(&section));
    section.encode(&mut binary);
    binary
}

/// A component from its text.
fn text(wat: &str) -> Vec<u8> {
    wat::parse_str(wat).expect("WAT of a test")
}
