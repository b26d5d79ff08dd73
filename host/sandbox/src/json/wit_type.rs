//! The types that have a JSON form, unfolded once so that converting a value follows no tables.

use super::weight::{Unmapped, Weight};
use std::fmt;
use wasmtime::component::types::{Case as WasmtimeCase, Type};

/// A type of WIT.
#[derive(Debug)]
pub(super) enum WitType {
    Bool,
    Int(Int),
    F32,
    F64,
    Char,
    String,
    /// `list<u8>`, which is base64.
    Bytes,
    List(Box<WitType>),
    Record(Box<[Field]>),
    Tuple(Box<[WitType]>),
    Variant(Box<[Case]>),
    Enum(Box<[String]>),
    /// `wrapped` where the payload is an option itself, so that the `null` of one isn't that of the other.
    Option {
        some: Box<WitType>,
        wrapped: bool,
    },
    Result {
        ok: Option<Box<WitType>>,
        err: Option<Box<WitType>>,
    },
    Flags(Box<[String]>),
}

/// The integers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Int {
    U8,
    U16,
    U32,
    U64,
    S8,
    S16,
    S32,
    S64,
}

/// A member of a record, or a parameter.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) ty: WitType,
}

/// A case of a variant.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) name: String,
    pub(super) ty: Option<WitType>,
}

impl WitType {
    /// Unfolds `ty`, which stands `depth` levels below a parameter or result.
    pub(super) fn new(ty: &Type, weight: &mut Weight, depth: usize) -> Result<Self, Unmapped> {
        weight.part(depth)?;
        let down = depth + 1;
        Ok(match ty {
            Type::Bool => Self::Bool,
            Type::S8 => Self::Int(Int::S8),
            Type::U8 => Self::Int(Int::U8),
            Type::S16 => Self::Int(Int::S16),
            Type::U16 => Self::Int(Int::U16),
            Type::S32 => Self::Int(Int::S32),
            Type::U32 => Self::Int(Int::U32),
            Type::S64 => Self::Int(Int::S64),
            Type::U64 => Self::Int(Int::U64),
            Type::Float32 => Self::F32,
            Type::Float64 => Self::F64,
            Type::Char => Self::Char,
            Type::String => Self::String,
            Type::List(list) => match list.ty() {
                Type::U8 => Self::Bytes,
                ty => Self::List(Box::new(Self::new(&ty, weight, down)?)),
            },
            Type::Record(record) => {
                Self::Record(fields(record.fields().map(|field| (field.name, field.ty)), weight, down)?)
            }
            Type::Tuple(tuple) => {
                Self::Tuple(tuple.types().map(|ty| Self::new(&ty, weight, down)).collect::<Result<_, _>>()?)
            }
            Type::Variant(variant) => Self::Variant(
                variant.cases().map(|case| Case::new(&case, weight, down)).collect::<Result<_, _>>()?,
            ),
            Type::Enum(names) => Self::Enum(owned(names.names(), weight)?),
            Type::Option(option) => {
                let some = Box::new(Self::new(&option.ty(), weight, down)?);
                let wrapped = matches!(*some, Self::Option { .. });
                Self::Option { some, wrapped }
            }
            Type::Result(result) => Self::Result {
                ok: Self::payload(result.ok(), weight, down)?.map(Box::new),
                err: Self::payload(result.err(), weight, down)?.map(Box::new),
            },
            Type::Flags(flags) => Self::Flags(owned(flags.names(), weight)?),
            Type::Own(_) | Type::Borrow(_) => return Err(Unmapped::Kind("a resource")),
            Type::Stream(_) => return Err(Unmapped::Kind("a stream")),
            Type::Future(_) => return Err(Unmapped::Kind("a future")),
            Type::ErrorContext => return Err(Unmapped::Kind("an error context")),
            Type::Map(_) => return Err(Unmapped::Kind("a map")),
            Type::FixedLengthList(_) => return Err(Unmapped::Kind("a list of fixed length")),
        })
    }

    fn payload(ty: Option<Type>, weight: &mut Weight, depth: usize) -> Result<Option<Self>, Unmapped> {
        ty.map(|ty| Self::new(&ty, weight, depth)).transpose()
    }
}

impl Case {
    fn new(case: &WasmtimeCase<'_>, weight: &mut Weight, depth: usize) -> Result<Self, Unmapped> {
        weight.name(case.name)?;
        Ok(Self { name: case.name.to_owned(), ty: WitType::payload(case.ty.clone(), weight, depth)? })
    }
}

/// Unfolds members or parameters.
pub(super) fn fields<'a>(
    fields: impl Iterator<Item = (&'a str, Type)>,
    weight: &mut Weight,
    depth: usize,
) -> Result<Box<[Field]>, Unmapped> {
    let field = |(name, ty): (&str, Type)| {
        weight.name(name)?;
        Ok(Field { name: name.to_owned(), ty: WitType::new(&ty, weight, depth)? })
    };
    fields.map(field).collect()
}

fn owned<'a>(names: impl Iterator<Item = &'a str>, weight: &mut Weight) -> Result<Box<[String]>, Unmapped> {
    names
        .map(|name| {
            weight.name(name)?;
            Ok(name.to_owned())
        })
        .collect()
}

impl Int {
    /// The name in WIT.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::S8 => "s8",
            Self::S16 => "s16",
            Self::S32 => "s32",
            Self::S64 => "s64",
        }
    }

    /// Whether decimal strings stand for what a JSON number may not hold exactly.
    pub(super) fn is_wide(self) -> bool {
        matches!(self, Self::U64 | Self::S64)
    }
}

/// What is expected, in the words of a fault.
impl fmt::Display for WitType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("bool"),
            Self::Int(int) => f.write_str(int.name()),
            Self::F32 => f.write_str("f32"),
            Self::F64 => f.write_str("f64"),
            Self::Char => f.write_str("a string of one character (char)"),
            Self::String => f.write_str("string"),
            Self::Bytes => f.write_str("a base64 string (list<u8>)"),
            Self::List(_) => f.write_str("an array (list)"),
            Self::Record(_) => f.write_str("an object (record)"),
            Self::Tuple(parts) => write!(f, "an array of {} (tuple)", parts.len()),
            Self::Variant(_) => f.write_str(r#"an object with "tag" (variant)"#),
            Self::Enum(_) => f.write_str("a string (enum)"),
            Self::Option { some, wrapped: false } => write!(f, "{some} or null"),
            Self::Option { wrapped: true, .. } => f.write_str(r#"{"some": …} or null (option of an option)"#),
            Self::Result { .. } => f.write_str(r#"{"ok": …} or {"err": …} (result)"#),
            Self::Flags(_) => f.write_str("an array of strings (flags)"),
        }
    }
}
