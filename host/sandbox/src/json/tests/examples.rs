//! Examples of the mapping: what reads and writes, what is refused and in which words.

use super::guest::{read, signature, try_signature, write};
use skep_core::FaultCode;
use wasmtime::component::Val;

const TYPES: &str = "record point { x: f64, y: option<f64>, } \
    variant shape { circle(f32), named(string), nothing, maybe(option<u8>), } \
    enum color { red, green, } flags perms { read, write, } \
    record order { rows: list<row>, } record row { name: string, price: f64, }";

/// Reads `json` as a `ty`, and writes it back as `expect`.
#[track_caller]
fn check(ty: &str, json: &str, expect: &str) {
    let signature = signature(TYPES, &format!("(v: {ty}) -> tuple<{ty}>"));
    let value = read(&signature, json).unwrap_or_else(|complaint| panic!("{ty} {json}: {complaint}"));
    let written = write(&signature, Val::Tuple(vec![value])).expect("writes");
    assert_eq!(written, format!("[{expect}]"), "{ty} {json}");
}

/// Reads `json` as a `ty`, which must be refused in exactly these words.
#[track_caller]
fn refuse(ty: &str, json: &str, expect: &str) {
    let signature = signature(TYPES, &format!("(v: {ty})"));
    let complaint = read(&signature, json).expect_err("must be refused");
    assert_eq!(complaint, expect, "{ty} {json}");
}

