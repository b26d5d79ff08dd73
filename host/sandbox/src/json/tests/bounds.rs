//! Bounds of the mapping: no input, type or answer makes the host hold much, or speak long.

use super::guest::{read, signature, try_signature, write};
use crate::json::weight::TYPE_DEPTH_MAX;
use skep_core::FaultCode;
use wasmtime::component::Val;

#[test]
fn an_answer_is_cut_off_at_its_limit() {
    let signature = signature("", "() -> list<string>");
    let answer = Val::List(vec![Val::String("x".repeat(50)), Val::String("\u{1}".repeat(50))]);
    let whole = signature.result_to_json(std::slice::from_ref(&answer), 1000).unwrap();
    let length = whole.as_bytes().len() as u64;
    assert_eq!(signature.result_to_json(std::slice::from_ref(&answer), length).unwrap(), whole);
    for limit in 0..length {
        let fault = signature.result_to_json(std::slice::from_ref(&answer), limit).unwrap_err();
        assert_eq!(fault.code, FaultCode::LimitOutput, "{limit}");
    }
    let bytes = super::guest::signature("", "() -> list<u8>");
    assert!(bytes.result_to_json(&[Val::List(vec![Val::U8(1); 100])], 100).is_err());
}

#[test]
fn a_tool_error_is_cut_at_a_character() {
    let signature = signature("", "() -> result<_, string>");
    let error = Val::Result(Err(Some(Box::new(Val::String("ö".repeat(10))))));
    let fault = signature.result_to_json(&[error], 5).unwrap_err();
    assert_eq!((fault.code, fault.message.as_str()), (FaultCode::ToolError, "öö"));
}

#[test]
fn a_value_of_another_type_is_a_defect_not_a_panic() {
    let signature = signature("", "() -> u8");
    assert_eq!(write(&signature, Val::Bool(true)).unwrap_err().code, FaultCode::Internal);
    assert_eq!(signature.result_to_json(&[], 10).unwrap_err().code, FaultCode::Internal);
}

#[test]
fn faults_quote_little() {
    let long = "y".repeat(100_000);
    let types = "enum color { red, green, } record point { x: f64, }";
    for (ty, json) in [
        ("f64", format!("\"{long}\"")),
        ("u64", format!("\"{long}\"")),
        ("color", format!("\"{long}\"")),
        ("char", format!("\"{}\"", "\\u0001".repeat(1000))),
        ("list<u8>", format!("\"-{long}\"")),
        ("point", format!("{{\"{long}\":1}}")),
        ("u8", "1".repeat(300)),
        ("u8", format!("{}.5", "1".repeat(300))),
        ("f32", "1".repeat(300)),
        ("bool", long.clone()),
    ] {
        let complaint = read(&signature(types, &format!("(v: {ty})")), &json).unwrap_err();
        assert!(complaint.chars().count() < 260, "{ty}: {complaint}");
        let echoed = complaint.matches('y').count().max(complaint.matches('1').count());
        assert!(echoed <= 80, "{ty}: {complaint}");
    }
}

#[test]
fn a_small_input_cannot_unfold_to_much() {
    let fields: String = (0..200).map(|n| format!("a{n}: option<u8>, ")).collect();
    let signature = signature(&format!("record wide {{ {fields} }}"), "(v: list<wide>)");
    assert!(read(&signature, &format!("[{}]", ["{}"; 100].join(","))).is_ok());
    let complaint = read(&signature, &format!("[{}]", vec!["{}"; 100_000].join(","))).unwrap_err();
    assert!(complaint.ends_with("the input unfolds to too many values for its size"), "{complaint}");
}

#[test]
fn deep_input_is_refused_without_recursion() {
    let signature = signature("", "(v: u8)");
    for open in ["[", "{\"v\":"] {
        let complaint = read(&signature, &open.repeat(1_000_000)).unwrap_err();
        assert!(complaint.starts_with("$.v: expected u8, found an "), "{complaint}");
    }
    let variant = super::guest::signature("variant v { a(list<u16>), }", "(v: v)");
    let complaint = read(&variant, &format!("{{\"val\":{}", "[".repeat(1_000_000))).unwrap_err();
    assert!(complaint.starts_with("$.v: not JSON"), "{complaint}");
}

#[test]
fn types_are_bounded() {
    let nested = |depth: usize| format!("(v: {}u16{})", "list<".repeat(depth), ">".repeat(depth));
    assert!(try_signature("", &nested(TYPE_DEPTH_MAX)).is_ok());
    let deep = try_signature("", &nested(TYPE_DEPTH_MAX + 1)).unwrap_err();
    assert_eq!(deep.to_string(), "its types nest deeper than 48 levels");

    // Each type holds the one before it three times: 3^10 parts.
    let mut types = "type t0 = string; ".to_owned();
    for n in 1..11 {
        types.push_str(&format!("record t{n} {{ a: t{0}, b: t{0}, c: t{0}, }} ", n - 1));
    }
    let large = try_signature(&types, "(v: t10)").unwrap_err();
    assert_eq!(large.to_string(), "its types are too large: they unfold to more than 1048576 bytes");
}

#[test]
fn a_value_of_the_deepest_type_reads_and_writes() {
    let depth = TYPE_DEPTH_MAX;
    let ty = format!("{}u8{}", "option<".repeat(depth), ">".repeat(depth));
    let signature = signature("", &format!("(v: {ty}) -> {ty}"));
    let json = format!("{}7{}", "{\"some\":".repeat(depth - 1), "}".repeat(depth - 1));
    assert_eq!(write(&signature, read(&signature, &json).unwrap()).unwrap(), json);
}
