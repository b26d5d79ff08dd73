//! Tests of derived schemas and of the validator.

use super::Validator;
use crate::inspect;
use crate::json::tests::guest::component;
use serde_json::{Value, json};

/// The input schema of a function that takes one `v`.
#[track_caller]
fn derived(ty: &str) -> Value {
    let wit = format!(
        "package t:t; interface types {{ record point {{ x: f32, y: option<u8>, }} \
         variant shape {{ circle(u8), nothing, }} enum color {{ red, green, }} flags perms {{ read, write, }} }} \
         world w {{ use types.{{point, shape, color, perms}}; export f: func(v: {ty}); }}"
    );
    inspect(&component(&wit)).expect("is a skill").tools[0].input_schema["properties"]["v"].clone()
}

#[test]
fn every_type_has_its_schema() {
    let tag = |name: &str| json!({"const": name});
    for (ty, schema) in [
        ("bool", json!({"type": "boolean"})),
        ("s8", json!({"type": "integer", "minimum": -128, "maximum": 127})),
        ("string", json!({"type": "string"})),
        ("char", json!({"type": "string", "minLength": 1, "maxLength": 1})),
        ("list<u8>", json!({"type": "string", "contentEncoding": "base64"})),
        ("list<bool>", json!({"type": "array", "items": {"type": "boolean"}})),
        ("option<bool>", json!({"anyOf": [{"type": "boolean"}, {"type": "null"}]})),
        ("color", json!({"type": "string", "enum": ["red", "green"]})),
        (
            "perms",
            json!({"type": "array", "items": {"type": "string", "enum": ["read", "write"]}, "uniqueItems": true}),
        ),
        (
            "tuple<bool, string>",
            json!({
                "type": "array", "prefixItems": [{"type": "boolean"}, {"type": "string"}],
                "items": false, "minItems": 2,
            }),
        ),
        (
            "shape",
            json!({"anyOf": [
                {
                    "type": "object", "required": ["tag", "val"], "additionalProperties": false,
                    "properties": {"tag": tag("circle"), "val": {"type": "integer", "minimum": 0, "maximum": 255}},
                },
                {
                    "type": "object", "required": ["tag"], "additionalProperties": false,
                    "properties": {"tag": tag("nothing")},
                },
            ]}),
        ),
    ] {
        assert_eq!(derived(ty), schema, "{ty}");
    }
    assert_eq!(derived("point")["required"], json!(["x"]));
}

#[track_caller]
fn check(schema: Value, text: &str, expect: Result<(), &str>) {
    let validator = Validator::new(&schema).expect("compiles");
    assert_eq!(validator.check(text.as_bytes()), expect.map_err(str::to_owned), "{text}");
}

#[test]
fn a_mistake_is_named_with_its_place() {
    let row = json!({
        "type": "object", "properties": {"price": {"type": "number", "minimum": 1}},
        "required": ["price"], "additionalProperties": false,
    });
    let schema = json!({"type": "object", "properties": {"rows": {"type": "array", "items": {"$ref": "#/$defs/row"}}},
        "$defs": {"row": row}});
    check(schema.clone(), r#"{"rows":[{"price":1}]}"#, Ok(()));
    for (text, expect) in [
        (r#"{"rows":[{"price":1},{"price":"x"}]}"#, r#"$.rows[1].price: value is not of type "number""#),
        (r#"{"rows":[{"price":0}]}"#, "$.rows[0].price: value is less than the minimum of 1"),
        (r#"{"rows":[{}]}"#, r#"$.rows[0]: missing member "price""#),
        (r#"{"rows":[{"price":1,"prize":2}]}"#, r#"$.rows[0]: unknown member "prize""#),
        ("[]", r#"$: value is not of type "object""#),
        ("{", "$: not JSON: EOF while parsing an object at line 1 column 1"),
    ] {
        check(schema.clone(), text, Err(expect));
    }
}

#[test]
fn complaints_quote_little() {
    let long = "y".repeat(100_000);
    let schema = json!({"type": "object", "additionalProperties": false, "properties": {"a": {"enum": [1]}}});
    let validator = Validator::new(&schema).unwrap();
    for text in [format!("{{\"{long}\":1}}"), format!("{{\"a\":\"{long}\"}}"), format!("\"{long}\"")] {
        let complaint = validator.check(text.as_bytes()).unwrap_err();
        assert!(complaint.matches('y').count() <= 80, "{complaint}");
    }
}

#[test]
fn schemas_that_could_cost_much_are_refused() {
    let mut doubling = json!({"$defs": {"d0": {"type": "string"}}, "$ref": "#/$defs/d20"});
    for n in 1..=20 {
        let below = format!("#/$defs/d{}", n - 1);
        doubling["$defs"][format!("d{n}")] = json!({"anyOf": [{"$ref": below}, {"$ref": below}]});
    }
    let deep = (0..100).fold(json!({}), |inner, _| json!({"not": inner}));
    let wide: Vec<_> = (0..10_000).collect();
    for (schema, expect) in [
        (json!({"$ref": "#"}), "it nests deeper than 64 levels, or refers to itself"),
        (json!({"items": {"$ref": "#"}}), "it nests deeper than 64 levels, or refers to itself"),
        (deep, "it nests deeper than 64 levels, or refers to itself"),
        (doubling, "it unfolds to more than 5000 parts"),
        (json!({"enum": wide}), "it unfolds to more than 5000 parts"),
        (
            json!({"$ref": "http://127.0.0.1/schema"}),
            r##"it refers to "http://127.0.0.1/schema", which is no place in it: refer to one as `#/$defs/name`"##,
        ),
        (
            json!({"$ref": "file:///etc/passwd"}),
            r##"it refers to "file:///etc/passwd", which is no place in it: refer to one as `#/$defs/name`"##,
        ),
        (
            json!({"items": {"$ref": "#a"}, "$defs": {"a": {"$anchor": "a"}}}),
            r##"it refers to "#a", which is no place in it: refer to one as `#/$defs/name`"##,
        ),
        (
            json!({"properties": {"a": {"$dynamicRef": "#a"}}}),
            "it uses `$dynamicRef`: refer by `$ref` to a place as `#/$defs/name`",
        ),
        (
            json!({"items": {"$id": "http://a/b"}}),
            "it uses `$id` below the top: one schema must be one document",
        ),
        (json!({"description": "x".repeat(300 << 10)}), "larger than 262144 bytes"),
    ] {
        assert_eq!(Validator::new(&schema).unwrap_err(), expect);
    }
    // Names of members and data are no keywords, and a place may have a name that nothing refers to.
    let harmless =
        json!({"properties": {"$dynamicRef": {}, "enum": {"$anchor": "a"}}, "default": {"$ref": 1}});
    assert!(Validator::new(&harmless).is_ok());
}

#[test]
fn what_is_no_schema_is_refused() {
    for schema in [
        json!({"type": "strin"}),
        json!({"pattern": "("}),
        json!({"properties": 3}),
        json!({"pattern": "(a{1000}){1000}"}),
        json!({"$schema": "http://127.0.0.1/draft"}),
    ] {
        let refused = Validator::new(&schema).unwrap_err();
        assert!(!refused.is_empty() && refused.chars().count() <= 400, "{refused}");
    }
}

#[test]
fn patterns_match_in_linear_time() {
    let text = format!("\"{}\"", "a".repeat(50_000));
    check(json!({"pattern": "^(a+)+$b"}), &text, Err(r#"$: value does not match "^(a+)+$b""#));
}
