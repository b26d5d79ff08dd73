//! From a reply to what MCP calls a result: content, structured content, errors.

use super::catalog::Entry;
use super::schema::{Rooted, structured};
use crate::types::Problem;
use rmcp::ErrorData;
use rmcp::model::{CallToolResult, ContentBlock, MetaObject, ResultType};
use serde_json::{Value, json};
use skep_core::{CallId, Content, Fault, FaultCode, Output, Reply, ToolSection};

/// How the fields of `_meta` begin that are the host's.
const META_OWN: &str = "skep/";
/// The field of `_meta` that tells the fault of a call: `{code, message, retry_after_ms?, call?}`.
const META_FAULT: &str = "skep/fault";
/// The field of `_meta` that tells the call's id.
const META_CALL: &str = "skep/call";
/// The field of `_meta` that names the session of a skill that keeps sessions, in results and in requests.
pub(super) const META_SESSION: &str = "skep/session";

/// The result of a tool's call. What the guest or the host did wrong is told to the model, which may mend it.
pub(super) fn result(entry: &Entry, reply: Reply) -> CallToolResult {
    let (id, session) = (reply.id, reply.session);
    let shown = reply.outcome.and_then(|output| shown(Some(entry), &output));
    let mut result = shown.unwrap_or_else(|fault| failed(fault, Some(id)));
    let meta = result.meta.get_or_insert_with(MetaObject::default);
    meta.insert(META_CALL.to_owned(), json!(id));
    if let Some(session) = session {
        meta.insert(META_SESSION.to_owned(), json!(session));
    }
    result
}

/// An output as a result. A tool that is gone by now says nothing more of what it gave.
pub(super) fn shown(entry: Option<&Entry>, output: &Output) -> Result<CallToolResult, Fault> {
    match entry {
        Some(Entry { section: ToolSection { content: Some(Content::Mcp), .. }, .. }) => as_it_is(output),
        _ => wrapped(entry.and_then(|entry| entry.output.as_ref()), output),
    }
}

fn as_it_is(output: &Output) -> Result<CallToolResult, Fault> {
    let read: Result<CallToolResult, _> = serde_json::from_slice(output.as_bytes());
    let mut result = read.map_err(|e| {
        Fault::invalid_output(format!("the tool's answer is no MCP content, as its manifest says: {e}"))
    })?;
    result.result_type = Some(ResultType::COMPLETE);
    // What the host says in a result no guest says.
    result.meta.iter_mut().for_each(|meta| meta.retain(|field, _| !field.starts_with(META_OWN)));
    Ok(result)
}

fn wrapped(schema: Option<&Rooted>, output: &Output) -> Result<CallToolResult, Fault> {
    let value = value(output)?;
    let text = text(&value);
    let mut result = CallToolResult::success(vec![ContentBlock::text(text)]);
    result.structured_content = Some(structured(value, schema));
    Ok(result)
}

pub(super) fn value(output: &Output) -> Result<Value, Fault> {
    output.value().map_err(|e| Fault::internal(format!("an output is no JSON: {e}")))
}

/// A text as it is, all else as JSON.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

pub(super) fn failed(fault: Fault, call: Option<CallId>) -> CallToolResult {
    let problem = Problem::from(fault);
    let text = format!("{}: {}", problem.code, problem.detail);
    let mut result = CallToolResult::error(vec![ContentBlock::text(text)]);
    let mut meta = MetaObject::default();
    let mut fault = told(&problem);
    if let Some(call) = call {
        fault["call"] = json!(call);
    }
    meta.insert(META_FAULT.to_owned(), fault);
    result.meta = Some(meta);
    result
}

/// A fault where MCP knows no result that tells of it.
pub(super) fn error(fault: Fault) -> ErrorData {
    let problem = Problem::from(fault);
    let data = Some(told(&problem));
    match problem.code {
        FaultCode::InvalidInput => ErrorData::invalid_params(problem.detail, data),
        _ => ErrorData::internal_error(problem.detail, data),
    }
}

fn told(problem: &Problem) -> Value {
    let mut told = json!({ "code": problem.code, "message": problem.detail });
    if let Some(ms) = problem.retry_after_ms {
        told["retry_after_ms"] = json!(ms);
    }
    told
}
