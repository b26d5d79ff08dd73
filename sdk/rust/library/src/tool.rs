//! What the macros build on: descriptions of tools, and calls from JSON to JSON.

use schemars::{
    JsonSchema, Schema,
    generate::SchemaSettings,
    transform::{RecursiveTransform, Transform},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{Error, bindings::exports::skep::skill::tools as contract};

/// No members: the input of a tool that takes nothing, or an answer with nothing to say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Empty {}

/// One tool, as `#[skep::tool]` describes it.
pub struct Tool {
    pub name: &'static str,
    pub description: &'static str,
    /// Its [`schemas`].
    pub schemas: fn() -> (String, Option<String>),
    /// Its call: see [`run`].
    pub run: fn(&str) -> Result<String, Error>,
}

/// The schemas of a tool's input and, unless it may be anything, its output.
pub fn schemas<I: JsonSchema, O: JsonSchema, E>(
    _: impl FnOnce(I) -> Result<O, E>,
) -> (String, Option<String>) {
    let input = schema::<I>(SchemaSettings::draft2020_12().for_deserialize());
    let output = schema::<O>(SchemaSettings::draft2020_12().for_serialize());
    let says_something = output.as_object().is_some_and(|keywords| !keywords.is_empty());
    (input.as_value().to_string(), says_something.then(|| output.as_value().to_string()))
}

/// Calls a tool with a JSON text; its answer is one too.
pub fn run<I: DeserializeOwned, O: Serialize, E: Into<Error>>(
    tool: impl FnOnce(I) -> Result<O, E>,
    input: &str,
) -> Result<String, Error> {
    let input = serde_json::from_str(input).map_err(Error::invalid_input)?;
    let output = tool(input).map_err(Into::into)?;
    serde_json::to_string(&output).map_err(|error| Error::Failed(format!("the answer is no JSON: {error}")))
}

/// What `list-tools` says.
pub fn list(tools: &[Tool]) -> Vec<contract::Tool> {
    let described = |tool: &Tool| {
        let (input_schema, output_schema) = (tool.schemas)();
        contract::Tool {
            name: tool.name.to_owned(),
            description: tool.description.trim().to_owned(),
            input_schema,
            output_schema,
        }
    };
    tools.iter().map(described).collect()
}

/// What `call-tool` does.
pub fn call(tools: &[Tool], name: &str, input: &str) -> Result<String, contract::Error> {
    crate::log::forward();
    let tool = tools.iter().find(|tool| tool.name == name);
    let tool = tool.ok_or_else(|| contract::Error::InvalidInput(format!("there is no tool {name}")))?;
    (tool.run)(input).map_err(Into::into)
}

/// Without the words that say nothing to a caller: which Rust type it was, how wide a number is.
fn schema<T: JsonSchema>(settings: SchemaSettings) -> Schema {
    let mut schema = settings.with(|it| it.meta_schema = None).into_generator().into_root_schema_for::<T>();
    schema.remove("title");
    RecursiveTransform(without_number_format).transform(&mut schema);
    schema
}

fn without_number_format(schema: &mut Schema) {
    let is_number = |format: &str| ["int", "uint", "float", "double"].iter().any(|it| format.starts_with(it));
    if schema.get("format").and_then(|it| it.as_str()).is_some_and(is_number) {
        schema.remove("format");
    }
}
