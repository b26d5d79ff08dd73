//! The one tool of a command: what a program takes and gives.

use super::{Export, Tool};
use serde_json::{Value, json};
use skep_core::NameError;

/// The tool's name.
const NAME: &str = "run";
/// What any program does.
const DESCRIPTION: &str = "Runs the program with arguments and a standard input. \
                           Answers what it printed, and its exit code.";

/// The tool of a component that exports `interface`, a version of `wasi:cli/run`.
pub(super) fn tool(interface: &str) -> Result<Tool, NameError> {
    Ok(Tool {
        name: NAME.parse()?,
        description: DESCRIPTION.to_owned(),
        input_schema: input(),
        output_schema: Some(output()),
        export: Export::Command(interface.to_owned()),
    })
}

fn input() -> Value {
    json!({
        "type": "object",
        "properties": {
            "args": {
                "type": "array",
                "items": { "type": "string" },
                "description": "The arguments after the program's name. Paths are absolute: those of the granted files."
            },
            "stdin": { "type": "string", "description": "The standard input, as text." },
            "stdin_base64": {
                "type": "string",
                "contentEncoding": "base64",
                "description": "The standard input, as bytes in base64, instead of `stdin`."
            },
            "env": {
                "type": "object",
                "additionalProperties": { "type": "string" },
                "description": "Environment variables, besides those that the operator granted."
            }
        },
        "additionalProperties": false
    })
}

fn output() -> Value {
    let stream = |name: &str, other: &str| {
        let text = json!({ "type": "string", "description": format!("What it printed to its {name}.") });
        let bytes = json!({
            "type": "string",
            "contentEncoding": "base64",
            "description": format!("Instead of `{other}`, where that is no UTF-8.")
        });
        (text, bytes)
    };
    let (stdout, stdout_base64) = stream("standard output", "stdout");
    let (stderr, stderr_base64) = stream("standard error", "stderr");
    json!({
        "type": "object",
        "properties": {
            "stdout": stdout,
            "stdout_base64": stdout_base64,
            "stderr": stderr,
            "stderr_base64": stderr_base64,
            "exit_code": { "type": "integer", "description": "0 where all went well." }
        },
        "required": ["exit_code"],
        "additionalProperties": false
    })
}
