//! Other skills.

use serde_json::{Value, json};

use crate::{
    exports::skep::skill::tools::Error,
    input::{text, worked},
    skep::skill::skills::{self, Fault, SkillInfo},
};

/// `{"ok": answer}`, or `{"error": code, "message": …}`.
pub fn call(input: &Value) -> Result<Value, Error> {
    let answer = skills::call(text(input, "skill")?, input["tool"].as_str(), text(input, "input")?);
    let read = |answer: String| serde_json::from_str(&answer).map_err(|e| Error::Failed(e.to_string()));
    answer.map_or_else(|fault| Ok(faulted(&fault)), |answer| read(answer).map(|answer: Value| worked(answer)))
}

pub fn find(input: &Value) -> Result<Value, Error> {
    let found = skills::find(text(input, "capability")?);
    Ok(found.map_or_else(|fault| faulted(&fault), |found| found.iter().map(described).collect()))
}

fn faulted(fault: &Fault) -> Value {
    json!({ "error": fault.code, "message": fault.message })
}

fn described(skill: &SkillInfo) -> Value {
    let tools: Vec<_> = skill.tools.iter().map(|tool| &tool.name).collect();
    json!({
        "name": skill.name,
        "version": skill.version,
        "description": skill.description,
        "capabilities": skill.capabilities,
        "tools": tools,
    })
}
