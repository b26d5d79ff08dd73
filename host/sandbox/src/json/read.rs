//! JSON text -> component values: one visitor for every type, which always knows where it is.

use super::compound::{read_elements, read_fields, read_flags, read_single, read_variant};
use super::progress::Progress;
use super::scalar;
use super::wit_type::WitType;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;
use wasmtime::component::Val;

/// Memory that any input may take as values, in bytes.
const VALUE_BYTES_MIN: usize = 16 << 20;
/// Memory that a byte of input may take as values: a small input never makes the host hold much.
const VALUE_BYTES_PER_INPUT_BYTE: usize = 64;

/// Reads a whole text as one value. The error names the place of the first mistake.
pub(super) fn value(ty: &WitType, text: &[u8]) -> Result<Val, String> {
    let room = VALUE_BYTES_MIN.saturating_add(text.len().saturating_mul(VALUE_BYTES_PER_INPUT_BYTE));
    let mut progress = Progress::new(room);
    let mut json = serde_json::Deserializer::from_slice(text);
    let read = Value { ty, progress: &mut progress }.deserialize(&mut json);
    read.and_then(|value| json.end().map(|()| value)).map_err(|error| progress.report(&error))
}

/// One value of a type.
pub(super) struct Value<'a, 'p> {
    pub(super) ty: &'a WitType,
    pub(super) progress: &'p mut Progress<'a>,
}

impl<'de> DeserializeSeed<'de> for Value<'_, '_> {
    type Value = Val;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Val, D::Error> {
        self.progress.take(size_of::<Val>())?;
        match self.ty {
            WitType::Option { .. } => json.deserialize_option(self),
            _ => json.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Value<'_, '_> {
    type Value = Val;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.ty)
    }

    fn visit_none<E: Error>(self) -> Result<Val, E> {
        Ok(Val::Option(None))
    }

    fn visit_some<D: Deserializer<'de>>(self, json: D) -> Result<Val, D::Error> {
        match self.ty {
            WitType::Option { some, wrapped: false } => {
                let value = Value { ty: some, progress: self.progress }.deserialize(json)?;
                Ok(Val::Option(Some(Box::new(value))))
            }
            _ => json.deserialize_any(self),
        }
    }

    fn visit_unit<E: Error>(self) -> Result<Val, E> {
        Err(self.progress.mismatch(self.ty, "null"))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Val, E> {
        match self.ty {
            WitType::Bool => Ok(Val::Bool(value)),
            ty => Err(self.progress.mismatch(ty, value)),
        }
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Val, E> {
        scalar::integer(self.ty, value.into()).map_err(|complaint| self.progress.refuse(complaint))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Val, E> {
        scalar::integer(self.ty, value.into()).map_err(|complaint| self.progress.refuse(complaint))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Val, E> {
        scalar::number(self.ty, value).map_err(|complaint| self.progress.refuse(complaint))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Val, E> {
        match self.ty {
            WitType::Bytes => self.progress.take(text.len().saturating_mul(size_of::<Val>()) / 4 * 3)?,
            _ => self.progress.take(text.len())?,
        }
        scalar::text(self.ty, text).map_err(|complaint| self.progress.refuse(complaint))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Val, A::Error> {
        let progress = self.progress;
        match self.ty {
            WitType::List(ty) => read_elements(seq, progress, |_| Some(ty)).map(Val::List),
            WitType::Tuple(types) => {
                let values = read_elements(seq, progress, |index| types.get(index))?;
                match values.len() == types.len() {
                    true => Ok(Val::Tuple(values)),
                    false => Err(progress.mismatch(self.ty, format_args!("an array of {}", values.len()))),
                }
            }
            WitType::Flags(names) => read_flags(names, seq, progress),
            ty => Err(progress.mismatch(ty, "an array")),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Val, A::Error> {
        let progress = self.progress;
        match self.ty {
            WitType::Record(fields) => {
                let values = read_fields(fields, map, progress)?;
                Ok(Val::Record(fields.iter().map(|field| field.name.clone()).zip(values).collect()))
            }
            WitType::Variant(cases) => read_variant(cases, map, progress),
            WitType::Result { ok, err } => {
                let sides = [("ok", ok.as_deref()), ("err", err.as_deref())];
                let (side, value) = read_single(&sides, map, progress)?;
                Ok(Val::Result(if side == 0 { Ok(value) } else { Err(value) }))
            }
            WitType::Option { some, wrapped: true } => {
                let (_, value) = read_single(&[("some", Some(some))], map, progress)?;
                Ok(Val::Option(value))
            }
            ty => Err(progress.mismatch(ty, "an object")),
        }
    }
}
