//! Calls: the input goes in and the output comes out as the bytes they are.

use crate::Api;
use crate::error::Refusal;
use crate::request::{At, By, RawBody};
use crate::types::{
    HEADER_IDEMPOTENCY, HEADER_LANE, HEADER_TIMEOUT, HEADER_TRACE, NDJSON, ONLY_TOOL, Problem,
};
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt};
use futures::stream;
use serde::Serialize;
use skep_core::{
    CallId, Digest, Fault, Incarnation, Lane, LogRecord, Output, Progress, Reply, SkillRef, Span, Target,
    ToolName, Usage,
};
use skep_router::CallRequest;
use std::convert::Infallible;
use tokio::sync::mpsc;

/// Largest input that is read; a skill's own limit is checked besides.
const INPUT_BYTES_MAX: usize = 16 << 20;
/// Progress reports that wait for a slow client; what is more is dropped.
const PROGRESS_QUEUE_MAX: usize = 64;
/// Longest idempotency key, in characters.
const KEY_CHARS_MAX: usize = 255;
/// What no body at all stands for.
const NO_INPUT: Bytes = Bytes::from_static(b"{}");

/// `POST /v1/skills/{skill}/tools/{tool}/call`. When the client goes away, the call is taken back.
pub(crate) async fn call(
    State(api): State<Api>,
    By(by): By,
    At((skill, tool)): At<(SkillRef, ToolName)>,
    headers: HeaderMap,
    body: RawBody<INPUT_BYTES_MAX>,
) -> Result<Response, Refusal> {
    let tool = (tool.as_str() != ONLY_TOOL).then_some(tool);
    let request = CallRequest {
        to: Target { domain: by.domain, skill: skill.name, version: skill.version, tool },
        input: if body.bytes.is_empty() { NO_INPUT } else { body.bytes },
        chain: by.chain,
        timeout: parsed::<Span>(&headers, HEADER_TIMEOUT)?.map(|span| span.0),
        lane: lane(&headers)?,
        idempotency_key: idempotency_key(&headers)?,
        trace: text(&headers, HEADER_TRACE)?.filter(|t| is_traceparent(t)).map(str::to_owned),
        progress: None,
    };
    if wants_lines(&headers) {
        return Ok(in_lines(api, request));
    }
    let mut reply = api.router().call(request).await;
    match std::mem::replace(&mut reply.outcome, Err(Fault::internal("taken"))) {
        Ok(output) => Ok(json(answer(&reply, &output))),
        Err(fault) => Ok(Problem::of_call(fault, reply).into_response()),
    }
}

fn wants_lines(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT);
    accepted.iter().any(|v| v.to_str().is_ok_and(|v| v.contains(NDJSON)))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Fault> {
    let value = headers.get(name).map(HeaderValue::to_str).transpose();
    value.map_err(|_| Fault::invalid_input(format!("header `{name}` is no visible ASCII text")))
}

fn parsed<T: std::str::FromStr>(headers: &HeaderMap, name: &str) -> Result<Option<T>, Fault>
where
    T::Err: std::fmt::Display,
{
    let value = text(headers, name)?.map(str::parse).transpose();
    value.map_err(|e| Fault::invalid_input(format!("header `{name}`: {e}")))
}

fn lane(headers: &HeaderMap) -> Result<Lane, Fault> {
    let Some(asked) = text(headers, HEADER_LANE)? else { return Ok(Lane::default()) };
    let known = Lane::ALL.into_iter().find(|lane| lane.as_str() == asked);
    known.ok_or_else(|| {
        Fault::invalid_input(format!("header `{HEADER_LANE}`: no lane `{asked}`: it is hi, no or lo"))
    })
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Fault> {
    match text(headers, HEADER_IDEMPOTENCY)? {
        Some(key) if key.is_empty() || key.len() > KEY_CHARS_MAX => Err(Fault::invalid_input(format!(
            "header `{HEADER_IDEMPOTENCY}` has {} characters: 1 to {KEY_CHARS_MAX} are taken",
            key.len()
        ))),
        key => Ok(key.map(str::to_owned)),
    }
}

/// Whether the text is a trace context of version 00. By W3C's rule others are ignored, no errors.
fn is_traceparent(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    let hex = |part: &&str| part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let lengths: Vec<_> = parts.iter().map(|p| p.len()).collect();
    lengths == [2, 32, 16, 2] && parts[0] == "00" && parts.iter().all(hex)
}

#[derive(Serialize)]
struct Beside<'a> {
    id: CallId,
    version: &'a Option<semver::Version>,
    digest: Option<Digest>,
    served_by: Option<Incarnation>,
    usage: Usage,
    logs: &'a [LogRecord],
}

