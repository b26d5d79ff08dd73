//! JSON Schema (2020-12): of tools from their types, and as the guard of what contract skills declare.

mod bounds;
mod derive;
mod validator;

#[cfg(test)]
mod tests;

pub(crate) use derive::{Derive, Notes, TypeNote};
pub(crate) use validator::Validator;
