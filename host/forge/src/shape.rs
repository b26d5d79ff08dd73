//! How a project offers its tools.

use crate::ForgeError;
use std::fmt;
use std::str::FromStr;

/// How a project offers its tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProjectShape {
    /// Its exported functions are its tools; their types are in WIT.
    Typed,
    /// It describes its own tools, with the SDK of its language.
    Contract,
    /// It is a command-line program.
    Command,
}

impl ProjectShape {
    /// As people type it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Typed => "typed",
            Self::Contract => "contract",
            Self::Command => "command",
        }
    }
}

impl fmt::Display for ProjectShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ProjectShape {
    type Err = ForgeError;
    fn from_str(text: &str) -> Result<Self, ForgeError> {
        let all = [Self::Typed, Self::Contract, Self::Command];
        let found = all.into_iter().find(|shape| shape.as_str() == text);
        found.ok_or_else(|| ForgeError::UnknownShape(text.to_owned()))
    }
}