/// A `CallAnswer`. The output is put in as it came: it is JSON already, and may be large.
fn answer(reply: &Reply, output: &Output) -> Result<Vec<u8>, Fault> {
    let Reply { id, logs, usage, served_by, digest, version, .. } = reply;
    let (id, usage, served_by, digest) = (*id, *usage, *served_by, *digest);
    let beside = serde_json::to_vec(&Beside { id, version, digest, served_by, usage, logs });
    let beside = beside.map_err(|e| Fault::internal(format!("an answer can't be written: {e}")))?;
    // Behind the output comes what is beside it, without its opening brace.
    Ok([br#"{"output":"#, output.as_bytes().as_ref(), b",", &beside[1..]].concat())
}

fn json(answer: Result<Vec<u8>, Fault>) -> Response {
    match answer {
        Ok(body) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
        Err(fault) => Problem::from(fault).into_response(),
    }
}

/// A call that is answered line by line.
struct Lines {
    progress: mpsc::Receiver<Progress>,
    /// Gone once it has been answered. Dropping it takes the call back.
    call: Option<BoxFuture<'static, Reply>>,
}

fn in_lines(api: Api, mut request: CallRequest) -> Response {
    let (reports, progress) = mpsc::channel(PROGRESS_QUEUE_MAX);
    request.progress = Some(reports);
    let call = async move { api.router().call(request).await }.boxed();
    let lines = Lines { progress, call: Some(call) };
    let body = Body::from_stream(stream::unfold(lines, |mut lines| async {
        let line = lines.next().await?;
        Some((Ok::<_, Infallible>(line), lines))
    }));
    ([(header::CONTENT_TYPE, NDJSON)], body).into_response()
}

impl Lines {
    async fn next(&mut self) -> Option<Vec<u8>> {
        let call = self.call.as_mut()?;
        tokio::select! {
            biased;
            Some(progress) = self.progress.recv() => Some(line("progress", serde_json::to_vec(&progress))),
            reply = call => {
                self.call = None;
                Some(last_line(reply))
            }
        }
    }
}

fn last_line(mut reply: Reply) -> Vec<u8> {
    let fault = match std::mem::replace(&mut reply.outcome, Err(Fault::internal("taken"))) {
        Ok(output) => match answer(&reply, &output) {
            Ok(answer) => return line("result", Ok(answer)),
            Err(fault) => fault,
        },
        Err(fault) => fault,
    };
    line("fault", serde_json::to_vec(&Problem::of_call(fault, reply)))
}

fn line(kind: &str, json: serde_json::Result<Vec<u8>>) -> Vec<u8> {
    let mut json = json.unwrap_or_else(|_| b"null".to_vec());
    // An output may be laid out in lines of its own. Within JSON's strings line breaks are escaped.
    json.iter_mut().filter(|b| matches!(b, b'\n' | b'\r')).for_each(|b| *b = b' ');
    [format!("{{\"{kind}\":").as_bytes(), &json, b"}\n"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{CallAnswer, CallLine};

    fn reply() -> Reply {
        let (logs, usage) = (Vec::new(), Usage::default());
        let outcome = Ok(Output::json("unused"));
        Reply { id: CallId::fresh(), outcome, logs, usage, served_by: None, digest: None, version: None }
    }

    #[test]
    fn outputs_pass_as_they_came() {
        for raw in ["null", "[1.0e2]", "{\"a\":\n\"\\n\"}", "\"x\""] {
            let bytes = answer(&reply(), &Output::json(raw)).unwrap();
            let answer: CallAnswer = serde_json::from_slice(&bytes).unwrap();
            assert_eq!(answer.output.get(), raw);
        }
    }

    #[test]
    fn every_line_is_one_line() {
        let reply = Reply { outcome: Ok(Output::json("{\r\n\"a\": \"\\n\"\n}")), ..reply() };
        let line = last_line(reply);
        assert_eq!(line.iter().filter(|b| matches!(b, b'\n' | b'\r')).count(), 1);
        let Ok(CallLine::Result(answer)) = serde_json::from_slice(&line) else { panic!("{line:?}") };
        assert_eq!(serde_json::from_str::<serde_json::Value>(answer.output.get()).unwrap()["a"], "\n");
    }

    #[test]
    fn headers_are_read_or_named() {
        let headers = |name: &'static str, value: &str| {
            HeaderMap::from_iter([(name.parse().unwrap(), HeaderValue::from_str(value).unwrap())])
        };
        assert_eq!(lane(&headers(HEADER_LANE, "hi")).unwrap(), Lane::Hi);
        assert!(lane(&headers(HEADER_LANE, "top")).unwrap_err().message.contains("top"));
        assert!(parsed::<Span>(&headers(HEADER_TIMEOUT, "10"), HEADER_TIMEOUT).is_err());
        assert!(idempotency_key(&headers(HEADER_IDEMPOTENCY, &"k".repeat(256))).is_err());
        assert!(is_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
        for bad in ["", "00-x", "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"] {
            assert!(!is_traceparent(bad), "{bad}");
        }
    }
}
