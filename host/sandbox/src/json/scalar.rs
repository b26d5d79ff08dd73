//! The scalars: JSON's numbers and strings as the values that a type asks for.

use super::place::{one_of, quote};
use super::wit_type::{Int, WitType};
use base64::{Engine, engine::general_purpose::STANDARD};
use wasmtime::component::Val;

/// Past this, no float stands for an integer of 64 bits.
const WHOLE_MAX: f64 = 18_446_744_073_709_551_616.0;

/// A JSON number that is written as an integer.
pub(super) fn integer(ty: &WitType, value: i128) -> Result<Val, String> {
    match ty {
        WitType::Int(int) => fit(*int, value).ok_or_else(|| format!("{value} is out of range for {ty}")),
        // The nearest float, as every reader of JSON numbers has it.
        WitType::F32 | WitType::F64 => number(ty, value as f64),
        _ => Err(format!("expected {ty}, found number {value}")),
    }
}

/// Any other JSON number.
pub(super) fn number(ty: &WitType, value: f64) -> Result<Val, String> {
    match ty {
        WitType::F64 => Ok(Val::Float64(value)),
        WitType::F32 => match value as f32 {
            short if short.is_finite() => Ok(Val::Float32(short)),
            _ => Err(format!("{value:e} is out of range for f32")),
        },
        WitType::Int(_) if value.abs() > WHOLE_MAX => Err(format!("{value:e} is out of range for {ty}")),
        // `2.0` is an integer to JSON Schema, and so it is here.
        WitType::Int(_) if value.fract() == 0.0 => integer(ty, value as i128),
        _ => Err(format!("expected {ty}, found number {value:?}")),
    }
}

/// A JSON string.
pub(super) fn text(ty: &WitType, text: &str) -> Result<Val, String> {
    let mismatch = || format!("expected {ty}, found string {}", quote(text));
    match ty {
        WitType::String => Ok(Val::String(text.to_owned())),
        WitType::Enum(names) => match names.iter().any(|name| name == text) {
            true => Ok(Val::Enum(text.to_owned())),
            false => {
                Err(format!("unknown name {}: {}", quote(text), one_of(names.iter().map(String::as_str))))
            }
        },
        WitType::Char => {
            let mut chars = text.chars();
            match (chars.next(), chars.next()) {
                (Some(char), None) => Ok(Val::Char(char)),
                _ => Err(mismatch()),
            }
        }
        WitType::Bytes => match STANDARD.decode(text) {
            Ok(bytes) => Ok(Val::List(bytes.into_iter().map(Val::U8).collect())),
            Err(error) => Err(format!("expected {ty}, found string {}: {error}", quote(text))),
        },
        WitType::F32 => not_finite(text).map(|value| Val::Float32(value as f32)).ok_or_else(mismatch),
        WitType::F64 => not_finite(text).map(Val::Float64).ok_or_else(mismatch),
        WitType::Int(int) if int.is_wide() => {
            // Only the plain form: no sign that is not needed, no leading zeros.
            let plain = text.parse::<i128>().ok().filter(|value| value.to_string() == text);
            let value = plain.ok_or_else(mismatch)?;
            fit(*int, value).ok_or_else(|| format!("{} is out of range for {ty}", quote(text)))
        }
        _ => Err(mismatch()),
    }
}

fn fit(int: Int, value: i128) -> Option<Val> {
    Some(match int {
        Int::U8 => Val::U8(value.try_into().ok()?),
        Int::U16 => Val::U16(value.try_into().ok()?),
        Int::U32 => Val::U32(value.try_into().ok()?),
        Int::U64 => Val::U64(value.try_into().ok()?),
        Int::S8 => Val::S8(value.try_into().ok()?),
        Int::S16 => Val::S16(value.try_into().ok()?),
        Int::S32 => Val::S32(value.try_into().ok()?),
        Int::S64 => Val::S64(value.try_into().ok()?),
    })
}

fn not_finite(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}
