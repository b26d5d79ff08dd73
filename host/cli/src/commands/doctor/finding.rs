//! What a check found: how it stands, in which words, and the way out.

use crate::failure::Failure;
use serde::Serialize;

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    /// As it should.
    Ok,
    /// Worth knowing, and neither good nor bad.
    Information,
    /// It works, and won't always, or not for everybody.
    Warning,
    /// Something doesn't work, or isn't safe.
    Problem,
}

impl State {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Information => "information",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub(super) state: State,
    pub(super) found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) way_out: Option<String>,
}

impl Finding {
    pub(super) fn ok(found: impl Into<String>) -> Self {
        Self { state: State::Ok, found: found.into(), way_out: None }
    }

    pub(super) fn information(found: impl Into<String>) -> Self {
        Self { state: State::Information, ..Self::ok(found) }
    }

    pub(super) fn warning(found: impl Into<String>, way_out: impl Into<String>) -> Self {
        Self { state: State::Warning, found: found.into(), way_out: Some(way_out.into()) }
    }

    pub(super) fn problem(found: impl Into<String>, way_out: impl Into<String>) -> Self {
        Self { state: State::Problem, ..Self::warning(found, way_out) }
    }

    /// A failure whose words say the way out themselves.
    pub(super) fn failed(failure: &Failure) -> Self {
        Self { state: State::Problem, ..Self::ok(failure.to_string()) }
    }
}
