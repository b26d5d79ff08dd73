//! A tool in one line: what it takes and what it gives, shortened from its JSON schemas.

use serde_json::Value;

/// How deep an object's members are shown.
const DEPTH_MAX: usize = 2;
/// Most values of an enumeration, and most alternatives, that are shown.
const CHOICES_MAX: usize = 6;
/// Longest signature, in characters.
const CHARS_MAX: usize = 240;

/// `name(param: type, optional?: type) -> type`.
pub(super) fn signature(name: &str, input: &Value, output: Option<&Value>) -> String {
    let params = match members(input, DEPTH_MAX) {
        Some(params) => params,
        None if input == &Value::Bool(true) || input == &serde_json::json!({}) => "input: any".to_owned(),
        None => format!("input: {}", words(input, DEPTH_MAX)),
    };
    let gives = output.map(|output| format!(" -> {}", words(output, DEPTH_MAX))).unwrap_or_default();
    cut(format!("{name}({params}){gives}"))
}

fn cut(text: String) -> String {
    match text.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The members of an object's schema, `a: integer, b?: string`; nothing if it is none.
fn members(schema: &Value, depth: usize) -> Option<String> {
    let properties = schema["properties"].as_object()?;
    let required =
        |name: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|r| r == name));
    let member = |(name, schema): (&String, &Value)| {
        let mark = if required(name) { "" } else { "?" };
        format!("{name}{mark}: {}", words(schema, depth.saturating_sub(1)))
    };
    Some(properties.iter().map(member).collect::<Vec<_>>().join(", "))
}

/// The type that a schema describes.
fn words(schema: &Value, depth: usize) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        return reference.rsplit('/').next().unwrap_or(reference).to_owned();
    }
    if let Some(value) = schema.get("const") {
        return value.to_string();
    }
    if let Some(values) = schema["enum"].as_array() {
        return choices(values.iter().map(Value::to_string).collect());
    }
    if let Some(schemas) = schema["anyOf"].as_array().or(schema["oneOf"].as_array()) {
        return choices(schemas.iter().map(|schema| words(schema, depth)).collect());
    }
    match &schema["type"] {
        Value::Array(names) => {
            choices(names.iter().map(|name| plain(name.as_str().unwrap_or("any"), schema, depth)).collect())
        }
        Value::String(name) => plain(name, schema, depth),
        _ => "any".to_owned(),
    }
}

fn plain(name: &str, schema: &Value, depth: usize) -> String {
    match name {
        "array" => match (&schema["prefixItems"], &schema["items"]) {
            (Value::Array(items), _) => {
                let items: Vec<_> = items.iter().map(|item| words(item, depth)).collect();
                format!("[{}]", items.join(", "))
            }
            (_, items) => format!("[{}]", words(items, depth)),
        },
        "object" if depth == 0 => "object".to_owned(),
        "object" => match (members(schema, depth), &schema["additionalProperties"]) {
            (Some(members), _) => format!("{{{members}}}"),
            (None, more @ Value::Object(_)) => format!("{{*: {}}}", words(more, depth - 1)),
            (None, _) => "object".to_owned(),
        },
        "string" if schema["contentEncoding"] == "base64" => "base64".to_owned(),
        other => other.to_owned(),
    }
}

fn choices(mut all: Vec<String>) -> String {
    let mut seen = std::collections::HashSet::new();
    all.retain(|choice| seen.insert(choice.clone()));
    if all.len() > CHOICES_MAX {
        all.truncate(CHOICES_MAX);
        all.push("…".to_owned());
    }
    all.join(" | ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(input: Value, output: Option<Value>, expect: &str) {
        assert_eq!(signature("t", &input, output.as_ref()), expect);
    }

    #[test]
    fn schemas_become_one_line() {
        check(json!({ "type": "object", "properties": {} }), None, "t()");
        check(
            json!({ "type": "object", "required": ["a"], "properties": {
                "a": { "type": "integer" }, "b": { "type": ["string", "null"] } } }),
            Some(json!({ "type": "array", "items": { "type": "number" } })),
            "t(a: integer, b?: string | null) -> [number]",
        );
        check(
            json!({ "type": "object", "required": ["at"], "properties": { "at": {
                "type": "object", "required": ["x"], "properties": { "x": { "type": "object", "properties": {} } } } } }),
            Some(json!({ "anyOf": [{ "const": "dry" }, { "enum": ["wet", "cold"] }] })),
            "t(at: {x: object}) -> \"dry\" | \"wet\" | \"cold\"",
        );
        check(
            json!({ "type": "object", "properties": { "data": { "type": "string", "contentEncoding": "base64" },
                "env": { "type": "object", "additionalProperties": { "type": "string" } },
                "pair": { "type": "array", "prefixItems": [{ "type": "string" }, { "$ref": "#/$defs/Point" }] } } }),
            Some(json!({})),
            "t(data?: base64, env?: {*: string}, pair?: [string, Point]) -> any",
        );
    }

    #[test]
    fn what_is_no_object_and_what_is_long_is_still_a_line() {
        check(json!(true), None, "t(input: any)");
        check(json!({}), None, "t(input: any)");
        check(json!({ "type": "string" }), None, "t(input: string)");
        let many: serde_json::Map<_, _> =
            (0..200).map(|n| (format!("m{n}"), json!({ "enum": [n] }))).collect();
        let line = signature("t", &json!({ "type": "object", "properties": many }), None);
        assert_eq!(line.chars().count(), CHARS_MAX + 1);
    }
}
