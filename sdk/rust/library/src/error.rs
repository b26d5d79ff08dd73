//! How a tool fails.

use std::fmt;

/// Why a tool didn't do what it was asked for. The caller reads it: name what is wrong and the way out.
///
/// `?` turns any standard error into [`Error::Failed`], causes included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The input fits the schema and is still not usable.
    InvalidInput(String),
    /// The tool could not do its work.
    Failed(String),
}

impl Error {
    /// The input is not usable: says what is wrong with it.
    pub fn invalid_input(problem: impl fmt::Display) -> Self {
        Self::InvalidInput(problem.to_string())
    }

    /// The work could not be done: says why.
    pub fn failed(problem: impl fmt::Display) -> Self {
        Self::Failed(problem.to_string())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::InvalidInput(problem) | Self::Failed(problem)) = self;
        f.write_str(problem)
    }
}

/// This is what makes `?` work, and why [`Error`] is no standard error itself.
impl<E: std::error::Error> From<E> for Error {
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let cause_text = cause.to_string();
            // Some errors tell their cause themselves.
            if !text.contains(&cause_text) {
                text.push_str(": ");
                text.push_str(&cause_text);
            }
            source = cause.source();
        }
        Self::Failed(text)
    }
}

impl From<Error> for crate::bindings::exports::skep::skill::tools::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::InvalidInput(problem) => Self::InvalidInput(problem),
            Error::Failed(problem) => Self::Failed(problem),
        }
    }
}
