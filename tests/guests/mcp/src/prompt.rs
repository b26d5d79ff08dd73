//! Tools that stand for prompts.

use crate::ask::{answered, elicit, text_schema};
use crate::content::{image, resource, text};
use crate::exports::skep::skill::tools::Error;
use serde_json::{Value, json};

fn messages(contents: &[Value]) -> Result<Value, Error> {
    let message = |content: &Value| json!({ "role": "user", "content": content });
    Ok(json!({ "messages": contents.iter().map(message).collect::<Vec<_>>() }))
}

pub fn simple(_: &Value) -> Result<Value, Error> {
    Ok(json!("This is a simple prompt for testing."))
}

pub fn with_arguments(input: &Value) -> Result<Value, Error> {
    let argument = |name: &str| input[name].as_str().unwrap_or_default().to_owned();
    let words = format!("Prompt with arguments: arg1='{}', arg2='{}'", argument("arg1"), argument("arg2"));
    messages(&[text(&words)])
}

pub fn with_resource(input: &Value) -> Result<Value, Error> {
    let uri = input["resourceUri"].as_str().unwrap_or_default();
    let embedded = resource(uri, "text/plain", "Embedded resource content for testing.");
    messages(&[embedded, text("Please process the embedded resource above.")])
}

pub fn with_image(_: &Value) -> Result<Value, Error> {
    messages(&[image(), text("Please analyze the image above.")])
}

pub fn asking(input: &Value) -> Result<Value, Error> {
    match answered(input, "user_context").and_then(|answer| answer["content"]["context"].as_str()) {
        Some(context) => messages(&[text(&format!("Context: {context}"))]),
        None => Ok(elicit("user_context", "What context should the prompt use?", text_schema("context"))),
    }
}
