//! Queries over JSON in the jq language, by jaq's implementation of it.

mod answer;
mod filter;
mod source;

use std::collections::BTreeMap;

use answer::{Answer, BYTES_MAX, OUTPUTS_MAX};
use filter::Filter;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use skep::Error;

skep::skill!(query);

const OUTPUTS_USUAL: usize = 1000;
const FILTER_CHARS_MAX: usize = 20_000;
const ARGS_MAX: usize = 100;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Query {
    /// The jq program, as in `.items[] | select(.price > 10) | .name`
    #[schemars(length(min = 1, max = FILTER_CHARS_MAX))]
    filter: String,
    /// What it runs on; `null` if there is no `path` either
    #[serde(default)]
    input: Value,
    /// A file instead: it runs on each JSON value in it, so JSON Lines work
    path: Option<String>,
    /// Run once, on an array of all values of the file
    #[serde(default)]
    slurp: bool,
    /// Values for the filter by name: `{"least": 10}` is `$least`
    #[serde(default)]
    #[schemars(extend("maxProperties" = ARGS_MAX))]
    args: BTreeMap<String, Value>,
    /// Outputs at most
    #[serde(default = "outputs_usual")]
    #[schemars(range(min = 1, max = OUTPUTS_MAX))]
    limit: usize,
}

fn outputs_usual() -> usize {
    OUTPUTS_USUAL
}

/// Runs a jq filter over JSON and answers with its outputs.
///
/// All of jq's language and most of its functions, regular expressions and dates included; no modules, no
/// `input` (use `slurp`). An output past the limit is not computed.
#[skep::tool]
fn query(query: Query) -> Result<Answer, Error> {
    let filter = Filter::new(&query.filter, query.args)?;
    let inputs = match query.path {
        Some(_) if !query.input.is_null() => {
            return Err(Error::invalid_input("input, path: give one of them, not both"));
        }
        Some(path) => source::file(path)?,
        None => source::value(query.input)?,
    };
    let inputs = if query.slurp { source::slurped(inputs) } else { inputs };
    let mut answer = Answer::new(query.limit.min(OUTPUTS_MAX), BYTES_MAX);
    for input in inputs {
        if !filter.run(input?, &mut answer)? {
            break;
        }
    }
    Ok(answer)
}

#[cfg(test)]
mod tests;
