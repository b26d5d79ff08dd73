//! Tools that answer with each kind of content.

use crate::exports::skep::skill::tools::Error;
use serde_json::{Value, json};

/// A PNG of one red pixel.
pub const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";
/// A WAV file without samples.
const WAV: &str = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=";

pub fn text(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}

pub fn image() -> Value {
    json!({ "type": "image", "data": PNG, "mimeType": "image/png" })
}

pub fn resource(uri: &str, media_type: &str, text: &str) -> Value {
    json!({ "type": "resource", "resource": { "uri": uri, "mimeType": media_type, "text": text } })
}

pub fn simple_text(_: &Value) -> Result<Value, Error> {
    Ok(json!({ "content": [text("This is a simple text response for testing.")] }))
}

pub fn image_only(_: &Value) -> Result<Value, Error> {
    Ok(json!({ "content": [image()] }))
}

pub fn audio(_: &Value) -> Result<Value, Error> {
    Ok(json!({ "content": [{ "type": "audio", "data": WAV, "mimeType": "audio/wav" }] }))
}

pub fn embedded_resource(_: &Value) -> Result<Value, Error> {
    let embedded =
        resource("test://embedded-resource", "text/plain", "This is an embedded resource content.");
    Ok(json!({ "content": [embedded] }))
}

pub fn several(_: &Value) -> Result<Value, Error> {
    let embedded =
        resource("test://mixed-content-resource", "application/json", r#"{"test":"data","value":123}"#);
    Ok(json!({ "content": [text("Multiple content types test:"), image(), embedded] }))
}

pub fn error(_: &Value) -> Result<Value, Error> {
    Err(Error::Failed("This tool intentionally returns an error for testing".to_owned()))
}
