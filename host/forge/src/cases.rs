//! The cases of a project, `tests/cases.toml`: what its tools must answer.
//!
//! ```toml
//! skills = ["../fx-rates"]                      # folders of other skills to install beside it
//!
//! [[case]]
//! name = "greets"
//! tool = "greet"                                # may be left out where there is only one
//! input = { name = "Ann" }                      # or JSON in a text; `{}` if left out
//! expect = { greeting = "Hello, Ann!" }         # exactly this; expect_json = '…' where TOML lacks the words
//!
//! [[case]]
//! name = "reads what it may"
//! input = { path = "/data/a.csv" }
//! grants = { fs = ["tests/data:/data"], env = ["TZ=UTC"], skill = ["fx-rates"] }
//! config = { currency = "EUR" }
//! expect_contains = { rows = 3 }                # objects by their keys, lists by elements, texts by parts
//!
//! [[case]]
//! name = "greets nobody"
//! input = { name = "" }
//! fault = "tool_error"
//! message_contains = "whom"
//! ```

use crate::{ForgeError, Project};
use serde::Deserialize;
use serde_json::Value;
use skep_core::{FaultCode, ToolName};
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// Where a project has its cases.
const CASES: &str = "tests/cases.toml";

/// The cases of a project.
#[derive(Debug)]
pub struct Cases {
    /// Folders of other skills to install beside it, as absolute paths.
    pub skills: Vec<PathBuf>,
    /// The cases, in their order.
    pub cases: Vec<Case>,
}

/// One call and what must come of it.
#[derive(Debug)]
pub struct Case {
    /// What it shows.
    pub name: String,
    /// The tool; none for the only one.
    pub tool: Option<ToolName>,
    /// The input, as JSON.
    pub input: String,
    /// What the skill is granted in this case, and nothing else.
    pub grants: CaseGrants,
    /// Configuration over the manifest's.
    pub config: BTreeMap<String, String>,
    /// What must come of it.
    pub expect: Expectation,
}

/// What a skill is granted in a case, written as in the flags of `skep grant`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CaseGrants {
    /// `HOST[:GUEST][:ro|rw]`, the host path from the project's folder.
    pub fs: Vec<String>,
    /// `KEY=VALUE`.
    pub env: Vec<String>,
    /// `SCHEME://HOST[:PORT]`.
    pub net: Vec<String>,
    /// `NAME=https://HOST`.
    pub secret: Vec<String>,
    /// Names of skills.
    pub skill: Vec<String>,
}

/// What must come of a call.
#[derive(Debug, PartialEq)]
pub enum Expectation {
    /// Exactly this output.
    Output(Value),
    /// An output that [`contains`] this.
    Contains(Value),
    /// A fault.
    Fault {
        /// Its code.
        code: FaultCode,
        /// What its message has in it.
        message: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    skills: Vec<PathBuf>,
    #[serde(default, rename = "case")]
    cases: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    tool: Option<ToolName>,
    input: Option<Value>,
    #[serde(default)]
    grants: CaseGrants,
    #[serde(default)]
    config: BTreeMap<String, String>,
    expect: Option<Value>,
    expect_json: Option<String>,
    expect_contains: Option<Value>,
    fault: Option<FaultCode>,
    message_contains: Option<String>,
}

impl Cases {
    /// Reads the cases of a project.
    pub fn read(project: &Project) -> Result<Self, ForgeError> {
        let path = project.dir().join(CASES);
        let text = fs::read_to_string(&path).map_err(ForgeError::at(&path))?;
        let mut cases = parse(&text).map_err(|said| ForgeError::Cases { path, said })?;
        for folder in &mut cases.skills {
            *folder = project.dir().join(&*folder);
        }
        Ok(cases)
    }
}

fn parse(text: &str) -> Result<Cases, String> {
    let File { skills, cases } = toml::from_str(text).map_err(|error| error.to_string())?;
    let cases = cases.into_iter().map(|entry| {
        let name = entry.name.clone();
        case(entry).map_err(|said| format!("case `{name}`: {said}"))
    });
    Ok(Cases { skills, cases: cases.collect::<Result<_, _>>()? })
}

fn case(entry: Entry) -> Result<Case, String> {
    let input = match &entry.input {
        None => "{}".to_owned(),
        Some(Value::String(json)) => json_of("input", json)?.to_string(),
        Some(value) => value.to_string(),
    };
    let expect = expectation(&entry)?;
    let Entry { name, tool, grants, config, .. } = entry;
    Ok(Case { name, tool, input, grants, config, expect })
}

fn json_of(key: &str, text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("{key} is no JSON: {error}"))
}

