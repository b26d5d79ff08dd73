//! Arrays and objects of JSON text: lists, tuples, flags, records, variants, results.

use super::name::{Name, Named};
use super::place::{Step, one_of};
use super::progress::Progress;
use super::read::Value;
use super::wit_type::{Case, Field, WitType};
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess};
use serde_json::value::RawValue;
use wasmtime::component::Val;

/// Reads elements for as long as there is a type for them.
pub(super) fn read_elements<'de, 'a, A: SeqAccess<'de>>(
    mut seq: A,
    progress: &mut Progress<'a>,
    ty_at: impl Fn(usize) -> Option<&'a WitType>,
) -> Result<Vec<Val>, A::Error> {
    let mut values = Vec::new();
    while let Some(ty) = ty_at(values.len()) {
        let step = Step::Element(values.len());
        let read = |progress: &mut Progress<'a>| seq.next_element_seed(Value { ty, progress });
        match progress.down(step, read)? {
            Some(value) => values.push(value),
            None => return Ok(values),
        }
    }
    match seq.next_element::<IgnoredAny>()? {
        None => Ok(values),
        Some(_) => Err(progress.refuse(format!("expected an array of {}, found more", values.len()))),
    }
}

/// Reads an array of names, each at most once.
pub(super) fn read_flags<'de, 'a, A: SeqAccess<'de>>(
    names: &'a [String],
    mut seq: A,
    progress: &mut Progress<'a>,
) -> Result<Val, A::Error> {
    let mut flags = vec![false; names.len()];
    for index in 0.. {
        let read = |progress: &mut Progress<'a>| {
            let Some(flag) = seq.next_element_seed(Name { what: "flag", names, progress })? else {
                return Ok(false);
            };
            match std::mem::replace(&mut flags[flag], true) {
                false => Ok(true),
                true => Err(progress.refuse(format!("flag `{}` stands here twice", names[flag]))),
            }
        };
        if !progress.down(Step::Element(index), read)? {
            break;
        }
    }
    let set = names.iter().zip(&flags).filter(|(_, set)| **set);
    Ok(Val::Flags(set.map(|(name, _)| name.clone()).collect()))
}

/// Reads the members of a record in any order. What may be absent and is, is `none`.
pub(super) fn read_fields<'de, 'a, A: MapAccess<'de>>(
    fields: &'a [Field],
    mut map: A,
    progress: &mut Progress<'a>,
) -> Result<Vec<Val>, A::Error> {
    progress.take(fields.iter().map(|field| field.name.len() + size_of::<(String, Val)>()).sum())?;
    let mut values: Vec<Option<Val>> = fields.iter().map(|_| None).collect();
    while let Some(index) = map.next_key_seed(Name { what: "member", names: fields, progress })? {
        let Field { name, ty } = &fields[index];
        if values[index].is_some() {
            return Err(progress.refuse(format!("member `{name}` stands here twice")));
        }
        let value =
            progress.down(Step::Member(name), |progress| map.next_value_seed(Value { ty, progress }))?;
        values[index] = Some(value);
    }
    let or_none = |(field, value): (&Field, Option<Val>)| match (value, &field.ty) {
        (Some(value), _) => Ok(value),
        (None, WitType::Option { .. }) => Ok(Val::Option(None)),
        (None, ty) => Err(progress.refuse(format!("missing member `{}`: expected {ty}", field.name))),
    };
    fields.iter().zip(values).map(or_none).collect()
}

/// Reads an object with exactly one of the members.
pub(super) fn read_single<'de, 'a, A: MapAccess<'de>>(
    sides: &[(&'static str, Option<&'a WitType>)],
    mut map: A,
    progress: &mut Progress<'a>,
) -> Result<(usize, Option<Box<Val>>), A::Error> {
    let Some(side) = map.next_key_seed(Name { what: "member", names: sides, progress })? else {
        return Err(progress.refuse(format!("an empty object: {}", one_of(sides.iter().map(|side| side.0)))));
    };
    let (name, ty) = sides[side];
    let value = progress.down(Step::Member(name), |progress| match ty {
        Some(ty) => map.next_value_seed(Value { ty, progress }).map(|value| Some(Box::new(value))),
        None => match map.next_value::<Option<IgnoredAny>>()? {
            None => Ok(None),
            Some(_) => Err(progress.refuse("expected null, found a value")),
        },
    })?;
    match map.next_key_seed(Name { what: "member", names: &[name], progress })? {
        None => Ok((side, value)),
        Some(_) => Err(progress.refuse(format!("member `{name}` stands here twice"))),
    }
}

/// Reads `{"tag": …, "val": …}`. A payload that stands before its tag is kept as text until then.
pub(super) fn read_variant<'de, 'a, A: MapAccess<'de>>(
    cases: &'a [Case],
    mut map: A,
    progress: &mut Progress<'a>,
) -> Result<Val, A::Error> {
    let members = ["tag", "val"];
    let mut case: Option<&'a Case> = None;
    let mut early: Option<Box<RawValue>> = None;
    let mut value: Option<Val> = None;
    while let Some(member) = map.next_key_seed(Name { what: "member", names: &members, progress })? {
        let twice = if member == 0 { case.is_some() } else { early.is_some() || value.is_some() };
        if twice {
            return Err(progress.refuse(format!("member `{}` stands here twice", members[member])));
        }
        match (member, case) {
            (0, _) => {
                let read = |progress: &mut Progress<'a>| {
                    map.next_value_seed(Name { what: "case", names: cases, progress })
                };
                case = Some(&cases[progress.down(Step::Member("tag"), read)?]);
            }
            (_, Some(Case { ty: Some(ty), .. })) => {
                let read = |progress: &mut Progress<'a>| map.next_value_seed(Value { ty, progress });
                value = Some(progress.down(Step::Member("val"), read)?);
            }
            (_, Some(Case { name, ty: None })) => return Err(progress.refuse(needless(name))),
            (_, None) => early = Some(map.next_value()?),
        }
    }
    let Some(Case { name, ty }) = case else {
        return Err(
            progress.refuse(format!("missing member `tag`: {}", one_of(cases.iter().map(Named::name))))
        );
    };
    if let Some(text) = early {
        let Some(ty) = ty else { return Err(progress.refuse(needless(name))) };
        let mut json = serde_json::Deserializer::from_str(text.get());
        let read = |progress: &mut Progress<'a>| Value { ty, progress }.deserialize(&mut json);
        value = Some(progress.down(Step::Member("val"), read).map_err(A::Error::custom)?);
    }
    match (ty, value) {
        (Some(_), None) => Err(progress.refuse(format!("missing member `val`: case `{name}` has a payload"))),
        (_, value) => Ok(Val::Variant(name.clone(), value.map(Box::new))),
    }
}

fn needless(case: &str) -> String {
    format!("case `{case}` has no payload: leave `val` out")
}
