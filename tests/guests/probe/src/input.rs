//! Reading a probe's input, and the shape of what it reports.

use std::fmt::Display;

use serde_json::{Value, json};

use crate::exports::skep::skill::tools::Error;

pub fn text<'a>(input: &'a Value, name: &str) -> Result<&'a str, Error> {
    input[name].as_str().ok_or_else(|| Error::InvalidInput(format!("{name}: expected a string")))
}

pub fn number(input: &Value, name: &str) -> Result<u64, Error> {
    input[name].as_u64().ok_or_else(|| Error::InvalidInput(format!("{name}: expected a number, 0 or more")))
}

pub fn size(input: &Value, name: &str) -> Result<usize, Error> {
    usize::try_from(number(input, name)?).map_err(|e| Error::InvalidInput(format!("{name}: {e}")))
}

/// `{"ok": …}`: what was tried worked.
pub fn worked(what: impl Into<Value>) -> Value {
    json!({ "ok": what.into() })
}

/// `{"error": …}`: what was tried was refused.
pub fn refused(error: impl Display) -> Value {
    json!({ "error": error.to_string() })
}
