//! Checking JSON texts against the schema that a contract skill declared.

use super::bounds;
use crate::json::cut;
use jsonschema::error::ValidationErrorKind;
use jsonschema::{PatternOptions, ValidationError};
use serde_json::Value;

/// Most memory that a `pattern` may take once compiled, in bytes.
const PATTERN_BYTES_MAX: usize = 1 << 20;
/// Longest complaint, in characters; of that, foreign text no more than the next.
const COMPLAINT_CHARS_MAX: usize = 300;
/// Longest quote of an input's member name, in characters.
const NAME_CHARS_MAX: usize = 60;

/// A compiled schema. It never fetches anything, and its patterns match in linear time.
#[derive(Debug)]
pub(crate) struct Validator(jsonschema::Validator);

impl Validator {
    /// Compiles a schema, if it is one and of bounded size. The error says what is wrong with it.
    pub(crate) fn new(schema: &Value) -> Result<Self, String> {
        bounds::check(schema)?;
        let patterns =
            PatternOptions::regex().size_limit(PATTERN_BYTES_MAX).dfa_size_limit(PATTERN_BYTES_MAX);
        let options = jsonschema::options().offline().with_pattern_options(patterns);
        options.build(schema).map(Self).map_err(|error| complaint(&error))
    }

    /// Checks one JSON text. The error names the place: `$.a[0].b: "value" is not of type "string"`.
    pub(crate) fn check(&self, text: &[u8]) -> Result<(), String> {
        let value: Value = serde_json::from_slice(text).map_err(|error| format!("$: not JSON: {error}"))?;
        self.0.validate(&value).map_err(|error| complaint(&error))
    }
}

fn complaint(error: &ValidationError<'_>) -> String {
    let words = match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            let first = unexpected.first().map(|name| cut(name, NAME_CHARS_MAX)).unwrap_or_default();
            format!("unknown member {first:?}")
        }
        ValidationErrorKind::Required { property } => format!("missing member {property}"),
        _ => error.masked().to_string(),
    };
    cut(&format!("{}: {words}", place(error)), COMPLAINT_CHARS_MAX)
}

/// The place in the form that all faults have: `$.a[0].b`.
fn place(error: &ValidationError<'_>) -> String {
    let mut place = String::from("$");
    for segment in error.instance_path().iter() {
        match segment {
            jsonschema::paths::LocationSegment::Index(index) => place.push_str(&format!("[{index}]")),
            jsonschema::paths::LocationSegment::Property(name) => {
                place.push('.');
                place.push_str(&cut(&name, NAME_CHARS_MAX));
            }
        }
    }
    place
}
