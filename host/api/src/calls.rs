//! Calls: the input goes in and the output comes out as the bytes they are.

use crate::auth::Who;
use crate::error::Refusal;
use crate::request::{At, By, DomainOnly, RawBody, is_json};
use crate::trace::Traced;
use crate::types::{
    CallAnswer, HEADER_IDEMPOTENCY, HEADER_LANE, HEADER_SESSION, HEADER_TIMEOUT, NDJSON, ONLY_TOOL,
};
use crate::{Api, reply};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use bytes::Bytes;
use skep_core::{
    Fault, IDEMPOTENCY_KEY_BYTES_MAX, Lane, SessionId, SessionIdError, SkillRef, Span, Target, ToolName,
};
use skep_router::CallRequest;
use std::time::Duration;
use utoipa::IntoParams;

/// Largest input that is read; a skill's own limit is checked besides.
const INPUT_BYTES_MAX: usize = 16 << 20;
/// What no body at all stands for.
const NO_INPUT: Bytes = Bytes::from_static(b"{}");

/// What a client may say of a call beside its input.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "read where each is needed; described here")]
struct CallHeaders {
    /// How long the caller waits at most.
    #[param(rename = "skep-timeout")]
    timeout: Option<Span>,
    /// The priority.
    #[param(rename = "skep-lane")]
    lane: Option<Lane>,
    /// The caller's key for this piece of work.
    #[param(rename = "idempotency-key", min_length = 1, max_length = 255, pattern = "^[!-~]+$")]
    idempotency_key: Option<String>,
    /// The session that the call belongs to, as the first call's answer named it.
    #[param(rename = "skep-session")]
    session: Option<SessionId>,
    /// W3C trace context; what isn't one is left out.
    traceparent: Option<String>,
    /// What tracing systems on the way pass on to each other.
    tracestate: Option<String>,
}

/// Calls a tool with its input. Of a skill with one tool that may be named `-`. When the client goes away,
/// the call is taken back. A client that accepts `application/x-ndjson` gets lines: progress, then the end.
#[utoipa::path(post, path = "/skills/{skill}/tools/{tool}/call", operation_id = "tool_call", tag = "calls",
    params(("skill" = SkillRef, Path, description = "The skill, or one version of it"), ("tool" = ToolName, Path, description = "The tool"),
        DomainOnly, CallHeaders),
    request_body(content = Value, description = "The input; `{}` if left out"),
    responses((status = OK, description = "It ended well", content(
        (CallAnswer = "application/json"), (String = "application/x-ndjson")),
        headers(("RateLimit-Policy" = String, description = "The rate of who asks, if they have one"),
            ("RateLimit" = String, description = "What is left of it")))))]
pub(crate) async fn call(
    State(api): State<Api>,
    By(by): By,
    who: Who,
    At((skill, tool)): At<(SkillRef, ToolName)>,
    Traced(trace): Traced,
    headers: HeaderMap,
    body: RawBody<INPUT_BYTES_MAX>,
) -> Result<Response, Refusal> {
    if !body.bytes.is_empty() {
        is_json(&headers)?;
    }
    let tool = (tool.as_str() != ONLY_TOOL).then_some(tool);
    let request = CallRequest {
        to: Target { domain: by.domain, skill: skill.name, version: skill.version, tool },
        input: if body.bytes.is_empty() { NO_INPUT } else { body.bytes },
        chain: by.chain,
        allowance: who.identity.allowance,
        timeout: timeout(&headers)?,
        lane: lane(&headers)?,
        idempotency_key: idempotency_key(&headers)?,
        job: None,
        session: session(&headers)?,
        trace,
        progress: None,
    };
    if wants_lines(&headers) {
        return Ok(reply::in_lines(api, request));
    }
    Ok(reply::whole(&api, request).await)
}

fn wants_lines(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT);
    accepted.iter().any(|v| v.to_str().is_ok_and(|v| v.contains(NDJSON)))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Fault> {
    let value = headers.get(name).map(HeaderValue::to_str).transpose();
    value.map_err(|_| Fault::invalid_input(format!("header `{name}` is no visible ASCII text")))
}

fn timeout(headers: &HeaderMap) -> Result<Option<Duration>, Fault> {
    let span = text(headers, HEADER_TIMEOUT)?.map(str::parse::<Span>).transpose();
    let span = span.map_err(|e| Fault::invalid_input(format!("header `{HEADER_TIMEOUT}`: {e}")))?;
    Ok(span.map(|span| span.0))
}

fn session(headers: &HeaderMap) -> Result<Option<SessionId>, Fault> {
    let session = text(headers, HEADER_SESSION)?.map(str::parse).transpose();
    session.map_err(|e: SessionIdError| Fault::invalid_input(format!("header `{HEADER_SESSION}`: {e}")))
}

fn lane(headers: &HeaderMap) -> Result<Lane, Fault> {
    let Some(asked) = text(headers, HEADER_LANE)? else { return Ok(Lane::default()) };
    asked.parse().map_err(|error| Fault::invalid_input(format!("header `{HEADER_LANE}`: {error}")))
}

pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Fault> {
    match text(headers, HEADER_IDEMPOTENCY)? {
        Some(key) if key.is_empty() || key.len() > IDEMPOTENCY_KEY_BYTES_MAX => {
            Err(Fault::invalid_input(format!(
                "header `{HEADER_IDEMPOTENCY}` has {} characters: 1 to {IDEMPOTENCY_KEY_BYTES_MAX} are taken",
                key.len()
            )))
        }
        key => Ok(key.map(str::to_owned)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_or_named() {
        let headers = |name: &'static str, value: &str| {
            HeaderMap::from_iter([(name.parse().unwrap(), HeaderValue::from_str(value).unwrap())])
        };
        assert_eq!(lane(&headers(HEADER_LANE, "hi")).unwrap(), Lane::Hi);
        assert!(lane(&headers(HEADER_LANE, "top")).unwrap_err().message.contains("top"));
        assert_eq!(timeout(&headers(HEADER_TIMEOUT, "10s")).unwrap(), Some(Duration::from_secs(10)));
        assert!(timeout(&headers(HEADER_TIMEOUT, "10")).unwrap_err().message.contains("10"));
        assert!(idempotency_key(&headers(HEADER_IDEMPOTENCY, &"k".repeat(256))).is_err());
    }
}
