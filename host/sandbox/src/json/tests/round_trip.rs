//! Property: a value of any type, written as JSON and read again, is the same value; and the schema of
//! the type accepts that JSON, as an answer and as an input.

use super::guest::{component, functions};
use crate::inspect;
use crate::json::Signature;
use crate::schema::Validator;
use proptest::collection::vec;
use proptest::prelude::*;
use wasmtime::component::Val;

/// A type of WIT to be.
#[derive(Debug, Clone)]
enum Kind {
    Scalar(&'static str),
    List(Box<Kind>),
    Option(Box<Kind>),
    Result(Option<Box<Kind>>, Option<Box<Kind>>),
    Tuple(Vec<Kind>),
    Record(Vec<Kind>),
    Variant(Vec<Option<Kind>>),
    Enum(usize),
    Flags(usize),
}

const SCALARS: [&str; 13] =
    ["bool", "u8", "u16", "u32", "u64", "s8", "s16", "s32", "s64", "f32", "f64", "char", "string"];

fn kinds() -> impl Strategy<Value = Kind> {
    let leaf = prop_oneof![
        6 => proptest::sample::select(&SCALARS[..]).prop_map(Kind::Scalar),
        1 => (1_usize..6).prop_map(Kind::Enum),
        1 => (1_usize..6).prop_map(Kind::Flags),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let maybe = || proptest::option::of(inner.clone());
        let boxed = || inner.clone().prop_map(Box::new);
        prop_oneof![
            boxed().prop_map(Kind::List),
            boxed().prop_map(Kind::Option),
            (maybe(), maybe()).prop_map(|(ok, err)| Kind::Result(ok.map(Box::new), err.map(Box::new))),
            vec(inner.clone(), 1..4).prop_map(Kind::Tuple),
            vec(inner.clone(), 1..4).prop_map(Kind::Record),
            vec(maybe(), 1..4).prop_map(Kind::Variant),
        ]
    })
}

/// The type in WIT; what must have a name is declared before.
fn wit(kind: &Kind, declared: &mut Vec<String>) -> String {
    let mut part = |kind: &Kind| wit(kind, declared);
    let declaration = match kind {
        Kind::Scalar(name) => return (*name).to_owned(),
        Kind::List(element) => return format!("list<{}>", part(element)),
        Kind::Option(some) => return format!("option<{}>", part(some)),
        Kind::Result(ok, err) => {
            let ok = ok.as_ref().map_or("_".to_owned(), |ok| part(ok));
            return match err {
                Some(err) => format!("result<{ok}, {}>", part(err)),
                None if ok == "_" => "result".to_owned(),
                None => format!("result<{ok}>"),
            };
        }
        Kind::Tuple(parts) => {
            return format!("tuple<{}>", parts.iter().map(part).collect::<Vec<_>>().join(", "));
        }
        Kind::Record(parts) => {
            format!("record NAME {{ {} }}", members(parts.iter().map(|it| format!(": {}", part(it)))))
        }
        Kind::Variant(cases) => {
            let cases =
                cases.iter().map(|it| it.as_ref().map_or(String::new(), |it| format!("({})", part(it))));
            format!("variant NAME {{ {} }}", members(cases))
        }
        Kind::Enum(count) => format!("enum NAME {{ {} }}", members((0..*count).map(|_| String::new()))),
        Kind::Flags(count) => format!("flags NAME {{ {} }}", members((0..*count).map(|_| String::new()))),
    };
    let name = format!("t{}", declared.len());
    declared.push(declaration.replace("NAME", &name));
    name
}

fn members(parts: impl Iterator<Item = String>) -> String {
    parts.enumerate().map(|(index, part)| format!("m{index}{part}, ")).collect()
}

fn values(kind: &Kind) -> BoxedStrategy<Val> {
    match kind {
        Kind::Scalar(name) => scalars(name),
        Kind::List(element) => vec(values(element), 0..4).prop_map(Val::List).boxed(),
        Kind::Option(some) => payload(Some(some), true).prop_map(Val::Option).boxed(),
        Kind::Result(ok, err) => {
            let ok = payload(ok.as_deref(), false).prop_map(|ok| Val::Result(Ok(ok)));
            let err = payload(err.as_deref(), false).prop_map(|err| Val::Result(Err(err)));
            prop_oneof![ok, err].boxed()
        }
        Kind::Tuple(parts) => all(parts).prop_map(Val::Tuple).boxed(),
        Kind::Record(parts) => {
            let named =
                |parts: Vec<Val>| parts.into_iter().enumerate().map(|(i, part)| (format!("m{i}"), part));
            all(parts).prop_map(move |parts| Val::Record(named(parts).collect())).boxed()
        }
        Kind::Variant(cases) => {
            let case = |(index, case): (usize, &Option<Kind>)| {
                let value = payload(case.as_ref(), false);
                value.prop_map(move |value| Val::Variant(format!("m{index}"), value)).boxed()
            };
            proptest::strategy::Union::new(cases.iter().enumerate().map(case)).boxed()
        }
        Kind::Enum(count) => (0..*count).prop_map(|index| Val::Enum(format!("m{index}"))).boxed(),
        Kind::Flags(count) => {
            let names: Vec<_> = (0..*count).map(|index| format!("m{index}")).collect();
            proptest::sample::subsequence(names, 0..=*count).prop_map(Val::Flags).boxed()
        }
    }
}

