//! Faults: every way in which a call doesn't end well, each with a stable code.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! fault_codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, exit $exit:literal;)*) => {
        /// The stable codes, the same in REST bodies, MCP results, exit codes and audit.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum FaultCode {
            $($(#[$doc])* #[serde(rename = $code)] $variant,)*
        }

        impl FaultCode {
            /// Every code there is.
            pub const ALL: &'static [FaultCode] = &[$(FaultCode::$variant),*];

            /// The code as it stands on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The exit code of the command line for this fault (README, "Exit codes").
            pub fn exit_code(self) -> u8 {
                match self { $(Self::$variant => $exit,)* }
            }
        }
    };
}

fault_codes! {
    /// The input doesn't fit the tool's schema.
    InvalidInput = "invalid_input", exit 10;
    /// The tool's answer doesn't fit the schema that it declared.
    InvalidOutput = "invalid_output", exit 11;
    /// The component can't be a skill: malformed, or it needs what the host doesn't serve.
    InvalidComponent = "invalid_component", exit 12;
    /// No skill of this name or version.
    UnknownSkill = "unknown_skill", exit 13;
    /// The skill has no tool of this name.
    UnknownTool = "unknown_tool", exit 14;
    /// The grants don't allow it; the message names the grant that would.
    Denied = "denied", exit 15;
    /// No session of this id: it ended, was evicted, or its host is gone.
    SessionGone = "session_gone", exit 16;
    /// No such thing that isn't a skill, tool or session: a domain, a key.
    NotFound = "not_found", exit 17;
    /// It isn't as whoever asked took it to be: look at it again.
    Conflict = "conflict", exit 18;
    /// The guest said that it failed.
    ToolError = "tool_error", exit 20;
    /// The guest broke: a trap.
    Trapped = "trapped", exit 21;
    /// The guest wanted more memory or tables than it may have.
    LimitMemory = "limit_memory", exit 22;
    /// The guest computed longer than it may.
    LimitCpu = "limit_cpu", exit 23;
    /// The guest answered more than it may.
    LimitOutput = "limit_output", exit 24;
    /// Compiling the component took more time or memory than it may.
    LimitCompile = "limit_compile", exit 25;
    /// The call's time was over before it was done.
    Deadline = "deadline", exit 30;
    /// The caller went away, or an operator stopped it.
    Cancelled = "cancelled", exit 31;
    /// The host died during the call: the outcome is unknown.
    Interrupted = "interrupted", exit 32;
    /// Too much is waiting already; try again later.
    Overloaded = "overloaded", exit 33;
    /// Something the host needs is away; try again later.
    Unavailable = "unavailable", exit 34;
    /// A defect of the host.
    Internal = "internal", exit 35;
}

impl FaultCode {
    /// Whether the same call may be made again. What may have had an effect is retryable only
    /// where the tool is declared idempotent.
    pub fn retryable(self, idempotent: bool) -> bool {
        match self {
            Self::Unavailable | Self::Overloaded => true,
            Self::Trapped | Self::Deadline | Self::Interrupted => idempotent,
            _ => false,
        }
    }

    /// Whether it says that the skill is broken: not what its caller did or may do, not what befell the host.
    pub fn blames_skill(self) -> bool {
        match self {
            Self::Trapped | Self::LimitMemory | Self::LimitCpu | Self::LimitOutput => true,
            Self::InvalidOutput | Self::Deadline | Self::Internal => true,
            Self::InvalidInput | Self::InvalidComponent | Self::UnknownSkill | Self::UnknownTool => false,
            Self::Denied | Self::SessionGone | Self::NotFound | Self::Conflict | Self::ToolError => false,
            Self::LimitCompile | Self::Cancelled | Self::Interrupted => false,
            Self::Overloaded | Self::Unavailable => false,
        }
    }
}

impl fmt::Display for FaultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A call that didn't end well: a stable code, and words that name the input and the way out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Fault {
    /// What kind of fault.
    pub code: FaultCode,
    /// What happened, for the caller.
    pub message: String,
    /// When to come back, in milliseconds, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

macro_rules! fault_makers {
    ($($maker:ident => $variant:ident;)*) => {
        impl Fault {
            $(
                #[doc = concat!("A fault with the code `", stringify!($maker), "`.")]
                pub fn $maker(message: impl Into<String>) -> Self {
                    Self::new(FaultCode::$variant, message)
                }
            )*
        }
    };
}

fault_makers! {
    invalid_input => InvalidInput;
    invalid_output => InvalidOutput;
    invalid_component => InvalidComponent;
    unknown_skill => UnknownSkill;
    unknown_tool => UnknownTool;
    denied => Denied;
    session_gone => SessionGone;
    not_found => NotFound;
    conflict => Conflict;
    tool_error => ToolError;
    trapped => Trapped;
    deadline => Deadline;
    cancelled => Cancelled;
    interrupted => Interrupted;
    overloaded => Overloaded;
    unavailable => Unavailable;
    internal => Internal;
}

impl Fault {
    /// A fault of any code.
    pub fn new(code: FaultCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), retry_after_ms: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn codes_and_exits_are_distinct_and_round_trip() {
        let codes: HashSet<_> = FaultCode::ALL.iter().map(|c| c.as_str()).collect();
        let exits: HashSet<_> = FaultCode::ALL.iter().map(|c| c.exit_code()).collect();
        assert_eq!((codes.len(), exits.len()), (FaultCode::ALL.len(), FaultCode::ALL.len()));
        for code in FaultCode::ALL {
            let json = serde_json::to_string(code).unwrap();
            assert_eq!(json, format!("\"{code}\""));
            assert_eq!(serde_json::from_str::<FaultCode>(&json).unwrap(), *code);
        }
    }

    #[test]
    fn only_effects_that_cannot_have_happened_retry_freely() {
        let free: Vec<_> = FaultCode::ALL.iter().filter(|c| c.retryable(false)).collect();
        assert_eq!(free, [&FaultCode::Overloaded, &FaultCode::Unavailable]);
    }
}
