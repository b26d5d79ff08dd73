//! Replies to calls: whole, or line by line while the call goes on.

use crate::error::Refusal;
use crate::types::{NDJSON, Problem};
use crate::{Api, rate};
use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures::future::{BoxFuture, FutureExt};
use futures::stream;
use serde::Serialize;
use skep_core::{
    CallId, Digest, Fault, Incarnation, LogRecord, Progress, Reply, SessionId, Trace, TraceId, Usage,
};
use skep_router::CallRequest;
use std::convert::Infallible;
use tokio::sync::mpsc;

/// Progress reports that wait for a slow client; what is more is dropped.
const PROGRESS_QUEUE_MAX: usize = 64;

/// What stands beside the output in a `CallAnswer`.
#[derive(Serialize)]
struct Beside {
    id: CallId,
    version: Option<semver::Version>,
    digest: Option<Digest>,
    served_by: Option<Incarnation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<SessionId>,
    usage: Usage,
    logs: Vec<LogRecord>,
}

/// A `CallAnswer`. The output is put in as it came: it is JSON already, and may be large.
fn answer(reply: Reply, trace: Option<TraceId>) -> Result<Vec<u8>, Box<Problem>> {
    let Reply { id, outcome, logs, usage, served_by, digest, version, session, .. } = reply;
    let output = match outcome {
        Ok(output) => output,
        Err(fault) => return Err(Box::new(Problem { call: Some(id), trace, logs, ..fault.into() })),
    };
    let beside = serde_json::to_vec(&Beside { id, version, digest, served_by, session, usage, logs });
    let defect = |e| Fault::internal(format!("an answer can't be written: {e}"));
    let beside = beside.map_err(|e| Box::new(defect(e).into()))?;
    // Behind the output comes what is beside it, without its opening brace.
    Ok([br#"{"output":"#, output.as_bytes().as_ref(), b",", &beside[1..]].concat())
}

/// The answer to a client that waits for the end.
pub(crate) async fn whole(api: &Api, request: CallRequest) -> Response {
    let trace = request.trace.as_ref().map(Trace::id);
    let reply = api.router().call(request).await;
    let left = reply.rate;
    let response = match answer(reply, trace) {
        Ok(body) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
        Err(problem) => Refusal::from(*problem).into_response(),
    };
    rate::told(left, response)
}

/// A call that is answered line by line.
struct Lines {
    progress: mpsc::Receiver<Progress>,
    trace: Option<TraceId>,
    /// Gone once it has been answered. Dropping it takes the call back.
    call: Option<BoxFuture<'static, Reply>>,
}

/// The answer to a client that wants to see how far the call is. It begins before the call does.
pub(crate) fn in_lines(api: Api, mut request: CallRequest) -> Response {
    let (reports, progress) = mpsc::channel(PROGRESS_QUEUE_MAX);
    request.progress = Some(reports);
    let trace = request.trace.as_ref().map(Trace::id);
    let call = async move { api.router().call(request).await }.boxed();
    let lines = Lines { progress, trace, call: Some(call) };
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
            Some(progress) = self.progress.recv() => Some(line("progress", json(&progress))),
            reply = call => {
                self.call = None;
                Some(last_line(reply, self.trace))
            }
        }
    }
}

fn last_line(reply: Reply, trace: Option<TraceId>) -> Vec<u8> {
    match answer(reply, trace) {
        Ok(answer) => line("result", answer),
        Err(problem) => line("fault", json(&problem)),
    }
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_else(|_| b"null".to_vec())
}

fn line(kind: &str, mut json: Vec<u8>) -> Vec<u8> {
    // An output may be laid out in lines of its own. Within JSON's strings line breaks are escaped.
    json.iter_mut().filter(|b| matches!(b, b'\n' | b'\r')).for_each(|b| *b = b' ');
    [format!("{{\"{kind}\":").as_bytes(), &json, b"}\n"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{CallAnswer, CallLine};
    use skep_core::Output;

    fn reply(output: &'static str) -> Reply {
        Reply::unserved(CallId::fresh(), Ok(Output::json(output)))
    }

    #[test]
    fn outputs_pass_as_they_came() {
        for raw in ["null", "[1.0e2]", "{\"a\":\n\"\\n\"}", "\"x\""] {
            let bytes = answer(reply(raw), None).unwrap();
            let answer: CallAnswer = serde_json::from_slice(&bytes).unwrap();
            assert_eq!(answer.output.get(), raw);
        }
    }

    #[test]
    fn every_line_is_one_line() {
        let line = last_line(reply("{\r\n\"a\": \"\\n\"\n}"), None);
        assert_eq!(line.iter().filter(|b| matches!(b, b'\n' | b'\r')).count(), 1);
        let Ok(CallLine::Result(answer)) = serde_json::from_slice(&line) else { panic!("{line:?}") };
        assert_eq!(serde_json::from_str::<serde_json::Value>(answer.output.get()).unwrap()["a"], "\n");
    }
}