fn expectation(entry: &Entry) -> Result<Expectation, String> {
    let Entry { expect, expect_json, expect_contains, fault, message_contains, .. } = entry;
    let message = || message_contains.clone().unwrap_or_default();
    match (expect, expect_json, expect_contains, fault) {
        (None, None, None, Some(code)) => Ok(Expectation::Fault { code: *code, message: message() }),
        _ if message_contains.is_some() => Err("message_contains is for a fault".to_owned()),
        (Some(value), None, None, None) => Ok(Expectation::Output(value.clone())),
        (None, Some(json), None, None) => Ok(Expectation::Output(json_of("expect_json", json)?)),
        (None, None, Some(value), None) => Ok(Expectation::Contains(value.clone())),
        _ => Err("say one of expect, expect_json, expect_contains and fault".to_owned()),
    }
}

/// Whether `whole` has all that `part` has: objects by their keys, lists by elements, texts by parts of them.
pub fn contains(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            part.iter().all(|(key, part)| whole.get(key).is_some_and(|whole| contains(whole, part)))
        }
        (Value::Array(whole), Value::Array(part)) => {
            part.iter().all(|part| whole.iter().any(|whole| contains(whole, part)))
        }
        (Value::String(whole), Value::String(part)) => whole.contains(part),
        (whole, part) => whole == part,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_way_to_say_what_is_expected_reads() {
        let check = |said: &str, expect: Expectation| {
            let text = format!("[[case]]\nname = \"x\"\n{said}\n");
            assert_eq!(parse(&text).unwrap().cases.remove(0).expect, expect, "{said}");
        };
        check("expect = \"{}\"", Expectation::Output(json!("{}")));
        check("expect_json = '{\"a\":null}'", Expectation::Output(json!({ "a": null })));
        check("expect_contains = { a = [1] }", Expectation::Contains(json!({ "a": [1] })));
        let fault =
            |message: &str| Expectation::Fault { code: FaultCode::ToolError, message: message.into() };
        check("fault = \"tool_error\"", fault(""));
        check("fault = \"tool_error\"\nmessage_contains = \"no\"", fault("no"));
    }

    #[test]
    fn inputs_are_json_or_toml() {
        let check = |said: &str, input: Value| {
            let text = format!("[[case]]\nname = \"x\"\nexpect = 1\n{said}\n");
            let read = parse(&text).unwrap().cases.remove(0).input;
            assert_eq!(read.parse::<Value>().unwrap(), input);
        };
        check("", json!({}));
        check("input = { b = 1, a = [true] }", json!({ "a": [true], "b": 1 }));
        check("input = '{ \"a\": null }'", json!({ "a": null }));
    }

    #[test]
    fn mistakes_are_told_with_their_case() {
        let check = |said: &str, says: &str| {
            let error = parse(&format!("[[case]]\nname = \"the third\"\n{said}\n")).unwrap_err();
            assert!(error.contains(says), "{error}");
        };
        check("", "case `the third`: say one of");
        check("expect = 1\nfault = \"denied\"", "say one of");
        check("expect = 1\nmessage_contains = \"x\"", "for a fault");
        check("input = \"{\"\nexpect = 1", "the third`: input is no JSON");
        check("fault = \"broken\"", "broken");
        check("expects = 1", "expects");
    }

    #[test]
    fn contains_looks_inside() {
        let check = |whole: Value, part: Value, expect: bool| {
            assert_eq!(contains(&whole, &part), expect, "{whole} {part}");
        };
        check(json!({ "a": 1, "b": [1, { "c": "long text" }] }), json!({ "b": [{ "c": "text" }] }), true);
        check(json!({ "a": 1 }), json!({ "a": 2 }), false);
        check(json!({ "a": 1 }), json!({ "b": 1 }), false);
        check(json!([1, 2]), json!([3]), false);
        check(json!(null), json!(null), true);
    }
}
