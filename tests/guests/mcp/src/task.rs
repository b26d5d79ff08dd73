//! Tools whose calls may outlive their request.

use crate::ask::{answered, elicitation_of, text_schema};
use crate::content::text;
use crate::exports::skep::skill::tools::Error;
use serde_json::{Value, json};
use std::thread::sleep;
use std::time::Duration;

/// The longest that a call sleeps.
const SLEEP_SECONDS_MAX: f64 = 60.0;

fn say(words: &str) -> Result<Value, Error> {
    Ok(json!({ "content": [text(words)] }))
}

pub fn greet(input: &Value) -> Result<Value, Error> {
    say(&format!("Hello, {}!", input["name"].as_str().unwrap_or_default()))
}

pub fn slow(input: &Value) -> Result<Value, Error> {
    let seconds = input["seconds"].as_f64().unwrap_or_default().clamp(0.0, SLEEP_SECONDS_MAX);
    sleep(Duration::from_secs_f64(seconds));
    say(&format!("computed {}", input["label"].as_str().unwrap_or_default()))
}

pub fn failing(_: &Value) -> Result<Value, Error> {
    Err(Error::Failed("This job fails".to_owned()))
}

pub fn broken(_: &Value) -> Result<Value, Error> {
    panic!("this job breaks its sandbox")
}

pub fn confirm(input: &Value) -> Result<Value, Error> {
    let file = input["filename"].as_str().unwrap_or_default();
    match answered(input, "confirm") {
        Some(answer) => say(&format!("{file}: {}", answer["action"])),
        None => {
            let schema = json!({ "type": "object", "properties": { "confirm": { "type": "boolean" } }, "required": ["confirm"] });
            let asks = elicitation_of(&format!("Delete {file}?"), &schema);
            Ok(json!({ "inputRequests": { "confirm": asks }, "requestState": file }))
        }
    }
}

pub fn several(input: &Value) -> Result<Value, Error> {
    if let (Some(first), Some(second)) = (answered(input, "first"), answered(input, "second")) {
        return say(&format!("{} and {}", first["content"]["name"], second["content"]["name"]));
    }
    let asks = |words: &str| elicitation_of(words, &text_schema("name"));
    Ok(json!({ "inputRequests": { "first": asks("Who is first?"), "second": asks("Who is second?") } }))
}
