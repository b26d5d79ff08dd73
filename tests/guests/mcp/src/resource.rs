//! Tools that stand for resources.

use crate::content::PNG;
use crate::exports::skep::skill::tools::Error;
use serde_json::{Value, json};

pub fn text(_: &Value) -> Result<Value, Error> {
    Ok(json!("This is the content of the static text resource."))
}

pub fn binary(_: &Value) -> Result<Value, Error> {
    let blob = json!({ "uri": "test://static-binary", "mimeType": "image/png", "blob": PNG });
    Ok(json!({ "contents": [blob] }))
}

pub fn of_template(input: &Value) -> Result<Value, Error> {
    let id = &input["id"];
    Ok(
        json!({ "id": id, "templateTest": true, "data": format!("Data for ID: {}", id.as_str().unwrap_or_default()) }),
    )
}
