//! Component values -> JSON text, no longer than allowed.

use super::wit_type::{Int, WitType};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;
use wasmtime::component::Val;

/// The largest integer up to which every integer is a JSON number of 64-bit readers: 2^53.
const EXACT_MAX: u64 = 1 << 53;

/// Why writing ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// The text would be longer than allowed.
    Full,
    /// The value isn't of its type: a defect of the host.
    Mismatch,
}

/// A JSON text in the making.
pub(super) struct Writer {
    text: Vec<u8>,
    bytes_max: usize,
}

impl Writer {
    pub(super) fn new(bytes_max: u64) -> Self {
        Self { text: Vec::new(), bytes_max: usize::try_from(bytes_max).unwrap_or(usize::MAX) }
    }

    /// What was written.
    pub(super) fn into_text(self) -> Vec<u8> {
        self.text
    }

    /// A value that may be absent by its type: `null` then.
    pub(super) fn payload(&mut self, ty: Option<&WitType>, value: Option<&Val>) -> Result<(), Stop> {
        match (ty, value) {
            (Some(ty), Some(value)) => self.value(ty, value),
            (None, None) => self.raw("null"),
            _ => Err(Stop::Mismatch),
        }
    }

    fn value(&mut self, ty: &WitType, value: &Val) -> Result<(), Stop> {
        match (ty, value) {
            (WitType::Bool, Val::Bool(value)) => self.raw(if *value { "true" } else { "false" }),
            (WitType::Int(_), Val::U8(value)) => self.scalar(value),
            (WitType::Int(_), Val::U16(value)) => self.scalar(value),
            (WitType::Int(_), Val::U32(value)) => self.scalar(value),
            (WitType::Int(_), Val::S8(value)) => self.scalar(value),
            (WitType::Int(_), Val::S16(value)) => self.scalar(value),
            (WitType::Int(_), Val::S32(value)) => self.scalar(value),
            (WitType::Int(Int::U64), Val::U64(value)) => self.wide(value, *value),
            (WitType::Int(Int::S64), Val::S64(value)) => self.wide(value, value.unsigned_abs()),
            (WitType::F32, Val::Float32(value)) if value.is_finite() => self.scalar(value),
            (WitType::F32, Val::Float32(value)) => self.scalar(not_finite(f64::from(*value))),
            (WitType::F64, Val::Float64(value)) if value.is_finite() => self.scalar(value),
            (WitType::F64, Val::Float64(value)) => self.scalar(not_finite(*value)),
            (WitType::Char, Val::Char(value)) => self.scalar(value),
            (WitType::String, Val::String(value)) | (WitType::Enum(_), Val::Enum(value)) => {
                self.string(value)
            }
            (WitType::Bytes, Val::List(values)) => self.bytes(values),
            (WitType::List(ty), Val::List(values)) => {
                self.array(values, |writer, value| writer.value(ty, value))
            }
            (WitType::Tuple(types), Val::Tuple(values)) if types.len() == values.len() => {
                self.array(types.iter().zip(values), |writer, (ty, value)| writer.value(ty, value))
            }
            (WitType::Flags(_), Val::Flags(names)) => self.array(names, |writer, name| writer.string(name)),
            (WitType::Record(fields), Val::Record(values)) if fields.len() == values.len() => self.members(
                fields
                    .iter()
                    .zip(values)
                    .map(|(field, (_, value))| (field.name.as_str(), Some(&field.ty), Some(value))),
            ),
            (WitType::Variant(cases), Val::Variant(tag, value)) => {
                let case = cases.iter().find(|case| case.name == *tag).ok_or(Stop::Mismatch)?;
                self.raw(r#"{"tag":"#)?;
                self.string(tag)?;
                if case.ty.is_some() {
                    self.raw(r#","val":"#)?;
                    self.payload(case.ty.as_ref(), value.as_deref())?;
                }
                self.raw("}")
            }
            (WitType::Option { .. }, Val::Option(None)) => self.raw("null"),
            (WitType::Option { some, wrapped: false }, Val::Option(Some(value))) => self.value(some, value),
            (WitType::Option { some, wrapped: true }, Val::Option(Some(value))) => {
                self.members([("some", Some(&**some), Some(&**value))])
            }
            (WitType::Result { ok, .. }, Val::Result(Ok(value))) => {
                self.members([("ok", ok.as_deref(), value.as_deref())])
            }
            (WitType::Result { err, .. }, Val::Result(Err(value))) => {
                self.members([("err", err.as_deref(), value.as_deref())])
            }
            _ => Err(Stop::Mismatch),
        }
    }

    fn members<'v>(
        &mut self,
        members: impl IntoIterator<Item = (&'v str, Option<&'v WitType>, Option<&'v Val>)>,
    ) -> Result<(), Stop> {
        self.raw("{")?;
        for (index, (name, ty, value)) in members.into_iter().enumerate() {
            if index > 0 {
                self.raw(",")?;
            }
            self.string(name)?;
            self.raw(":")?;
            self.payload(ty, value)?;
        }
        self.raw("}")
    }

    fn array<T>(
        &mut self,
        elements: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        self.raw("[")?;
        for (index, element) in elements.into_iter().enumerate() {
            if index > 0 {
                self.raw(",")?;
            }
            write(self, element)?;
        }
        self.raw("]")
    }

    fn bytes(&mut self, values: &[Val]) -> Result<(), Stop> {
        self.room(values.len().saturating_mul(4) / 3)?;
        let byte = |value: &Val| match value {
            Val::U8(byte) => Ok(*byte),
            _ => Err(Stop::Mismatch),
        };
        let bytes: Vec<u8> = values.iter().map(byte).collect::<Result<_, _>>()?;
        self.string(&STANDARD.encode(bytes))
    }

    /// A string. Escapes make it longer, so that it is measured before and after.
    fn string(&mut self, text: &str) -> Result<(), Stop> {
        self.room(text.len())?;
        self.scalar(text)
    }

    fn wide(&mut self, value: impl Serialize + ToString, magnitude: u64) -> Result<(), Stop> {
        if magnitude > EXACT_MAX { self.string(&value.to_string()) } else { self.scalar(value) }
    }

    fn scalar(&mut self, value: impl Serialize) -> Result<(), Stop> {
        serde_json::to_writer(&mut self.text, &value).map_err(|_| Stop::Mismatch)?;
        self.room(0)
    }

    fn raw(&mut self, text: &str) -> Result<(), Stop> {
        self.room(text.len())?;
        self.text.extend_from_slice(text.as_bytes());
        Ok(())
    }

    fn room(&self, more: usize) -> Result<(), Stop> {
        if self.text.len().saturating_add(more) > self.bytes_max { Err(Stop::Full) } else { Ok(()) }
    }
}

fn not_finite(value: f64) -> &'static str {
    if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}
