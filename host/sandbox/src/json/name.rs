//! Names in JSON text, each one of those that a type allows.

use super::place::{one_of, quote};
use super::progress::Progress;
use super::wit_type::{Case, Field, WitType};
use serde::de::{DeserializeSeed, Deserializer, Error, Visitor};
use std::fmt;

/// What has a name.
pub(super) trait Named {
    fn name(&self) -> &str;
}

impl Named for &str {
    fn name(&self) -> &str {
        self
    }
}

impl Named for String {
    fn name(&self) -> &str {
        self
    }
}

impl Named for Field {
    fn name(&self) -> &str {
        &self.name
    }
}

impl Named for Case {
    fn name(&self) -> &str {
        &self.name
    }
}

impl Named for (&str, Option<&WitType>) {
    fn name(&self) -> &str {
        self.0
    }
}

/// Reads a name: which one of `names` it is.
pub(super) struct Name<'n, 'a, 'p, N> {
    pub(super) what: &'static str,
    pub(super) names: &'n [N],
    pub(super) progress: &'p mut Progress<'a>,
}

impl<'de, N: Named> DeserializeSeed<'de> for Name<'_, '_, '_, N> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<usize, D::Error> {
        json.deserialize_any(self)
    }
}

impl<N: Named> Visitor<'_> for Name<'_, '_, '_, N> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the name of a {}", self.what)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<usize, E> {
        match self.names.iter().position(|named| named.name() == text) {
            Some(index) => Ok(index),
            None => {
                let allowed = one_of(self.names.iter().map(Named::name));
                Err(self.progress.refuse(format!("unknown {} {}: {allowed}", self.what, quote(text))))
            }
        }
    }
}