#[test]
fn scalars_read_and_write() {
    for (ty, json, expect) in [
        ("bool", "true", "true"),
        ("u8", "255", "255"),
        ("u8", "2.0", "2"),
        ("u8", "-0", "0"),
        ("s8", "-128", "-128"),
        ("u32", "4294967295", "4294967295"),
        ("s16", "-1e2", "-100"),
        ("u64", "9007199254740992", "9007199254740992"),
        ("u64", "9007199254740993", r#""9007199254740993""#),
        ("u64", r#""18446744073709551615""#, r#""18446744073709551615""#),
        ("s64", r#""-7""#, "-7"),
        ("s64", "-9223372036854775808", r#""-9223372036854775808""#),
        ("f32", "0.1", "0.1"),
        ("f32", "16777217", "16777216.0"),
        ("f64", "-0.0", "-0.0"),
        ("f64", "1e300", "1e+300"),
        ("f64", "3", "3.0"),
        ("f64", r#""NaN""#, r#""NaN""#),
        ("f32", r#""-Infinity""#, r#""-Infinity""#),
        ("char", r#""ö""#, r#""ö""#),
        ("string", r#""a\u0000\n\"""#, r#""a\u0000\n\"""#),
    ] {
        check(ty, json, expect);
    }
}

#[test]
fn compounds_read_and_write() {
    for (ty, json, expect) in [
        ("list<u8>", r#""AAH/""#, r#""AAH/""#),
        ("list<u8>", r#""""#, r#""""#),
        ("list<u16>", "[1,2]", "[1,2]"),
        ("tuple<u8, string>", r#"[1,"a"]"#, r#"[1,"a"]"#),
        ("point", r#"{"y":1.5,"x":2}"#, r#"{"x":2.0,"y":1.5}"#),
        ("point", r#"{"x":2}"#, r#"{"x":2.0,"y":null}"#),
        ("shape", r#"{"tag":"nothing"}"#, r#"{"tag":"nothing"}"#),
        ("shape", r#"{"tag":"circle","val":1}"#, r#"{"tag":"circle","val":1.0}"#),
        ("shape", r#"{"val":"x","tag":"named"}"#, r#"{"tag":"named","val":"x"}"#),
        ("shape", r#"{"tag":"maybe","val":null}"#, r#"{"tag":"maybe","val":null}"#),
        ("color", r#""green""#, r#""green""#),
        ("perms", r#"["write","read"]"#, r#"["read","write"]"#),
        ("perms", "[]", "[]"),
        ("option<string>", "null", "null"),
        ("option<string>", r#""a""#, r#""a""#),
        ("option<option<u8>>", "null", "null"),
        ("option<option<u8>>", r#"{"some":null}"#, r#"{"some":null}"#),
        ("option<option<u8>>", r#"{"some":3}"#, r#"{"some":3}"#),
        ("result<u8, string>", r#"{"ok":1}"#, r#"{"ok":1}"#),
        ("result<_, string>", r#"{"ok":null}"#, r#"{"ok":null}"#),
        ("result", r#"{"err":null}"#, r#"{"err":null}"#),
    ] {
        check(ty, json, expect);
    }
}

#[test]
fn scalars_are_refused_by_name() {
    for (ty, json, expect) in [
        ("u8", "300", "$.v: 300 is out of range for u8"),
        ("u8", "-1", "$.v: -1 is out of range for u8"),
        ("u8", "1.5", "$.v: expected u8, found number 1.5"),
        ("u8", r#""1""#, r#"$.v: expected u8, found string "1""#),
        ("u64", "18446744073709551616", "$.v: 18446744073709551616 is out of range for u64"),
        ("u64", "1e300", "$.v: 1e300 is out of range for u64"),
        ("u64", r#""+1""#, r#"$.v: expected u64, found string "+1""#),
        ("s64", r#""9223372036854775808""#, r#"$.v: "9223372036854775808" is out of range for s64"#),
        ("f32", "1e39", "$.v: 1e39 is out of range for f32"),
        ("f64", r#""nan""#, r#"$.v: expected f64, found string "nan""#),
        ("f64", "[1]", "$.v: expected f64, found an array"),
        ("bool", "null", "$.v: expected bool, found null"),
        ("string", "1", "$.v: expected string, found number 1"),
        ("char", r#""ab""#, r#"$.v: expected a string of one character (char), found string "ab""#),
        ("color", r#""blue""#, r#"$.v: unknown name "blue": expected `red`, `green`"#),
        (
            "list<u8>",
            r#""AA""#,
            r#"$.v: expected a base64 string (list<u8>), found string "AA": Invalid padding"#,
        ),
        ("list<u8>", "[1]", "$.v: expected a base64 string (list<u8>), found an array"),
    ] {
        refuse(ty, json, expect);
    }
}

#[test]
fn compounds_are_refused_by_place() {
    for (ty, json, expect) in [
        (
            "order",
            r#"{"rows":[{"name":"a","price":1},{"name":"b","price":"x"}]}"#,
            r#"$.v.rows[1].price: expected f64, found string "x""#,
        ),
        ("order", r#"{"rows":[{"name":"a"}]}"#, "$.v.rows[0]: missing member `price`: expected f64"),
        ("point", r#"{"x":1,"z":2}"#, r#"$.v: unknown member "z": expected `x`, `y`"#),
        ("point", r#"{"x":1,"x":2}"#, "$.v: member `x` stands here twice"),
        ("point", "[1,2]", "$.v: expected an object (record), found an array"),
        ("tuple<u8, u8>", "[1]", "$.v: expected an array of 2 (tuple), found an array of 1"),
        ("tuple<u8, u8>", "[1,2,3]", "$.v: expected an array of 2, found more"),
        ("perms", r#"["read","read"]"#, "$.v[1]: flag `read` stands here twice"),
        ("perms", r#"["own"]"#, r#"$.v[0]: unknown flag "own": expected `read`, `write`"#),
        (
            "shape",
            r#"{"tag":"square"}"#,
            r#"$.v.tag: unknown case "square": expected `circle`, `named`, `nothing`, `maybe`"#,
        ),
        ("shape", r#"{"tag":"circle"}"#, "$.v: missing member `val`: case `circle` has a payload"),
        ("shape", r#"{"tag":"nothing","val":null}"#, "$.v: case `nothing` has no payload: leave `val` out"),
        ("shape", r#"{"val":"x","tag":"circle"}"#, r#"$.v.val: expected f32, found string "x""#),
        (
            "shape",
            r#"{"val":1}"#,
            "$.v: missing member `tag`: expected `circle`, `named`, `nothing`, `maybe`",
        ),
        ("result<u8, string>", "{}", "$.v: an empty object: expected `ok`, `err`"),
        ("result<u8, string>", r#"{"ok":1,"err":"a"}"#, r#"$.v: unknown member "err": expected `ok`"#),
        ("result", r#"{"ok":1}"#, "$.v.ok: expected null, found a value"),
        (
            "option<option<u8>>",
            "3",
            r#"$.v: expected {"some": …} or null (option of an option), found number 3"#,
        ),
        ("list<string>", r#"["a",nope]"#, "$.v[1]: not JSON: expected ident at line 1 column 12"),
    ] {
        refuse(ty, json, expect);
    }
}

#[test]
fn parameters_are_one_object() {
    let signature = signature("", "(name: string, limit: option<u32>)");
    let read = |json: &str| signature.params_from_json(json.as_bytes()).map_err(|fault| fault.message);
    assert_eq!(read(r#"{"name":"a"}"#), Ok(vec![Val::String("a".into()), Val::Option(None)]));
    for (json, expect) in [
        ("{}", "$: missing member `name`: expected string"),
        (r#"{"name":"a","nam":1}"#, r#"$: unknown member "nam": expected `name`, `limit`"#),
        ("[]", "$: expected an object (record), found an array"),
        ("", "$: not JSON: EOF while parsing a value at line 1 column 0"),
        (r#"{"name":"a"} x"#, "$: not JSON: trailing characters at line 1 column 14"),
    ] {
        assert_eq!(read(json), Err(expect.to_owned()), "{json}");
    }
    let none = super::guest::signature("", "()");
    assert_eq!(none.params_from_json(b" {} "), Ok(vec![]));
    assert_eq!(
        none.params_from_json(b"{\"a\":1}").unwrap_err().message,
        r#"$: unknown member "a": expected none"#
    );
}

#[test]
fn a_top_level_result_is_an_answer_or_a_tool_error() {
    let ok = |value: Option<Val>| Val::Result(Ok(value.map(Box::new)));
    let err = |value: Option<Val>| Val::Result(Err(value.map(Box::new)));
    let text = signature("", "() -> result<u8, string>");
    assert_eq!(write(&text, ok(Some(Val::U8(7)))).unwrap(), "7");
    let fault = write(&text, err(Some(Val::String("no \"such\" file".into())))).unwrap_err();
    assert_eq!((fault.code, fault.message.as_str()), (FaultCode::ToolError, "no \"such\" file"));

    let typed = signature(TYPES, "() -> result<_, shape>");
    assert_eq!(write(&typed, ok(None)).unwrap(), "null");
    let fault = write(&typed, err(Some(Val::Variant("nothing".into(), None)))).unwrap_err();
    assert_eq!((fault.code, fault.message.as_str()), (FaultCode::ToolError, r#"{"tag":"nothing"}"#));

    let bare = signature("", "() -> result");
    assert_eq!(write(&bare, err(None)).unwrap_err().message, "the tool failed and gave no reason");
    let nothing = signature("", "()");
    assert_eq!(nothing.result_to_json(&[], 10).unwrap().as_bytes().as_ref(), b"null");
}

#[test]
fn what_mentions_a_resource_has_no_signature() {
    for func in ["(v: own<thing>)", "() -> list<borrow<thing>>", "(v: option<thing>)"] {
        let func = func.replace("() -> list<borrow<thing>>", "(v: list<borrow<thing>>)");
        let refused = try_signature("resource thing;", &func).expect_err("no JSON form");
        assert_eq!(refused.to_string(), "its types mention a resource, which has no JSON form", "{func}");
    }
}
