//! Schemas and values as MCP wants them: objects at the root.

use serde_json::{Map, Value, json};

/// Under which name an input stands that is no object.
const INPUT: &str = "input";
/// Under which name an output stands that is no object.
const RESULT: &str = "result";
/// Parts of a schema that references start from, so they stay at its root.
const ROOT_KEYS: [&str; 3] = ["$schema", "$defs", "definitions"];

/// A schema with an object at its root, and whether that was put around it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rooted {
    pub(super) schema: Map<String, Value>,
    wrapped: bool,
}

impl Rooted {
    /// Arguments are always an object, so a schema that doesn't say what it is about is about one.
    pub(super) fn input(schema: &Value) -> Self {
        match schema {
            Value::Object(map) if !map.contains_key("type") => {
                let mut schema = map.clone();
                schema.insert("type".to_owned(), json!("object"));
                Self { schema, wrapped: false }
            }
            Value::Bool(true) => Self::input(&json!({})),
            other => Self::of(other, INPUT),
        }
    }

    pub(super) fn output(schema: &Value) -> Self {
        Self::of(schema, RESULT)
    }

    fn of(schema: &Value, key: &str) -> Self {
        match schema {
            Value::Object(map) if map.get("type") == Some(&json!("object")) => {
                Self { schema: map.clone(), wrapped: false }
            }
            other => Self { schema: wrap(other, key), wrapped: true },
        }
    }

    /// The input of the tool, from the arguments.
    pub(super) fn unwrap(&self, mut arguments: Map<String, Value>) -> Value {
        if !self.wrapped {
            return Value::Object(arguments);
        }
        arguments.remove(INPUT).unwrap_or_default()
    }
}

fn wrap(schema: &Value, key: &str) -> Map<String, Value> {
    let mut inner = schema.clone();
    let mut outer = Map::new();
    if let Value::Object(inner) = &mut inner {
        outer.extend(ROOT_KEYS.iter().filter_map(|key| inner.remove_entry(*key)));
    }
    outer.insert("type".to_owned(), json!("object"));
    outer.insert("properties".to_owned(), json!({ key: inner }));
    outer.insert("required".to_owned(), json!([key]));
    outer
}

/// An output as structured content. Without a schema, what isn't an object is put in one all the same.
pub(super) fn structured(output: Value, schema: Option<&Rooted>) -> Value {
    let wrapped = schema.map_or(!output.is_object(), |schema| schema.wrapped);
    if wrapped { json!({ RESULT: output }) } else { output }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_objects_and_values_follow() {
        let check = |schema: Value, value: Value, input: bool, wrapped: bool| {
            let rooted = if input { Rooted::input(&schema) } else { Rooted::output(&schema) };
            assert_eq!(rooted.schema["type"], "object", "{schema}");
            assert_eq!(rooted.wrapped, wrapped, "{schema}");
            if !input {
                let shown = structured(value.clone(), Some(&rooted));
                assert_eq!(shown, if wrapped { json!({ "result": value }) } else { value });
            }
        };
        check(json!({ "type": "object" }), json!({ "a": 1 }), false, false);
        check(json!({ "type": "string" }), json!("x"), false, true);
        check(json!({ "type": ["object", "null"] }), json!(null), false, true);
        check(json!({ "oneOf": [] }), json!({ "a": 1 }), false, true);
        check(json!(true), json!(1), false, true);
        check(json!({ "properties": {} }), json!({}), true, false);
        check(json!(true), json!({}), true, false);
        check(json!({ "type": "array" }), json!([]), true, true);
        assert_eq!(structured(json!([1]), None), json!({ "result": [1] }));
        let args = json!({ "input": [1] }).as_object().cloned().unwrap();
        assert_eq!(Rooted::input(&json!({ "type": "array" })).unwrap(args), json!([1]));
    }

    #[test]
    fn references_still_lead_somewhere() {
        let rooted = Rooted::output(&json!({ "$ref": "#/$defs/a", "$defs": { "a": { "type": "null" } } }));
        assert_eq!(rooted.schema["$defs"]["a"]["type"], "null");
        assert_eq!(rooted.schema["properties"]["result"], json!({ "$ref": "#/$defs/a" }));
    }
}
