//! What the host is told of the tools, and what calls of them come to.

use serde_json::{Value, json};
use skep::{
    Error,
    bindings::exports::skep::skill::tools as wire,
    tool::{self, Tool},
};

use crate::*;

const TOOLS: &[Tool] =
    &[__skep_tool_add, numbers::__skep_tool_numbers, __skep_tool_loop, __skep_tool_nothing];

fn schema(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[track_caller]
fn check(tool: &str, input: &str, expect: Result<Value, (&str, &str)>) {
    match (tool::call(TOOLS, tool, input), expect) {
        (Ok(output), Ok(expect)) => assert_eq!(schema(&output), expect),
        (Err(wire::Error::InvalidInput(why)), Err(("invalid", part))) => assert!(why.contains(part), "{why}"),
        (Err(wire::Error::Failed(why)), Err(("failed", part))) => assert!(why.contains(part), "{why}"),
        (found, expect) => panic!("{found:?} instead of {expect:?}"),
    }
}

#[test]
fn tools_have_names_descriptions_and_schemas() {
    let tools = tool::list(TOOLS);
    let names: Vec<_> = tools.iter().map(|tool| tool.name.as_str()).collect();
    assert_eq!(names, ["add", "numbers", "loop", "nothing"]);
    assert_eq!(tools[0].description, "Adds two numbers,\nsmall ones.\n\nThe sum is small too.");
    assert_eq!(tools[1].description, "Reads a number.");
    assert_eq!(
        schema(&tools[0].input_schema),
        json!({
            "type": "object",
            "properties": {
                "a": { "type": "integer", "minimum": 0, "maximum": 255, "description": "The first number." },
                "b": { "type": ["integer", "null"], "minimum": 0, "maximum": 255 },
            },
            "required": ["a"],
            "additionalProperties": false,
        })
    );
    assert_eq!(
        tools[0].output_schema.as_deref().map(schema),
        Some(json!({
            "type": "object",
            "properties": { "sum": { "type": "integer", "minimum": 0, "maximum": 255 } },
            "required": ["sum"],
        }))
    );
    assert_eq!(tools[1].output_schema.as_deref().map(schema), Some(json!({ "type": "integer" })));
    assert_eq!(tools[2].output_schema, None);
    let nothing = schema(&tools[2].input_schema);
    assert_eq!((&nothing["type"], &nothing["additionalProperties"]), (&json!("object"), &json!(false)));
}

#[test]
fn calls_go_from_json_to_json() {
    check("add", r#"{"a": 2, "b": 3}"#, Ok(json!({ "sum": 5 })));
    check("add", r#"{"a": 255, "b": 1}"#, Err(("invalid", "too large")));
    check("add", r#"{"b": 1}"#, Err(("invalid", "missing field `a`")));
    check("add", "{", Err(("invalid", "EOF")));
    check("nothing", "{}", Ok(json!({})));
    check("nothing", r#"{"a": 1}"#, Err(("invalid", "unknown field `a`")));
    check("loop", "{}", Err(("failed", "round and round")));
    check("numbers", r#"{"text": "-7"}"#, Ok(json!(-7)));
    check("numbers", r#"{"text": "x"}"#, Err(("failed", "invalid digit")));
    check("multiply", "{}", Err(("invalid", "there is no tool multiply")));
}

#[test]
fn a_tool_is_still_a_function() {
    assert_eq!(add(Add { a: 1, b: None }).unwrap().sum, 1);
    assert_eq!(skep::testing::call(add, json!({ "a": 1, "b": 2 })), Ok(json!({ "sum": 3 })));
}

#[test]
fn errors_tell_their_causes_once() {
    #[derive(Debug)]
    struct Outer(ParseIntError, bool);
    impl std::fmt::Display for Outer {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            if self.1 { write!(f, "no port: {}", self.0) } else { f.write_str("no port") }
        }
    }
    impl std::error::Error for Outer {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }
    let cause = || "x".parse::<u16>().unwrap_err();
    let expect = Error::Failed("no port: invalid digit found in string".to_owned());
    assert_eq!(Error::from(Outer(cause(), false)), expect);
    assert_eq!(Error::from(Outer(cause(), true)), expect);
}
