//! Whether what came is what a case expects, and where it isn't.

use serde_json::Value;
use skep_core::FaultCode;
use skep_forge::{Expectation, contains};

/// Most differences that are told of one case.
const DIFFERENCES_MAX: usize = 10;
/// Longest value that is shown whole, in characters.
const VALUE_CHARS_MAX: usize = 400;

/// What a call came to: its output, or a fault's code and message.
pub(super) type Outcome = Result<Value, (FaultCode, String)>;

/// A line for each difference; none if all is as expected.
pub(super) fn differences(expect: &Expectation, outcome: &Outcome) -> Vec<String> {
    let mut lines = Vec::new();
    match (expect, outcome) {
        (Expectation::Output(expect), Ok(got)) => compare("", Some(expect), Some(got), &mut lines),
        (Expectation::Contains(part), Ok(got)) if contains(got, part) => {}
        (Expectation::Contains(part), Ok(got)) => {
            lines = both(&format!("something with {}", shown(part)), &shown(got))
        }
        (Expectation::Fault { code, message }, Err((got, said))) if code == got && said.contains(message) => {
        }
        (expect, outcome) => lines = both(&expected(expect), &came(outcome)),
    }
    let more = lines.len().saturating_sub(DIFFERENCES_MAX);
    lines.truncate(DIFFERENCES_MAX);
    if more > 0 {
        lines.push(format!("and {more} more differences"));
    }
    lines
}

fn both(expected: &str, came: &str) -> Vec<String> {
    vec![format!("expected {expected}"), format!("came     {came}")]
}

fn expected(expect: &Expectation) -> String {
    match expect {
        Expectation::Output(value) => shown(value),
        Expectation::Contains(value) => format!("something with {}", shown(value)),
        Expectation::Fault { code, message } if message.is_empty() => format!("the fault {code}"),
        Expectation::Fault { code, message } => format!("the fault {code} with `{message}`"),
    }
}

fn came(outcome: &Outcome) -> String {
    match outcome {
        Ok(value) => shown(value),
        Err((code, message)) => format!("the fault {code}: {message}"),
    }
}

/// Goes into objects and lists, so that only what differs is told, with its place (a JSON pointer).
fn compare(place: &str, expect: Option<&Value>, got: Option<&Value>, lines: &mut Vec<String>) {
    match (expect, got) {
        (Some(Value::Object(expect)), Some(Value::Object(got))) => {
            let added = got.keys().filter(|key| !expect.contains_key(*key));
            for key in expect.keys().chain(added) {
                compare(&format!("{place}/{key}"), expect.get(key), got.get(key), lines);
            }
        }
        (Some(Value::Array(expect)), Some(Value::Array(got))) => {
            for at in 0..expect.len().max(got.len()) {
                compare(&format!("{place}/{at}"), expect.get(at), got.get(at), lines);
            }
        }
        (expect, got) if expect == got => {}
        (expect, got) => {
            let word = |value: Option<&Value>| value.map_or("nothing".to_owned(), shown);
            let at = if place.is_empty() { String::new() } else { format!("{place}: ") };
            lines.push(format!("{at}expected {}, came {}", word(expect), word(got)));
        }
    }
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(VALUE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(expect: &Expectation, outcome: &Outcome, lines: &[&str]) {
        assert_eq!(differences(expect, outcome), lines);
    }

    #[test]
    fn only_what_differs_is_told() {
        let expect = Expectation::Output(json!({ "a": [1, 2], "b": "x", "c": null }));
        check(&expect, &Ok(json!({ "a": [1, 2], "b": "x", "c": null })), &[]);
        let got = Ok(json!({ "a": [1, 3, 4], "b": "x", "d": 1 }));
        check(
            &expect,
            &got,
            &[
                "/a/1: expected 2, came 3",
                "/a/2: expected nothing, came 4",
                "/c: expected null, came nothing",
                "/d: expected nothing, came 1",
            ],
        );
        check(&Expectation::Output(json!(1)), &Ok(json!(2)), &["expected 1, came 2"]);
    }

    #[test]
    fn faults_and_outputs_are_told_apart() {
        let fault =
            |message: &str| Expectation::Fault { code: FaultCode::ToolError, message: message.into() };
        let came = Err((FaultCode::ToolError, "no luck".to_owned()));
        check(&fault(""), &came, &[]);
        check(&fault("luck"), &came, &[]);
        let lines = ["expected the fault tool_error with `x`", "came     the fault tool_error: no luck"];
        check(&fault("x"), &came, &lines);
        check(&fault(""), &Ok(json!(1)), &["expected the fault tool_error", "came     1"]);
        let lines = ["expected 1", "came     the fault tool_error: no luck"];
        check(&Expectation::Output(json!(1)), &came, &lines);
        let part = Expectation::Contains(json!("luck"));
        check(&part, &Ok(json!("good luck")), &[]);
        check(&part, &Ok(json!("no")), &["expected something with \"luck\"", "came     \"no\""]);
    }

    #[test]
    fn long_lists_are_cut() {
        let lines = differences(&Expectation::Output(json!([])), &Ok(json!(vec![1; 30])));
        assert_eq!((lines.len(), lines[10].as_str()), (11, "and 20 more differences"));
        assert!(shown(&json!("x".repeat(1000))).ends_with('…'));
    }
}
