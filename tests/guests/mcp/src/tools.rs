//! The table of what there is: name, the properties of its input, what it does.

use crate::exports::skep::skill::tools::{Error, Tool};
use crate::{ask, content, prompt, report, resource, task};
use serde_json::{Value, json};

pub type Run = fn(&Value) -> Result<Value, Error>;

pub struct Known {
    pub name: &'static str,
    /// Its required properties, most of them texts; `?` before one that may be left out.
    pub takes: &'static [&'static str],
    pub run: Run,
}

/// What a tool takes that asks the client.
const ANSWERS: &[&str] = &["?inputResponses", "?requestState"];

const fn known(name: &'static str, takes: &'static [&'static str], run: Run) -> Known {
    Known { name, takes, run }
}

pub const ALL: &[Known] = &[
    known("simple_text", &[], content::simple_text),
    known("image_content", &[], content::image_only),
    known("audio_content", &[], content::audio),
    known("embedded_resource", &[], content::embedded_resource),
    known("multiple_content_types", &[], content::several),
    known("error_handling", &[], content::error),
    known("tool_with_logging", &[], report::logging),
    known("logging_tool", &[], report::logging),
    known("tool_with_progress", &[], report::progress),
    known("reconnection", &[], report::progress),
    known("schema_2020_12_tool", &[], content::simple_text),
    known("header", &["?region"], content::simple_text),
    known("sampling", &["prompt", "?inputResponses"], ask::sampling),
    known("elicitation", &["message", "?inputResponses"], ask::elicitation),
    known("elicitation_sep1034_defaults", ANSWERS, ask::defaults),
    known("elicitation_sep1330_enums", ANSWERS, ask::enums),
    known("missing_capability", ANSWERS, ask::question),
    known("streaming_elicitation", ANSWERS, ask::user_name),
    known("input_required_result_elicitation", ANSWERS, ask::user_name),
    known("input_required_result_sampling", ANSWERS, ask::question),
    known("input_required_result_list_roots", ANSWERS, ask::roots),
    known("input_required_result_request_state", ANSWERS, ask::confirmed),
    known("input_required_result_tampered_state", ANSWERS, ask::confirmed),
    known("input_required_result_multiple_inputs", ANSWERS, ask::several),
    known("input_required_result_multi_round", ANSWERS, ask::twice),
    known("input_required_result_capabilities", ANSWERS, ask::either),
    known("greet", &["name"], task::greet),
    known("slow_compute", &["?seconds", "?label"], task::slow),
    known("failing_job", &[], task::failing),
    known("protocol_error_job", &[], task::broken),
    known("confirm_delete", &["filename", "?inputResponses", "?requestState"], task::confirm),
    known("multi_input", ANSWERS, task::several),
    known("tool_with_task", ANSWERS, ask::user_name),
    known("simple_prompt", &[], prompt::simple),
    known("prompt_with_arguments", &["arg1", "arg2"], prompt::with_arguments),
    known("prompt_with_embedded_resource", &["resourceUri"], prompt::with_resource),
    known("prompt_with_image", &[], prompt::with_image),
    known("input_required_result_prompt", ANSWERS, prompt::asking),
    known("static_text", &[], resource::text),
    known("static_binary", &[], resource::binary),
    known("template", &["id"], resource::of_template),
    known("watched", &[], resource::text),
];

impl Known {
    pub fn describe(&self) -> Tool {
        Tool {
            name: self.name.to_owned(),
            description: format!("Fixture: {}", self.name.replace('_', " ")),
            input_schema: self.schema().to_string(),
            output_schema: None,
        }
    }

    fn schema(&self) -> Value {
        if self.name == "schema_2020_12_tool" {
            return all_of_2020_12();
        }
        let property = |name: &&str| {
            let name = name.trim_start_matches('?');
            let schema = match name {
                "inputResponses" => json!({ "type": "object" }),
                "seconds" => json!({ "type": "number" }),
                // Clients repeat it in a header, by which a gateway may route.
                "region" => json!({ "type": "string", "x-mcp-header": "Region" }),
                "arg1" => {
                    json!({ "type": "string", "description": "First", "examples": ["test", "testing"] })
                }
                _ => json!({ "type": "string", "description": name }),
            };
            (name.to_owned(), schema)
        };
        let properties: serde_json::Map<_, _> = self.takes.iter().map(property).collect();
        let required: Vec<_> = self.takes.iter().filter(|name| !name.starts_with('?')).collect();
        json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
    }
}

fn all_of_2020_12() -> Value {
    let text = json!({ "type": "string" });
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": { "address": { "$anchor": "address", "type": "object", "properties": { "street": text, "city": text } } },
        "properties": { "name": text, "address": { "$ref": "#/$defs/address" } },
        "allOf": [{ "anyOf": [{ "required": ["name"] }, { "required": ["address"] }, { "maxProperties": 0 }] }],
        "if": { "required": ["address"] },
        "then": { "required": ["name"] },
        "else": {},
        "additionalProperties": false,
    })
}
