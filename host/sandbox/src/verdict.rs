//! From the end of a guest to a fault. The guest's error, its trap and the host's failure stay apart.

use crate::guest::{Guest, Stop};
use skep_core::{Fault, FaultCode, Limits};
use wasmtime::{PoolConcurrencyLimitError, Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

/// Frames that a message shows.
const FRAMES_SHOWN: usize = 6;
/// How the engine words that a guest hands over more than `set_hostcall_fuel` allows.
const COPY_BUDGET_SPENT: &str = "fuel allocated for hostcalls has been exhausted";

/// Why a guest's run ended without an answer.
pub(crate) fn fault(error: &wasmtime::Error, guest: &Guest, limits: &Limits) -> Fault {
    if let Some(stop) = error.downcast_ref::<Stop>() {
        return stopped(*stop, limits);
    }
    // The guest may break in any way after a refusal: that it was refused is the reason.
    if guest.memory.refused() {
        let what = "the skill wanted more memory than it may have";
        return limit(FaultCode::LimitMemory, what, "memory", &limits.memory);
    }
    if let Some(full) = error.downcast_ref::<PoolConcurrencyLimitError>() {
        return Fault::overloaded(format!("no room for another instance ({full}): try again later"));
    }
    if let Some(exit) = error.downcast_ref::<I32Exit>() {
        return Fault::trapped(format!("the skill called exit({}): a tool must return instead", exit.0));
    }
    let trace = error.downcast_ref::<WasmBacktrace>();
    let reason = match error.downcast_ref::<Trap>() {
        Some(trap) => trap.to_string().trim_start_matches("wasm trap: ").to_owned(),
        None => error.root_cause().to_string(),
    };
    // Without a trace no guest code was running: it had answered, and the answer was being taken over.
    if trace.is_none() && reason.contains(COPY_BUDGET_SPENT) {
        return limit(
            FaultCode::LimitOutput,
            "the skill answered more than it may",
            "output",
            &limits.output,
        );
    }
    let denied = guest.egress.refused().map(|words| format!(" (before that, {words})")).unwrap_or_default();
    Fault::trapped(format!("the skill broke: {reason}{}{denied}", trace.map(path).unwrap_or_default()))
}

/// Why the host ended a guest's run.
pub(crate) fn stopped(stop: Stop, limits: &Limits) -> Fault {
    match stop {
        Stop::Cpu => {
            limit(FaultCode::LimitCpu, "the skill computed for longer than it may", "cpu", &limits.cpu)
        }
        Stop::Deadline => Fault::deadline("the call's time was over before the skill answered"),
        Stop::Cancelled => Fault::cancelled("the call was cancelled while the skill ran"),
        Stop::Output => {
            let what = "the program printed more than it may answer";
            limit(FaultCode::LimitOutput, what, "output", &limits.output)
        }
    }
}

fn limit(code: FaultCode, what: &str, name: &str, limit: &dyn std::fmt::Display) -> Fault {
    Fault::new(code, format!("{what}: raise the limit `{name}` of {limit}, or give it less to do"))
}

/// The functions that a trap went through, the innermost first: ` in a < b < c`.
fn path(trace: &WasmBacktrace) -> String {
    let text = trace.to_string();
    let frames = text.lines().filter_map(|line| line.split_once(" - ")).map(|(_, at)| own_name(at));
    let frames: Vec<&str> = frames.skip_while(|name| is_machinery(name)).take(FRAMES_SHOWN).collect();
    if frames.is_empty() { String::new() } else { format!(" in {}", frames.join(" < ")) }
}

/// `module.wasm!function` without the module, which is nearly always the same.
fn own_name(frame: &str) -> &str {
    frame.split_once('!').map_or(frame, |(_, name)| name)
}

/// What Rust's panics go through before they trap; their message is in the log.
fn is_machinery(name: &str) -> bool {
    ["abort", "std", "core", "__rustc", "rust_", "__rust"].iter().any(|prefix| name.starts_with(prefix))
}
