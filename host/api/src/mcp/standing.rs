//! How a task stands. Each round of it is a job: one that asks the client for something is done, and what is answered
//! makes the next, under a key that the first one's id makes. All of it is in the database, so any host can tell.

use super::catalog::Entry;
use super::content;
use super::inputs::{self, Asked, ROUNDS_MAX};
use super::round::{Stand, asked, hindrance, told, verdict};
use super::server::Server;
use super::tasks::order;
use crate::jobs::visible;
use rmcp::ErrorData;
use rmcp::service::{RequestContext, RoleServer};
use skep_core::{Fault, FaultCode, Job};
use skep_router::{JobAnswers, JobRequest};
use std::ops::ControlFlow;
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
        if standing.entry.as_ref().is_some_and(|entry| !self.visitor(context).may(entry)) {
            return Err(unknown(task));
        }
        while let Some(asked) = asked(&standing.job) {
            match self.next(&standing, asked, context).await? {
                ControlFlow::Continue(job) => {
                    standing.job = job;
                    standing.round += 1;
                }
                ControlFlow::Break(stand) => {
                    standing.stand = stand;
                    break;
                }
            }
        }
        Ok(standing)
    }

    /// The job of the round after one that asked for something; how the task stands if there can't be one yet.
    async fn next(
        &self,
        standing: &Standing,
        asked: Asked,
        context: &Context,
    ) -> Result<ControlFlow<Stand, Job>, ErrorData> {
        let (router, who) = (self.api().router(), self.visitor(context).who);
        let Standing { first, job, round, entry, .. } = standing;
        if *round == ROUNDS_MAX {
            return Ok(ControlFlow::Break(Stand::Failed(inputs::too_often(first.to.skill.as_str()))));
        }
        // What has begun goes on, whatever became meanwhile of what it calls.
        let key = format!("task:{}:{round}", first.id);
        let begun = router.job_of_key(&who.domain, &who.identity.principal, &key).await;
        if let Some(job) = begun.map_err(content::error)? {
            return Ok(ControlFlow::Continue(job));
        }
        let answers = router.job_answers(job.id).await.map_err(content::error)?;
        let Asked { input_requests, request_state } = asked;
        let able = context.client_capabilities().unwrap_or_default();
        let asks = entry.as_ref().is_some_and(|entry| entry.asks);
        let stand = match hindrance(&first.to, asks, input_requests, &answers, able) {
            Some(stand) => stand,
            None => match self.begin_round(standing, key, answers, request_state, context).await {
                Ok(job) => return Ok(ControlFlow::Continue(job)),
                Err(fault) if lasts(fault.code) => Stand::Failed(content::error(fault)),
                Err(fault) => return Err(content::error(fault)),
            },
        };
        if let Stand::Failed(error) = &stand {
            // It stays so, whatever becomes of what it calls.
            router.job_answer(job.id, &verdict(error)).await.map_err(content::error)?;
        }
        Ok(ControlFlow::Break(stand))
    }

    /// Makes the job of a round that everything has been answered for. Whoever finds that out first does.
    async fn begin_round(
        &self,
        Standing { first, job, .. }: &Standing,
        key: String,
        answers: JobAnswers,
        state: Option<String>,
        context: &Context,
    ) -> Result<Job, Fault> {
        let (router, who) = (self.api().router(), self.visitor(context).who);
        let input = router.job_input(&who.domain, job.id).await?;
        let wanted = order(&who, first.to.clone(), told(&input, answers, state)?);
        let trace = first.terms.trace.clone();
        let begun = router.submit(JobRequest { idempotency_key: Some(key), trace, ..wanted }).await?.job;
        // Another look may have begun it already, and only the job itself has its output.
        router.job(&who.domain, begun.id).await
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

/// Whether it will be the same at the next try; what somebody else did a moment ago will not.
fn lasts(code: FaultCode) -> bool {
    code != FaultCode::Conflict && !code.retryable(false)
}
