//! Whether a request fits what it names.

use crate::CallRequest;
use skep_core::{CALL_DEPTH_MAX, Envelope, Fault, Lifetime, Limits, ToolName};
use skep_registry::Resolved;

/// The tool that was named, or the only one there is.
pub(crate) fn tool_of(resolved: &Resolved, asked: Option<&ToolName>) -> Result<ToolName, Fault> {
    let tools = &resolved.prepared.inspection().tools;
    let names = || tools.iter().map(|t| t.name.as_str()).collect::<Vec<_>>().join(", ");
    let skill = &resolved.skill;
    match asked {
        Some(asked) if tools.iter().any(|t| t.name == *asked) => Ok(asked.clone()),
        Some(asked) => {
            Err(Fault::unknown_tool(format!("skill `{skill}` has no tool `{asked}`; it has: {}", names())))
        }
        None if tools.len() == 1 => Ok(tools[0].name.clone()),
        None => {
            Err(Fault::unknown_tool(format!("skill `{skill}` has several tools; name one of: {}", names())))
        }
    }
}

/// Whether skills that call skills stay within their bound.
pub(crate) fn depth_fits(request: &CallRequest) -> Result<(), Fault> {
    if request.depth() < CALL_DEPTH_MAX {
        return Ok(());
    }
    let path: Vec<_> = request.chain.iter().map(ToString::to_string).collect();
    Err(Fault::denied(format!(
        "skills may call skills {CALL_DEPTH_MAX} deep; {} would call `{}` beyond that",
        path.join(" > "),
        request.to.skill
    )))
}

/// Whether a call runs in a session. Neither a skill's call nor a job's has one to come back to.
pub(crate) fn keeps_session(resolved: &Resolved, envelope: &Envelope) -> bool {
    resolved.lifetime == Lifetime::Session && envelope.depth() == 0 && envelope.job.is_none()
}

pub(crate) fn session_fits(resolved: &Resolved, request: &CallRequest) -> Result<(), Fault> {
    if request.session.is_none() || resolved.lifetime == Lifetime::Session {
        return Ok(());
    }
    let skill = &resolved.skill;
    Err(Fault::invalid_input(format!("`{skill}` keeps no sessions: call it without one")))
}

pub(crate) fn input_fits(bytes: usize, limits: &Limits) -> Result<(), Fault> {
    if bytes as u64 <= limits.input.0 {
        return Ok(());
    }
    Err(Fault::invalid_input(format!(
        "the input has {bytes} bytes; the skill's limit `input` is {}",
        limits.input
    )))
}
