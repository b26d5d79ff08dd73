//! A skill that sends requests with what it has of secrets, wherever it is told to, and reports what came back.

mod send;
mod words;

use exports::skep::skill::tools::{Error, Guest, Tool};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

wit_bindgen::generate!({
    path: "../../../wit",
    inline: "
        package skep-tests:courier;
        world courier {
            include skep:skill/skill@0.1.0;
            import wasi:http/outgoing-handler@0.2.12;
        }
    ",
    generate_all,
});

/// A request. In its texts, `{NAME}` stands for the placeholder of a secret, `{USER:NAME}` for one for Basic
/// authentication, `{$NAME}` for a variable, and `{kept}` for the first placeholder that this instance ever got.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Errand {
    #[serde(default = "get")]
    pub method: String,
    pub url: String,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    #[serde(default)]
    pub body: Option<String>,
}

fn get() -> String {
    "GET".to_owned()
}

struct Courier;

impl Guest for Courier {
    fn list_tools() -> Vec<Tool> {
        let tool = |name: &str, description: &str| Tool {
            name: name.to_owned(),
            description: description.to_owned(),
            input_schema: json!({ "type": "object" }).to_string(),
            output_schema: None,
        };
        vec![
            tool("send", "Sends a request, and gives its status, headers and body"),
            tool("say", "Fills in a text, prints it, logs it, and gives it"),
        ]
    }

    fn call_tool(name: String, input: String) -> Result<String, Error> {
        let input: Value = serde_json::from_str(&input).map_err(unusable)?;
        let done = match name.as_str() {
            "send" => send::send(&serde_json::from_value(input).map_err(unusable)?),
            "say" => words::fill(input["text"].as_str().unwrap_or_default()).map(|text| {
                println!("{text}");
                wasi::logging::logging::log(wasi::logging::logging::Level::Warn, "courier", &text);
                json!({ "said": text })
            }),
            _ => return Err(Error::InvalidInput(format!("no tool {name}"))),
        };
        Ok(done.unwrap_or_else(|withheld| json!({ "withheld": withheld })).to_string())
    }
}

fn unusable(error: serde_json::Error) -> Error {
    Error::InvalidInput(error.to_string())
}

export!(Courier);
