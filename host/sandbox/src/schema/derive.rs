//! The schemas of a tool, from the types of its function in a validated component.
//!
//! What they accept is what `json` reads, and what `json` writes they accept (`wit/JSON.md`).

use crate::json::{Unmapped, Weight};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap};
use wasmparser::component_types::{
    ComponentDefinedType, ComponentDefinedTypeId, ComponentFuncType, ComponentValType,
};
use wasmparser::names::KebabString;
use wasmparser::{PrimitiveValType, types::TypesRef};

/// What is documented about types.
pub(crate) type Notes<'d> = HashMap<ComponentDefinedTypeId, &'d TypeNote>;

/// The documentation of one type, as an encoded WIT package has it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct TypeNote {
    /// Of the type itself.
    pub(crate) docs: String,
    /// Of its fields, cases or flags.
    pub(crate) items: BTreeMap<String, String>,
}

/// Derives the schemas of one component's tools, which share one bound on their size.
pub(crate) struct Derive<'a> {
    types: TypesRef<'a>,
    notes: &'a Notes<'a>,
    weight: Weight,
    /// What descriptions may still weigh: a bound of their own, for they can't make a tool too large.
    words: Weight,
}

impl<'a> Derive<'a> {
    pub(crate) fn new(types: TypesRef<'a>, notes: &'a Notes<'a>) -> Self {
        Self { types, notes, weight: Weight::default(), words: Weight::default() }
    }

    /// The schema of a tool's input: an object with a member for each parameter.
    pub(crate) fn input(&mut self, func: &ComponentFuncType) -> Result<Value, Unmapped> {
        self.object(func.params.iter().map(|(name, ty)| (name, ty)), None, 0)
    }

    /// The schema of a tool's answer: of the `ok` alone where it gives a `result`.
    pub(crate) fn output(&mut self, func: &ComponentFuncType) -> Result<Value, Unmapped> {
        let Some(ty) = &func.result else { return Ok(nothing()) };
        let types = self.types;
        let ComponentValType::Type(id) = ty else { return self.value(ty, 0) };
        let ComponentDefinedType::Result { ok, err, .. } = &types[*id] else { return self.value(ty, 0) };
        self.weight.part(0)?;
        // What the error mentions has no schema, and must have a JSON form nevertheless.
        self.payload(err.as_ref(), 1)?;
        self.payload(ok.as_ref(), 1)
    }

    fn payload(&mut self, ty: Option<&ComponentValType>, depth: usize) -> Result<Value, Unmapped> {
        ty.map_or_else(|| Ok(nothing()), |ty| self.value(ty, depth))
    }

    fn value(&mut self, ty: &ComponentValType, depth: usize) -> Result<Value, Unmapped> {
        self.weight.part(depth)?;
        match ty {
            ComponentValType::Primitive(ty) => primitive(*ty),
            ComponentValType::Type(id) => {
                let note = self.notes.get(id).copied();
                let schema = self.defined(*id, note, depth + 1)?;
                Ok(self.described(schema, note.map(|note| note.docs.as_str())))
            }
        }
    }

    fn defined(
        &mut self,
        id: ComponentDefinedTypeId,
        note: Option<&TypeNote>,
        down: usize,
    ) -> Result<Value, Unmapped> {
        let types = self.types;
        Ok(match &types[id] {
            ComponentDefinedType::Primitive(ty) => primitive(*ty)?,
            ComponentDefinedType::List { element, .. } if self.is_u8(element) => {
                json!({"type": "string", "contentEncoding": "base64"})
            }
            ComponentDefinedType::List { element, .. } => {
                json!({"type": "array", "items": self.value(element, down)?})
            }
            ComponentDefinedType::Record(record) => self.object(record.fields.iter(), note, down)?,
            ComponentDefinedType::Tuple(tuple) => {
                let parts =
                    tuple.types.iter().map(|ty| self.value(ty, down)).collect::<Result<Vec<_>, _>>()?;
                let length = parts.len();
                json!({"type": "array", "prefixItems": parts, "items": false, "minItems": length})
            }
            ComponentDefinedType::Variant(variant) => {
                let cases = variant.cases.iter();
                let case = |(name, case): (&KebabString, &_)| self.case(name, case, note, down);
                json!({"anyOf": cases.map(case).collect::<Result<Vec<_>, _>>()?})
            }
            ComponentDefinedType::Enum(names) => json!({"type": "string", "enum": self.names(names.iter())?}),
            ComponentDefinedType::Flags(names) => {
                let items = json!({"type": "string", "enum": self.names(names.iter())?});
                json!({"type": "array", "items": items, "uniqueItems": true})
            }
            ComponentDefinedType::Option { ty, .. } => {
                let some = self.value(ty, down)?;
                let some = if self.is_option(ty) { members([("some", some)]) } else { some };
                json!({"anyOf": [some, nothing()]})
            }
            ComponentDefinedType::Result { ok, err, .. } => {
                let ok = members([("ok", self.payload(ok.as_ref(), down)?)]);
                let err = members([("err", self.payload(err.as_ref(), down)?)]);
                json!({"anyOf": [ok, err]})
            }
            ComponentDefinedType::Own(_) | ComponentDefinedType::Borrow(_) => {
                return Err(Unmapped::Kind("a resource"));
            }
            ComponentDefinedType::Future { .. } => return Err(Unmapped::Kind("a future")),
            ComponentDefinedType::Stream { .. } => return Err(Unmapped::Kind("a stream")),
            ComponentDefinedType::Map { .. } => return Err(Unmapped::Kind("a map")),
            ComponentDefinedType::FixedLengthList { .. } => {
                return Err(Unmapped::Kind("a list of fixed length"));
            }
        })
    }

