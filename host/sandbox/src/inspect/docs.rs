//! Documentation: what the WIT of a component says about its functions and types.
//!
//! Toolchains drop it. A `skep:wit` section, in the component or in one of its core modules, holds the
//! encoded WIT package, and that one's `package-docs` section holds the comments as JSON. What is
//! malformed or about other things is left out: documentation can't make a component invalid.

use super::names::Name;
use crate::json::cut;
use crate::schema::TypeNote;
use serde::Deserialize;
use std::collections::BTreeMap;
use wasmparser::{Parser, Payload};

/// Where the encoded WIT package is.
const WIT_SECTION: &str = "skep:wit";
/// Where the comments are, in that package or in a component.
const DOCS_SECTION: &str = "package-docs";
/// Largest section that is read, in bytes.
const SECTION_BYTES_MAX: usize = 1 << 20;
/// Most packages whose documentation is kept.
const PACKAGES_MAX: usize = 16;
/// Longest description, in characters.
const DESCRIPTION_CHARS_MAX: usize = 4096;

/// The documentation of a component.
#[derive(Debug, Default)]
pub(super) struct Docs(Vec<Package>);

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Package {
    worlds: BTreeMap<String, World>,
    interfaces: BTreeMap<String, Interface>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct World {
    funcs: BTreeMap<String, Function>,
    func_exports: BTreeMap<String, Function>,
    interfaces: BTreeMap<String, Interface>,
    interface_exports: BTreeMap<String, Interface>,
    types: BTreeMap<String, TypeNote>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Interface {
    funcs: BTreeMap<String, Function>,
    types: BTreeMap<String, TypeNote>,
}

/// The first version of the format had the text alone.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Function {
    Text(String),
    Docs {
        #[serde(default)]
        docs: String,
    },
}

impl Docs {
    /// Takes a custom section, if it is documentation.
    pub(super) fn add(&mut self, name: &str, data: &[u8]) {
        if data.len() > SECTION_BYTES_MAX || self.0.len() >= PACKAGES_MAX {
            return;
        }
        let package = match name {
            WIT_SECTION => section_of(data).and_then(package),
            DOCS_SECTION => package(data),
            _ => None,
        };
        self.0.extend(package);
    }

    /// What a function does: of an exported interface, or of the world itself.
    pub(super) fn function(&self, interface: Option<&str>, function: &str) -> String {
        let found = match interface {
            Some(interface) => self.interfaces(interface).find_map(|it| it.funcs.get(function)),
            None => {
                self.worlds().find_map(|it| it.func_exports.get(function).or_else(|| it.funcs.get(function)))
            }
        };
        let text = match found {
            Some(Function::Text(text) | Function::Docs { docs: text }) => text.trim(),
            None => "",
        };
        cut(text, DESCRIPTION_CHARS_MAX)
    }

    /// What a type is: of an interface, or of the world itself.
    pub(super) fn ty(&self, interface: Option<&str>, name: &str) -> Option<&TypeNote> {
        match interface {
            Some(interface) => self.interfaces(interface).find_map(|it| it.types.get(name)),
            None => self.worlds().find_map(|it| it.types.get(name)),
        }
    }

    fn worlds(&self) -> impl Iterator<Item = &World> {
        self.0.iter().flat_map(|package| package.worlds.values())
    }

    fn interfaces(&self, name: &str) -> impl Iterator<Item = &Interface> {
        let Name { package, interface, .. } = Name::new(name);
        let named = self.0.iter().filter_map(move |it| it.interfaces.get(interface));
        let inline = self.worlds().filter_map(move |world| {
            world.interface_exports.get(interface).or_else(|| world.interfaces.get(interface))
        });
        // An interface without a package stands in the world itself.
        let (named, inline) = match package.is_empty() {
            true => (None, Some(inline)),
            false => (Some(named), None),
        };
        named.into_iter().flatten().chain(inline.into_iter().flatten())
    }
}

/// The documentation section of an encoded WIT package.
fn section_of(wit: &[u8]) -> Option<&[u8]> {
    let payloads = Parser::new(0).parse_all(wit).map_while(Result::ok);
    payloads.into_iter().find_map(|payload| match payload {
        Payload::CustomSection(custom) if custom.name() == DOCS_SECTION => Some(custom.data()),
        _ => None,
    })
}

/// One byte of version, then JSON.
fn package(data: &[u8]) -> Option<Package> {
    match data.split_first()? {
        (0 | 1, json) => serde_json::from_slice(json).ok(),
        _ => None,
    }
}
