//! From a fault to an answer: the one place where codes become statuses.

use crate::rate::seconds;
use crate::types::{PROBLEM_JSON, Problem};
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use skep_core::{Fault, FaultCode};

/// When to come back after `overloaded` and `unavailable`, in seconds, where the fault doesn't say.
pub(crate) const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// The HTTP status of a fault.
pub fn status_of(code: FaultCode) -> StatusCode {
    match code {
        FaultCode::InvalidInput => StatusCode::BAD_REQUEST,
        FaultCode::Denied => StatusCode::FORBIDDEN,
        FaultCode::UnknownSkill | FaultCode::UnknownTool | FaultCode::NotFound => StatusCode::NOT_FOUND,
        FaultCode::Cancelled | FaultCode::Conflict => StatusCode::CONFLICT,
        // The request was understood, and the skill is to blame.
        FaultCode::InvalidOutput
        | FaultCode::InvalidComponent
        | FaultCode::ToolError
        | FaultCode::Trapped
        | FaultCode::LimitMemory
        | FaultCode::LimitCpu
        | FaultCode::LimitOutput
        | FaultCode::LimitCompile => StatusCode::UNPROCESSABLE_ENTITY,
        FaultCode::Overloaded => StatusCode::TOO_MANY_REQUESTS,
        FaultCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        FaultCode::SessionGone => StatusCode::GONE,
        FaultCode::Interrupted => StatusCode::BAD_GATEWAY,
        FaultCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        FaultCode::Deadline => StatusCode::GATEWAY_TIMEOUT,
    }
}

impl Problem {
    /// What a fault is to a client, under a status that may say more than its code.
    pub(crate) fn new(status: StatusCode, fault: Fault) -> Self {
        let Fault { code, message: mut detail, retry_after_ms } = fault;
        if code == FaultCode::Internal {
            // What a defect says may name what callers shouldn't see.
            tracing::error!(detail, "a defect");
            detail = "a defect of the host: its log says more".to_owned();
        }
        let kind = format!("urn:skep:fault:{code}");
        let (title, status, logs) = (title(code), status.as_u16(), Vec::new());
        Self { kind, title, status, detail, code, retry_after_ms, call: None, trace: None, logs }
    }
}

/// A code in words: `tool_error` is "Tool error".
fn title(code: FaultCode) -> String {
    let words = code.as_str().replace('_', " ");
    let (first, rest) = words.split_at(1);
    first.to_uppercase() + rest
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self::new(status_of(fault.code), fault)
    }
}

/// An answer that isn't a success.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    // Apart, as what may fail at every step should be small.
    problem: Box<Problem>,
}

impl Refusal {
    /// A refusal by the rules of HTTP, where the status says more than the code.
    pub(crate) fn new(status: StatusCode, fault: Fault) -> Self {
        Self { status, problem: Box::new(Problem::new(status, fault)) }
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::new(status_of(fault.code), fault)
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self { status: status_of(problem.code), problem: Box::new(problem) }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let retry_after = self.problem.retry_after_ms.map(|ms| HeaderValue::from(seconds(ms)));
        let mut response = (self.status, Json(self.problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        match self.status {
            StatusCode::UNAUTHORIZED => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(header::RETRY_AFTER, retry_after.unwrap_or(RETRY_AFTER));
            }
            _ => {}
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_is_an_error_and_only_ours_are_the_hosts() {
        for code in FaultCode::ALL {
            let status = status_of(*code);
            assert!(status.is_client_error() || status.is_server_error(), "{code}: {status}");
            let host = matches!(
                code,
                FaultCode::Internal | FaultCode::Unavailable | FaultCode::Interrupted | FaultCode::Deadline
            );
            assert_eq!(status.is_server_error(), host, "{code}: {status}");
            let retry = Refusal::from(Problem::from(Fault::new(*code, "x"))).into_response();
            let free = code.retryable(false);
            assert_eq!(retry.headers().contains_key(header::RETRY_AFTER), free, "{code}");
        }
    }

    #[test]
    fn nobody_is_told_to_come_back_too_early() {
        for (ms, expected) in [(None, "1"), (Some(1), "1"), (Some(1001), "2"), (Some(3_600_000), "3600")] {
            let fault = Fault { retry_after_ms: ms, ..Fault::overloaded("x") };
            let answer = Refusal::from(fault).into_response();
            assert_eq!(answer.headers()[header::RETRY_AFTER], expected, "{ms:?}");
        }
    }

    #[test]
    fn a_defect_does_not_tell_callers_what_it_says() {
        let problem = Problem::from(Fault::internal("password hunter2"));
        assert!(!problem.detail.contains("hunter2"));
        assert_eq!(Problem::from(Fault::denied("grant it")).detail, "grant it");
    }
}