    fn object<'f>(
        &mut self,
        fields: impl Iterator<Item = (&'f KebabString, &'f ComponentValType)>,
        note: Option<&TypeNote>,
        depth: usize,
    ) -> Result<Value, Unmapped> {
        let (mut properties, mut required) = (Map::new(), Vec::new());
        for (name, ty) in fields {
            self.weight.name(name)?;
            let schema = self.value(ty, depth)?;
            let schema = self.described(schema, item(note, name));
            properties.insert(name.to_string(), schema);
            if !self.is_option(ty) {
                required.push(name.as_str());
            }
        }
        Ok(json!({
            "type": "object", "properties": properties, "required": required, "additionalProperties": false,
        }))
    }

    fn case(
        &mut self,
        name: &KebabString,
        case: &wasmparser::component_types::VariantCase,
        note: Option<&TypeNote>,
        depth: usize,
    ) -> Result<Value, Unmapped> {
        self.weight.name(name)?;
        let tag = ("tag", json!({"const": name.as_str()}));
        let schema = match &case.ty {
            Some(ty) => members([tag, ("val", self.value(ty, depth)?)]),
            None => members([tag]),
        };
        Ok(self.described(schema, item(note, name)))
    }

    fn names<'n>(&mut self, names: impl Iterator<Item = &'n KebabString>) -> Result<Vec<String>, Unmapped> {
        let name = |name: &KebabString| {
            self.weight.name(name)?;
            Ok(name.to_string())
        };
        names.map(name).collect()
    }

    fn described(&mut self, mut schema: Value, docs: Option<&str>) -> Value {
        let docs = docs.map(str::trim).filter(|docs| !docs.is_empty() && self.words.name(docs).is_ok());
        if let (Some(docs), Value::Object(members)) = (docs, &mut schema) {
            members.insert("description".to_owned(), docs.into());
        }
        schema
    }

    fn is_u8(&self, ty: &ComponentValType) -> bool {
        let primitive = match ty {
            ComponentValType::Primitive(ty) => Some(ty),
            ComponentValType::Type(id) => match &self.types[*id] {
                ComponentDefinedType::Primitive(ty) => Some(ty),
                _ => None,
            },
        };
        primitive == Some(&PrimitiveValType::U8)
    }

    fn is_option(&self, ty: &ComponentValType) -> bool {
        match ty {
            ComponentValType::Type(id) => matches!(self.types[*id], ComponentDefinedType::Option { .. }),
            ComponentValType::Primitive(_) => false,
        }
    }
}

fn item<'n>(note: Option<&'n TypeNote>, name: &str) -> Option<&'n str> {
    note?.items.get(name).map(String::as_str)
}

fn nothing() -> Value {
    json!({"type": "null"})
}

/// An object with exactly these members.
fn members<const N: usize>(members: [(&str, Value); N]) -> Value {
    let required: Vec<_> = members.iter().map(|(name, _)| *name).collect();
    let required = json!(required);
    let properties: Map<_, _> = members.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

fn primitive(ty: PrimitiveValType) -> Result<Value, Unmapped> {
    Ok(match ty {
        PrimitiveValType::Bool => json!({"type": "boolean"}),
        PrimitiveValType::U8 => integer(u8::MIN, u8::MAX),
        PrimitiveValType::U16 => integer(u16::MIN, u16::MAX),
        PrimitiveValType::U32 => integer(u32::MIN, u32::MAX),
        PrimitiveValType::S8 => integer(i8::MIN, i8::MAX),
        PrimitiveValType::S16 => integer(i16::MIN, i16::MAX),
        PrimitiveValType::S32 => integer(i32::MIN, i32::MAX),
        PrimitiveValType::U64 => wide(integer(u64::MIN, u64::MAX), "^(0|[1-9][0-9]{0,19})$"),
        PrimitiveValType::S64 => wide(integer(i64::MIN, i64::MAX), "^(0|-?[1-9][0-9]{0,18})$"),
        PrimitiveValType::F32 | PrimitiveValType::F64 => {
            json!({"anyOf": [{"type": "number"}, {"enum": ["NaN", "Infinity", "-Infinity"]}]})
        }
        PrimitiveValType::Char => json!({"type": "string", "minLength": 1, "maxLength": 1}),
        PrimitiveValType::String => json!({"type": "string"}),
        PrimitiveValType::ErrorContext => return Err(Unmapped::Kind("an error context")),
    })
}

fn integer(minimum: impl Into<Value>, maximum: impl Into<Value>) -> Value {
    json!({"type": "integer", "minimum": minimum.into(), "maximum": maximum.into()})
}

fn wide(number: Value, digits: &str) -> Value {
    json!({"anyOf": [number, {"type": "string", "pattern": digits}]})
}