fn all(kinds: &[Kind]) -> BoxedStrategy<Vec<Val>> {
    kinds.iter().map(values).collect::<Vec<_>>().boxed()
}

fn payload(kind: Option<&Kind>, may_be_absent: bool) -> BoxedStrategy<Option<Box<Val>>> {
    match kind {
        None => Just(None).boxed(),
        Some(kind) if may_be_absent => proptest::option::of(values(kind).prop_map(Box::new)).boxed(),
        Some(kind) => values(kind).prop_map(|value| Some(Box::new(value))).boxed(),
    }
}

fn scalars(name: &str) -> BoxedStrategy<Val> {
    match name {
        "bool" => any::<bool>().prop_map(Val::Bool).boxed(),
        "u8" => any::<u8>().prop_map(Val::U8).boxed(),
        "u16" => any::<u16>().prop_map(Val::U16).boxed(),
        "u32" => any::<u32>().prop_map(Val::U32).boxed(),
        "u64" => prop_oneof![any::<u64>(), (1_u64 << 53) - 2..(1 << 53) + 3].prop_map(Val::U64).boxed(),
        "s8" => any::<i8>().prop_map(Val::S8).boxed(),
        "s16" => any::<i16>().prop_map(Val::S16).boxed(),
        "s32" => any::<i32>().prop_map(Val::S32).boxed(),
        "s64" => prop_oneof![any::<i64>(), -5_i64..5].prop_map(Val::S64).boxed(),
        "f32" => proptest::num::f32::ANY.prop_map(Val::Float32).boxed(),
        "f64" => proptest::num::f64::ANY.prop_map(Val::Float64).boxed(),
        "char" => any::<char>().prop_map(Val::Char).boxed(),
        _ => vec(any::<char>(), 0..6).prop_map(|chars| Val::String(chars.into_iter().collect())).boxed(),
    }
}

proptest! {
    // Each case compiles a component of one type, and tries many values of it.
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn values_come_back_and_fit_their_schema(
        (kind, tried) in kinds().prop_flat_map(|kind| (Just(kind.clone()), vec(values(&kind), 24)))
    ) {
        let mut declared = Vec::new();
        let ty = wit(&kind, &mut declared);
        let names: Vec<_> = (0..declared.len()).map(|index| format!("t{index}")).collect();
        let used = if names.is_empty() { String::new() } else { format!("use types.{{{}}};", names.join(", ")) };
        // In a tuple, for a `result` at the top is no value.
        let wit = format!(
            "package t:t; interface types {{ {} }} world w {{ {used} export f: func(v: tuple<{ty}>) -> tuple<{ty}>; }}",
            declared.join(" ")
        );
        let signature = Signature::new(&functions(&wit)[0].1).expect("has a JSON form");
        let tool = inspect(&component(&wit)).expect("is a skill").tools.remove(0);
        let input = Validator::new(&tool.input_schema).expect("is a schema");
        let output = Validator::new(&tool.output_schema.expect("has one")).expect("is a schema");
        for value in tried {
            let value = Val::Tuple(vec![value]);
            let answer = signature.result_to_json(std::slice::from_ref(&value), 1 << 20).expect("writes");
            prop_assert_eq!(output.check(answer.as_bytes()), Ok(()));
            let again = [b"{\"v\":", answer.as_bytes().as_ref(), b"}"].concat();
            prop_assert_eq!(input.check(&again), Ok(()));
            prop_assert_eq!(signature.params_from_json(&again), Ok(vec![value]));
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,80}", json in any_json()) {
        let signature = super::guest::signature(
            "record r { a: option<option<s64>>, b: list<u8>, } variant v { x(r), y(tuple<char, f32>), z, } flags f { p, q, }",
            "(v: v, f: f, r: result<r, v>, l: list<v>)",
        );
        for text in [text.as_str(), json.as_str()] {
            if let Err(fault) = signature.params_from_json(text.as_bytes()) {
                prop_assert!(fault.message.starts_with('$') && fault.message.chars().count() < 700);
            }
        }
    }
}

/// JSON that is often nearly right.
fn any_json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("1e999".to_owned()),
        Just("-0".to_owned()),
        any::<f64>().prop_map(|it| it.to_string()),
        any::<i64>().prop_map(|it| it.to_string()),
        proptest::sample::select(&["p", "x", "z", "", "AA==", "ö"][..]).prop_map(|it| format!("{it:?}")),
    ];
    leaf.prop_recursive(5, 40, 4, |inner| {
        let names = proptest::sample::select(&["v", "f", "r", "l", "a", "b", "tag", "val", "ok", "some"][..]);
        let object = vec((names, inner.clone()), 0..5);
        prop_oneof![
            vec(inner, 0..4).prop_map(|parts| format!("[{}]", parts.join(","))),
            object.prop_map(|parts| {
                let members: Vec<_> =
                    parts.into_iter().map(|(name, value)| format!("{name:?}:{value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}
