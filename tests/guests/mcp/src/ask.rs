//! Tools that ask the client before they answer.

use crate::content::text;
use crate::exports::skep::skill::tools::Error;
use serde_json::{Value, json};

/// The answer to what was asked under this name, if it is one.
pub fn answered<'a>(input: &'a Value, name: &str) -> Option<&'a Value> {
    input["inputResponses"].get(name).filter(|answer| answer.is_object())
}

pub fn text_schema(property: &str) -> Value {
    json!({ "type": "object", "properties": { property: { "type": "string" } }, "required": [property] })
}

pub fn elicitation_of(message: &str, schema: &Value) -> Value {
    json!({ "method": "elicitation/create", "params": { "message": message, "requestedSchema": schema } })
}

fn sampling_of(words: &str) -> Value {
    let message = json!({ "role": "user", "content": text(words) });
    json!({ "method": "sampling/createMessage", "params": { "messages": [message], "maxTokens": 100 } })
}

fn roots_of() -> Value {
    json!({ "method": "roots/list", "params": {} })
}

pub fn elicit(name: &str, message: &str, schema: Value) -> Value {
    json!({ "inputRequests": { name: elicitation_of(message, &schema) } })
}

fn say(words: &str) -> Result<Value, Error> {
    Ok(json!({ "content": [text(words)] }))
}

/// Asks under `answer` until there is one, and repeats it.
fn until_answered(input: &Value, asks: impl FnOnce() -> Value) -> Result<Value, Error> {
    match answered(input, "answer") {
        Some(answer) => say(&format!("Elicitation completed: {answer}")),
        None => Ok(json!({ "inputRequests": { "answer": asks() } })),
    }
}

pub fn sampling(input: &Value) -> Result<Value, Error> {
    until_answered(input, || sampling_of(input["prompt"].as_str().unwrap_or_default()))
}

pub fn elicitation(input: &Value) -> Result<Value, Error> {
    let text = json!({ "type": "string" });
    let schema = json!({
        "type": "object",
        "properties": { "username": text, "email": text },
        "required": ["username", "email"],
    });
    until_answered(input, || elicitation_of(input["message"].as_str().unwrap_or_default(), &schema))
}

pub fn defaults(input: &Value) -> Result<Value, Error> {
    let schema = json!({
        "type": "object",
        "properties": {
            "name": { "type": "string", "default": "John Doe" },
            "age": { "type": "integer", "default": 30 },
            "score": { "type": "number", "default": 95.5 },
            "status": { "type": "string", "enum": ["active", "inactive", "pending"], "default": "active" },
            "verified": { "type": "boolean", "default": true },
        },
        "required": [],
    });
    until_answered(input, || elicitation_of("Defaults, please", &schema))
}

pub fn enums(input: &Value) -> Result<Value, Error> {
    let plain = json!(["option1", "option2", "option3"]);
    let titled = |values: [&str; 3], titles: [&str; 3]| {
        let option = |n: usize| json!({ "const": values[n], "title": titles[n] });
        json!([option(0), option(1), option(2)])
    };
    let one = titled(["value1", "value2", "value3"], ["First Option", "Second Option", "Third Option"]);
    let many = titled(["value1", "value2", "value3"], ["First Choice", "Second Choice", "Third Choice"]);
    let schema = json!({
        "type": "object",
        "properties": {
            "untitledSingle": { "type": "string", "enum": plain },
            "titledSingle": { "type": "string", "oneOf": one },
            "legacyEnum": {
                "type": "string",
                "enum": ["opt1", "opt2", "opt3"],
                "enumNames": ["Option One", "Option Two", "Option Three"],
            },
            "untitledMulti": { "type": "array", "items": { "type": "string", "enum": plain } },
            "titledMulti": { "type": "array", "items": { "anyOf": many } },
        },
        "required": [],
    });
    until_answered(input, || elicitation_of("Choose", &schema))
}

pub fn user_name(input: &Value) -> Result<Value, Error> {
    match answered(input, "user_name").and_then(|answer| answer["content"]["name"].as_str()) {
        Some(name) => say(&format!("Hello, {name}!")),
        None => Ok(elicit("user_name", "What is your name?", text_schema("name"))),
    }
}

pub fn question(input: &Value) -> Result<Value, Error> {
    match answered(input, "capital_question") {
        Some(answer) => say(&answer["content"].to_string()),
        None => Ok(
            json!({ "inputRequests": { "capital_question": sampling_of("What is the capital of France?") } }),
        ),
    }
}

pub fn roots(input: &Value) -> Result<Value, Error> {
    match answered(input, "client_roots") {
        Some(answer) => say(&format!("Roots: {}", answer["roots"])),
        None => Ok(json!({ "inputRequests": { "client_roots": roots_of() } })),
    }
}

pub fn confirmed(input: &Value) -> Result<Value, Error> {
    match (answered(input, "confirm"), input["requestState"].as_str()) {
        (Some(_), Some("to be confirmed")) => say("state-ok"),
        _ => {
            let schema = json!({ "type": "object", "properties": { "ok": { "type": "boolean" } }, "required": ["ok"] });
            let mut asks = elicit("confirm", "Please confirm", schema);
            asks["requestState"] = json!("to be confirmed");
            Ok(asks)
        }
    }
}

pub fn several(input: &Value) -> Result<Value, Error> {
    if ["user_name", "greeting", "client_roots"].iter().all(|name| answered(input, name).is_some()) {
        return say("all answered");
    }
    let requests = json!({
        "user_name": elicitation_of("What is your name?", &text_schema("name")),
        "greeting": sampling_of("Generate a greeting"),
        "client_roots": roots_of(),
    });
    Ok(json!({ "inputRequests": requests, "requestState": "several" }))
}

pub fn twice(input: &Value) -> Result<Value, Error> {
    let (mut asks, state) = match input["requestState"].as_str() {
        Some("second") if answered(input, "step2").is_some() => return say("both steps done"),
        Some("first") if answered(input, "step1").is_some() => {
            (elicit("step2", "Step 2: What is your favorite color?", text_schema("color")), "second")
        }
        _ => (elicit("step1", "Step 1: What is your name?", text_schema("name")), "first"),
    };
    asks["requestState"] = json!(state);
    Ok(asks)
}

pub fn either(input: &Value) -> Result<Value, Error> {
    if !input["inputResponses"].is_null() {
        return say("answered");
    }
    let requests = json!({
        "words": sampling_of("Say something"),
        "name": elicitation_of("What is your name?", &text_schema("name")),
    });
    Ok(json!({ "inputRequests": requests }))
}
