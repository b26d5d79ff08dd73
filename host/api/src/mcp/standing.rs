//! How a task stands. Each round of it is a job: one that asks the client for something is done, and what is answered
//! makes the next, under a key that the first one's id makes. All of it is in the database, so any host can tell.

use super::catalog::Entry;
use super::content;
use super::inputs::{self, Asked, RESPONSES, ROUNDS_MAX, STATE};
use super::server::Server;
use super::tasks::order;
use crate::jobs::visible;
use rmcp::ErrorData;
use rmcp::model::{InputRequests, JsonObject};
use rmcp::service::{RequestContext, RoleServer};
use serde_json::{Value, json};
use skep_core::{Fault, FaultCode, Job};
use skep_router::{JOB_ANSWER_NAME_BYTES_MAX, JobAnswers, JobRequest};
use std::sync::Arc;

type Context = RequestContext<RoleServer>;

/// A task, as far as it has come.
pub(super) struct Standing {
    /// The job that has the task's id.
    pub(super) first: Job,
    /// The job that counts now.
    pub(super) job: Job,
    /// Which one that is: 1 is the first.
    pub(super) round: usize,
    pub(super) stand: Stand,
    /// What it calls, if that is there still.
    pub(super) entry: Option<Arc<Entry>>,
}

pub(super) enum Stand {
    /// As the job that counts now is.
    Is,
    /// It waits for these answers.
    Asks(InputRequests),
    /// It was taken back while it waited for answers.
    TakenBack,
    AsksTooOften(ErrorData),
}

/// What a client sees something asked for as: no two rounds of a task ask for the same.
pub(super) fn asked_name(round: usize, name: &str) -> String {
    format!("{round}.{name}")
}

impl Server {
    /// How a task of the visitor's stands. Begins its next round if all has been answered for it.
    pub(super) async fn standing(&self, task: &str, context: &Context) -> Result<Standing, ErrorData> {
        let first = self.own_job(task, context).await?;
        let catalog = self.catalog(context).await?;
        let entry = catalog.called(&first.to).cloned();
        let mut standing = Standing { job: first.clone(), first, round: 1, stand: Stand::Is, entry };
        let Some(entry) = standing.entry.clone() else { return Ok(standing) };
        if !self.visitor(context).may(&entry) {
            return Err(unknown(task));
        }
        while let Some(asked) = asked(&entry, &standing.job) {
            if standing.round == ROUNDS_MAX {
                standing.stand = Stand::AsksTooOften(inputs::too_often(&entry));
                break;
            }
            let answers = self.api().router().job_answers(standing.job.id).await.map_err(content::error)?;
            if answers.values().any(Value::is_null) {
                standing.stand = Stand::TakenBack;
                break;
            }
            let able = context.client_capabilities().unwrap_or_default();
            let mut pending = inputs::affordable(asked.input_requests, able)?;
            pending.retain(|name, _| !answers.contains_key(name));
            if !pending.is_empty() {
                standing.stand = Stand::Asks(named(pending)?);
                break;
            }
            standing.round += 1;
            let next = self.next_job(&standing, answers, asked.request_state, context).await;
            standing.job = next.map_err(content::error)?;
        }
        Ok(standing)
    }

    /// The job of a round that everything has been answered for. Whoever finds that out first makes it.
    async fn next_job(
        &self,
        standing: &Standing,
        answers: JobAnswers,
        state: Option<String>,
        context: &Context,
    ) -> Result<Job, Fault> {
        let (router, who) = (self.api().router(), self.visitor(context).who);
        let Standing { first, job, round, .. } = standing;
        let key = format!("task:{}:{round}", first.id);
        if let Some(job) = router.job_of_key(&who.domain, &who.identity.principal, &key).await? {
            return Ok(job);
        }
        let input = router.job_input(&who.domain, job.id).await?;
        let wanted = order(&who, first.to.clone(), told(&input, answers, state)?);
        let trace = first.terms.trace.clone();
        Ok(router.submit(JobRequest { idempotency_key: Some(key), trace, ..wanted }).await?.job)
    }

    /// Only whoever made a task knows of it.
    async fn own_job(&self, task: &str, context: &Context) -> Result<Job, ErrorData> {
        let (visitor, id) = (self.visitor(context), task.parse().map_err(|_| unknown(task))?);
        let job = visible(self.api(), &visitor.who, id).await.map_err(|fault| match fault.code {
            FaultCode::NotFound => unknown(task),
            _ => content::error(fault),
        })?;
        let own = job.terms.chain.first() == Some(&visitor.who.identity.principal);
        if own { Ok(job) } else { Err(unknown(task)) }
    }
}

fn unknown(task: &str) -> ErrorData {
    ErrorData::invalid_params(format!("no task `{task}`: it was forgotten, or is somebody else's"), None)
}

fn asked(entry: &Entry, job: &Job) -> Option<Asked> {
    let output = job.result.as_ref()?.as_ref().ok()?;
    inputs::asked(entry, output)
}

/// Answers are kept by the names of what is asked for.
fn named(pending: InputRequests) -> Result<InputRequests, ErrorData> {
    match pending.keys().find(|name| name.len() > JOB_ANSWER_NAME_BYTES_MAX) {
        None => Ok(pending),
        Some(name) => {
            let why =
                format!("a tool asks for `{name}`: {JOB_ANSWER_NAME_BYTES_MAX} bytes are a name at most");
            Err(ErrorData::internal_error(why, None))
        }
    }
}

/// The input of the next round: that of the one before, with what was answered to it.
fn told(input: &[u8], answers: JobAnswers, state: Option<String>) -> Result<String, Fault> {
    let unreadable = |error| Fault::internal(format!("the input of a job that asked for more: {error}"));
    let mut input: JsonObject = serde_json::from_slice(input).map_err(unreadable)?;
    input.insert(RESPONSES.to_owned(), json!(answers));
    input.remove(STATE);
    input.extend(state.map(|state| (STATE.to_owned(), json!(state))));
    Ok(Value::Object(input).to_string())
}
