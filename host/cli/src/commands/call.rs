//! `skep call`: one call of an installed skill.

use super::input;
use crate::args::CallArgs;
use crate::client::Client;
use crate::failure::Failure;
use crate::show;
use anyhow::Context;
use indicatif::ProgressBar;
use reqwest::{Method, Response, header};
use serde_json::Value;
use skep_api::types::{CallLine, HEADER_SESSION, HEADER_TIMEOUT, NDJSON, ONLY_TOOL, SkillDetail};
use skep_core::{Fault, Level, LogRecord, Progress};
use std::io::IsTerminal;

pub(crate) async fn call(client: &Client, args: CallArgs) -> Result<(), Failure> {
    let skill = args.tool.skill.to_string();
    let schema =
        if input::needs_schema(&args.input) { schema(client, &args.tool).await? } else { Value::Null };
    let body = input::read(&args.input, &schema)?;
    let tool = args.tool.tool.as_ref().map_or(ONLY_TOOL, |t| t.as_str());
    let request = client.work(Method::POST, &["skills", &skill, "tools", tool, "call"])?;
    let mut request =
        request.header(header::ACCEPT, NDJSON).header(header::CONTENT_TYPE, "application/json").body(body);
    if let Some(timeout) = args.timeout {
        request = request.header(HEADER_TIMEOUT, timeout.to_string());
    }
    if let Some(session) = args.session {
        request = request.header(HEADER_SESSION, session.to_string());
    }
    follow(client.send(request).await?, client).await
}

/// The schema of a tool's input.
pub(super) async fn schema(client: &Client, of: &skep_core::ToolRef) -> Result<Value, Failure> {
    let detail: SkillDetail = client.get(&["skills", &of.skill.to_string()], &[]).await?;
    let named = |name: &skep_core::ToolName| of.tool.as_ref().is_none_or(|asked| asked == name);
    let tool = detail.tools.into_iter().find(|t| named(&t.name));
    Ok(tool.map(|t| t.input_schema).unwrap_or_default())
}

/// Shows progress as it comes, and the result at the end.
async fn follow(mut response: Response, client: &Client) -> Result<(), Failure> {
    let mut unread = Vec::new();
    let mut bar = None;
    while let Some(chunk) = response.chunk().await.map_err(|e| client.unreachable(e))? {
        unread.extend_from_slice(&chunk);
        while let Some(end) = unread.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = unread.drain(..=end).collect();
            let line = serde_json::from_slice(&line).context("the host's answer can't be read")?;
            if let Some(done) = take(line, &mut bar) {
                return done;
            }
        }
    }
    Err(Fault::unavailable("the host went away before it answered: whether the call was made is unknown")
        .into())
}

/// One line of the answer; gives the end of the call if that is what it tells.
fn take(line: CallLine, bar: &mut Option<ProgressBar>) -> Option<Result<(), Failure>> {
    match line {
        CallLine::Progress(progress) => {
            if std::io::stderr().is_terminal() {
                advance(bar.get_or_insert_with(show::progress_bar), progress);
            }
            None
        }
        CallLine::Result(answer) => {
            finish(bar);
            logs(&answer.logs);
            if let Some(session) = answer.session {
                eprintln!("session: {session}");
            }
            Some(output(answer.output.get()))
        }
        CallLine::Fault(problem) => {
            finish(bar);
            logs(&problem.logs);
            if let Some(trace) = problem.trace {
                eprintln!("trace: {trace}");
            }
            Some(Err(Fault::new(problem.code, problem.detail).into()))
        }
    }
}

fn advance(bar: &ProgressBar, progress: Progress) {
    if let Some(total) = progress.total {
        bar.set_length(total);
    }
    bar.set_position(progress.done);
    bar.set_message(progress.message.unwrap_or_default());
}

fn finish(bar: &mut Option<ProgressBar>) {
    if let Some(bar) = bar.take() {
        bar.finish_and_clear();
    }
}

/// The result as the skill gave it; indented where a person reads it.
pub(super) fn output(json: &str) -> Result<(), Failure> {
    if !std::io::stdout().is_terminal() {
        return show::line(json);
    }
    let value: Value = serde_json::from_str(json).context("the result is no JSON")?;
    show::json(&value)
}

/// What the skill printed, on standard error.
pub(super) fn logs(records: &[LogRecord]) {
    for record in records {
        let mark = match record.level {
            Level::Trace | Level::Debug | Level::Info => "",
            Level::Warn | Level::Error => "! ",
        };
        eprintln!("{}", show::plain(&format!("{}: {mark}{}", record.source, record.text)));
    }
}
