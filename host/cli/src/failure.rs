//! How a command fails, and the exit code that says so.

use skep_core::{Fault, FaultCode};
use skep_forge::ForgeError;
use std::fmt;

/// Why a command didn't do its work.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What was typed or configured can't be used.
    Usage(String),
    /// A fault with its stable code.
    Fault(Fault),
    /// Anything else.
    Other(anyhow::Error),
}

impl Failure {
    /// 2 for usage, the fault's own code, else 1.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Fault(fault) => fault.code.exit_code(),
            Self::Other(_) => 1,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) => f.write_str(text),
            Self::Fault(fault) => fault.fmt(f),
            Self::Other(error) => write!(f, "{error:#}"),
        }
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<ForgeError> for Failure {
    fn from(error: ForgeError) -> Self {
        use ForgeError as E;
        match error {
            E::UnknownLanguage { .. }
            | E::UnknownShape(_)
            | E::NoSuchShape { .. }
            | E::NotEmpty(_)
            | E::NoProject(_)
            | E::Manifest { .. }
            | E::NoBuild(_)
            | E::Cases { .. } => Self::Usage(error.to_string()),
            _ => Self::Other(error.into()),
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(error)
    }
}

/// An input that can't be used, as a fault.
pub(crate) fn invalid(message: impl Into<String>) -> Failure {
    Failure::Fault(Fault::new(FaultCode::InvalidInput, message))
}
