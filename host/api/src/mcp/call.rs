//! One call of a tool: progress and logs go to the client, and a client that gives up takes the call back.
#![expect(deprecated, reason = "clients of the revisions before still ask in these ways")]

use super::catalog::Entry;
use super::content;
use super::server::Server;
use crate::trace::Traced;
use axum::http::request::Parts;
use rmcp::ErrorData;
use rmcp::model::{LoggingLevel, LoggingMessageNotificationParam, ProgressNotificationParam, ProgressToken};
use rmcp::service::{RequestContext, RoleServer};
use serde_json::{Value, json};
use skep_core::{Fault, FaultCode, Lane, Level, LogRecord, Progress, Reply, SessionId, Target, Trace};
use skep_router::CallRequest;
use tokio::sync::mpsc;

/// Progress reports that wait for a slow client; what is more is dropped.
const PROGRESS_QUEUE_MAX: usize = 64;

type Context = RequestContext<RoleServer>;

impl Server {
    /// Calls the tool. An error only if there is nobody any more who waits for the reply.
    pub(super) async fn run(
        &self,
        entry: &Entry,
        input: Value,
        context: &Context,
    ) -> Result<Reply, ErrorData> {
        let token = context.meta.get_progress_token();
        let (reports, mut progress) = mpsc::channel(PROGRESS_QUEUE_MAX);
        let request = self.request(entry, &input, context, token.is_some().then_some(reports))?;
        let call = self.api().router().call(request);
        tokio::pin!(call);
        let reply = loop {
            tokio::select! {
                biased;
                Some(report) = progress.recv() => tell(context, token.as_ref(), report).await,
                // Dropping the call stops its guest.
                () = context.ct.cancelled() => return Err(ErrorData::internal_error("cancelled", None)),
                reply = &mut call => break reply,
            }
        };
        while let Ok(report) = progress.try_recv() {
            tell(context, token.as_ref(), report).await;
        }
        self.pass_on(entry, &reply.logs, context).await;
        self.keep(entry, &reply);
        Ok(reply)
    }

    fn request(
        &self,
        entry: &Entry,
        input: &Value,
        context: &Context,
        progress: Option<mpsc::Sender<Progress>>,
    ) -> Result<CallRequest, ErrorData> {
        let visitor = self.visitor(context);
        let input = serde_json::to_vec(input).map_err(|e| ErrorData::invalid_params(e.to_string(), None))?;
        Ok(CallRequest {
            to: Target {
                domain: visitor.who.domain.clone(),
                skill: entry.skill.clone(),
                version: None,
                tool: Some(entry.tool.clone()),
            },
            input: input.into(),
            chain: vec![visitor.who.identity.principal.clone()],
            allowance: visitor.who.identity.allowance,
            timeout: None,
            lane: Lane::default(),
            idempotency_key: None,
            job: None,
            session: self.session_of(entry, context)?,
            trace: trace(context),
            progress,
        })
    }

    /// The session to go on with: the one that the request names, else the one that this connection has.
    fn session_of(&self, entry: &Entry, context: &Context) -> Result<Option<SessionId>, ErrorData> {
        match context.meta.get(content::META_SESSION) {
            Some(Value::String(id)) => {
                let id = id.parse().map_err(|e| ErrorData::invalid_params(format!("_meta: {e}"), None));
                id.map(Some)
            }
            Some(_) => Err(ErrorData::invalid_params("_meta: a session is named by a text", None)),
            None => Ok(self.kept().lock().get(&entry.skill).copied()),
        }
    }

    fn keep(&self, entry: &Entry, reply: &Reply) {
        match (&reply.session, &reply.outcome) {
            (Some(session), _) => {
                self.kept().lock().insert(entry.skill.clone(), *session);
            }
            (None, Err(Fault { code: FaultCode::SessionGone, .. })) => {
                self.kept().lock().remove(&entry.skill);
            }
            _ => {}
        }
    }

    /// Logs go to who asked for them: with the request, or before it for the whole connection.
    async fn pass_on(&self, entry: &Entry, logs: &[LogRecord], context: &Context) {
        let Some(least) = context.meta.log_level().or(*self.level().lock()) else { return };
        for record in logs.iter().filter(|record| level(record.level) as u8 >= least as u8) {
            let message = LoggingMessageNotificationParam::new(level(record.level), json!(record.text));
            let message = message.with_logger(format!("{}.{}", entry.name, record.source));
            if context.peer.notify_logging_message(message).await.is_err() {
                return;
            }
        }
    }
}

async fn tell(context: &Context, token: Option<&ProgressToken>, report: Progress) {
    let Some(token) = token else { return };
    let mut told = ProgressNotificationParam::new(token.clone(), report.done as f64);
    told.total = report.total.map(|total| total as f64);
    told.message = report.message;
    // A client that has gone shows by other signs.
    let _ = context.peer.notify_progress(told).await;
}

/// Where the call is in a trace: as the message says, else as the HTTP request that brought it.
pub(super) fn trace(context: &Context) -> Option<Trace> {
    let request = || context.extensions.get::<Parts>()?.extensions.get::<Traced>()?.0.clone();
    let message = || Trace::of_caller(context.meta.get_traceparent()?, context.meta.get_tracestate());
    message().or_else(request)
}

fn level(level: Level) -> LoggingLevel {
    match level {
        Level::Trace | Level::Debug => LoggingLevel::Debug,
        Level::Info => LoggingLevel::Info,
        Level::Warn => LoggingLevel::Warning,
        Level::Error => LoggingLevel::Error,
    }
}
