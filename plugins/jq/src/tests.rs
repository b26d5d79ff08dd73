//! Queries as a caller makes them.

use std::fs;

use serde_json::{Value, json};
use skep::Error;

use super::*;

fn ask(input: Value) -> Result<Value, Error> {
    skep::testing::call(query, input)
}

#[track_caller]
fn check(filter: &str, input: Value, expect: Value) {
    let answer = ask(json!({ "filter": filter, "input": input })).unwrap();
    assert_eq!(answer, json!({ "outputs": expect, "more": false }), "{filter}");
}

#[track_caller]
fn check_invalid(query: Value, expect: &str) {
    match ask(query) {
        Err(Error::InvalidInput(problem)) => assert_eq!(problem, expect),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn check_failed(query: Value, part: &str) {
    match ask(query) {
        Err(Error::Failed(problem)) => assert!(problem.contains(part), "{problem}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_language_is_jq() {
    let items = json!({ "items": [{ "n": "a", "p": 5 }, { "n": "b", "p": 15 }, { "n": "c", "p": 20.5 }] });
    check(".items[] | select(.p > 10) | .n", items.clone(), json!(["b", "c"]));
    check("[.items[].p] | add", items.clone(), json!([40.5]));
    check(".items | map({(.n): .p}) | add", items, json!([{ "a": 5, "b": 15, "c": 20.5 }]));
    check("reduce range(5) as $n (0; . + $n)", json!(null), json!([10]));
    check("def twice(f): f | f; twice(. * 10)", json!(7), json!([700]));
    check("test(\"^[a-z]+$\")", json!("abc"), json!([true]));
    check("fromdate", json!("2026-03-01T00:00:00Z"), json!([1772323200]));
    check("try error(\"x\") catch .", json!(null), json!(["x"]));
    check(
        "group_by(.) | map({v: .[0], n: length})",
        json!([1, 2, 1]),
        json!([[{ "v": 1, "n": 2 }, { "v": 2, "n": 1 }]]),
    );
}

#[test]
fn numbers_stay_what_they_are() {
    check(".", json!([i64::MIN, u64::MAX, 0.1, -0.5e-7]), json!([[i64::MIN, u64::MAX, 0.1, -0.5e-7]]));
    check("3000000000 * 3", json!(null), json!([9_000_000_000_u64]));
    check("nan, infinite", json!(null), json!([null, null]));
}

#[test]
fn arguments_are_variables() {
    let answer = ask(json!({ "filter": "$a + $b_2", "args": { "b_2": [2], "a": [1] } })).unwrap();
    assert_eq!(answer["outputs"], json!([[1, 2]]));
    check_invalid(
        json!({ "filter": ".", "args": { "a b": 1 } }),
        "args: `a b` can't be the name of a variable",
    );
}

#[test]
fn a_wrong_filter_is_told_with_its_place() {
    for (filter, expect) in [
        (".a |\n  nope", "filter, line 2, column 3: there is no filter `nope` with 0 arguments"),
        ("map(1; 2)", "filter, line 1, column 1: there is no filter `map` with 2 arguments"),
        ("$x", "filter, line 1, column 1: there is no variable `$x`"),
        (".a | |", "filter, line 1, column 6: term expected"),
        ("\"é\" + (1", "filter, line 1, column 9: closing parenthesis expected"),
        ("import \"a\" as a; .", "filter, line 1, column 9: there are no modules to load"),
    ] {
        check_invalid(json!({ "filter": filter }), expect);
    }
}

#[test]
fn failures_are_the_filters() {
    check_failed(json!({ "filter": ".a", "input": [1] }), "the filter failed: cannot index");
    check_failed(json!({ "filter": "error(\"no price\")" }), "no price");
    check_failed(json!({ "filter": "halt_error" }), "halted with code 5");
    check("1, halt, 2", json!(null), json!([1]));
}

#[test]
fn outputs_are_bounded() {
    let answer = ask(json!({ "filter": "repeat(1)", "limit": 3 })).unwrap();
    assert_eq!(answer, json!({ "outputs": [1, 1, 1], "more": true }));
    check_failed(json!({ "filter": "\"x\" * 3000000 | ., ." }), "more than 4194304 bytes");
    check_failed(json!({ "filter": "reduce range(200) as $n (0; [.])" }), "deeper than 100");
}

#[test]
fn files_are_read_value_by_value() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lines.json");
    fs::write(&path, "{\"n\": 1}\n{\"n\": 2}\n{\"n\": 3}\n{\"n\"").unwrap();
    let path = path.to_str().unwrap();
    let first = ask(json!({ "filter": ".n", "path": path, "limit": 2 })).unwrap();
    assert_eq!(first, json!({ "outputs": [1, 2], "more": true }));
    check_failed(json!({ "filter": ".n", "path": path }), "lines.json, value 4");
    check_failed(json!({ "filter": ".n", "path": path, "slurp": true }), "lines.json, value 4");
    fs::write(path, "1 2 3").unwrap();
    assert_eq!(ask(json!({ "filter": "add", "path": path, "slurp": true })).unwrap()["outputs"], json!([6]));
    check_failed(json!({ "filter": ".", "path": folder.path() }), "is a folder");
    check_failed(json!({ "filter": ".", "path": "/none.json" }), "--fs");
    check_invalid(
        json!({ "filter": ".", "path": path, "input": 1 }),
        "input, path: give one of them, not both",
    );
}
