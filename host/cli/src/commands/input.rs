//! The input of a tool as people type it: JSON, KEY=VALUE…, `-`, or @FILE.

use crate::failure::{Failure, invalid};
use serde_json::{Map, Value};
use skep_core::FileRule;
use std::io::Read;

/// Largest input that is read, in bytes; the host's own limits hold besides.
const INPUT_BYTES_MAX: u64 = 16 << 20;

/// JSON text from what was typed. `schema` gives the types of KEY=VALUE words.
pub(super) fn read(words: &[String], schema: &Value) -> Result<Vec<u8>, Failure> {
    match words {
        [] => Ok(b"{}".to_vec()),
        [dash] if dash == "-" => bounded("standard input", std::io::stdin()),
        [file] if file.starts_with('@') => {
            let path = &file[1..];
            let opened =
                std::fs::File::open(path).map_err(|e| invalid(format!("can't read `{path}`: {e}")))?;
            bounded(path, opened)
        }
        [json] if json.trim_start().starts_with(['{', '[', '"']) || !json.contains('=') => {
            Ok(json.clone().into_bytes())
        }
        pairs => {
            let object = pairs.iter().map(|pair| typed(pair, schema)).collect::<Result<Map<_, _>, _>>()?;
            Ok(Value::Object(object).to_string().into_bytes())
        }
    }
}

/// Whether reading needs the tool's schema.
pub(super) fn needs_schema(words: &[String]) -> bool {
    words.iter().any(|word| word.contains('=') && !word.trim_start().starts_with(['{', '[', '"', '@']))
}

fn bounded(name: &str, from: impl Read) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = from.take(INPUT_BYTES_MAX + 1).read_to_end(&mut bytes);
    read.map_err(|e| invalid(format!("can't read {name}: {e}")))?;
    if bytes.len() as u64 > INPUT_BYTES_MAX {
        return Err(invalid(format!("{name} has more than {INPUT_BYTES_MAX} bytes")));
    }
    Ok(bytes)
}

/// One KEY=VALUE: a text where the schema says so, else JSON if it is JSON, else a text.
fn typed(pair: &str, schema: &Value) -> Result<(String, Value), Failure> {
    let (key, text) = pair.split_once('=').ok_or_else(|| invalid(format!("`{pair}` is no KEY=VALUE")))?;
    let declared = &schema["properties"][key]["type"];
    let value = match declared.as_str() {
        Some("string") => Value::String(text.to_owned()),
        _ => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())),
    };
    Ok((key.to_owned(), value))
}

/// The grants that the flags name, with relative host paths made absolute.
pub(super) fn grants(flags: &crate::args::GrantFlags) -> Result<skep_core::Grants, Failure> {
    let grants = skep_core::Grants::from_flags(&flags.fs, &flags.env, &flags.skill)
        .and_then(|grants| grants.with_network(&flags.net, &flags.secret));
    let mut grants = grants.map_err(|e| invalid(e.to_string()))?;
    for rule in &mut grants.files {
        absolute(rule)?;
    }
    Ok(grants)
}

fn absolute(rule: &mut FileRule) -> Result<(), Failure> {
    let absolute = std::path::absolute(&rule.host);
    rule.host = absolute.map_err(|e| invalid(format!("--fs {}: {e}", rule.host.display())))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pairs_take_the_types_of_the_schema() {
        let schema = json!({ "properties": { "id": { "type": "string" }, "n": { "type": "integer" } } });
        let check = |words: &[&str], expect: Value| {
            let words: Vec<_> = words.iter().map(|w| (*w).to_owned()).collect();
            let read: Value = serde_json::from_slice(&read(&words, &schema).unwrap()).unwrap();
            assert_eq!(read, expect);
        };
        check(&[], json!({}));
        check(&["id=7", "n=7"], json!({ "id": "7", "n": 7 }));
        check(&["free=text here", "list=[1,2]"], json!({ "free": "text here", "list": [1, 2] }));
        check(&[r#"{"a=b":1}"#], json!({ "a=b": 1 }));
        check(&["id=a=b"], json!({ "id": "a=b" }));
    }
}
