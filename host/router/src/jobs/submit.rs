//! Submitting: whether a job can be accepted at all, and on which terms.

use super::intake::Wish;
use crate::audit::refusal_event;
use crate::steps::{by, step};
use crate::{CallRequest, Inner, Router};
use bytes::Bytes;
use skep_core::{
    ATTEMPTS_MAX, Allowance, AuditAction, AuditEvent, Fault, JOB_WITHIN, Job, JobId, JobTerms, Lane, NewJob,
    Principal, Span, Target, ToolName, Trace, UnixMs, millis,
};
use skep_registry::Resolved;
use skep_store::JOB_BYTES_MAX;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};
use tracing::Instrument;

/// How long it may take to be accepted.
const ACCEPT_MAX: Duration = Duration::from_secs(20);
/// How long a job may take at most, and how far off it may be due.
const AHEAD_MAX: Duration = Duration::from_secs(365 * 24 * 3600);

/// What somebody wants done, whether they wait for it or not.
#[derive(Debug, Clone)]
pub struct JobRequest {
    /// What is to be called.
    pub to: Target,
    /// The input: JSON text.
    pub input: Bytes,
    /// Who asks, the origin first.
    pub chain: Vec<Principal>,
    /// What who asks may use up.
    pub allowance: Allowance,
    /// Its priority.
    pub lane: Lane,
    /// The caller's key for this piece of work: a second job with it is the first one.
    pub idempotency_key: Option<String>,
    /// Before this it isn't started.
    pub due: Option<UnixMs>,
    /// How long one attempt may take; the skill's own limit holds besides.
    pub timeout: Option<Duration>,
    /// How long all of it may take, from when it is due.
    pub within: Option<Duration>,
    /// How often it may fail.
    pub attempts: Option<NonZeroU32>,
    /// Whether running it twice does no harm, where the skill doesn't say so.
    pub idempotent: bool,
    /// Whether an MCP client follows it as a task, whose end is final.
    pub task: bool,
    /// The caller's place in its trace.
    pub trace: Option<Trace>,
}

/// A job that was accepted.
#[derive(Debug, Clone)]
pub struct Submitted {
    /// The job.
    pub job: Job,
    /// Whether it was accepted before, with the same idempotency key.
    pub again: bool,
}

impl JobRequest {
    /// The call that it stands for.
    fn call(&self, trace: Option<Trace>) -> CallRequest {
        CallRequest {
            to: self.to.clone(),
            input: self.input.clone(),
            chain: self.chain.clone(),
            allowance: self.allowance,
            timeout: self.timeout,
            lane: self.lane,
            idempotency_key: self.idempotency_key.clone(),
            job: None,
            session: None,
            trace,
            progress: None,
        }
    }
}

impl Router {
    /// Accepts a job: it is in the database, with its audit record, when this answers.
    pub async fn submit(&self, request: JobRequest) -> Result<Submitted, Fault> {
        let (id, to) = (JobId::fresh(), &request.to);
        let step = self.step(request.trace.as_ref());
        let here =
            step!(step, "submit", job = %id, domain = %to.domain, skill = %to.skill, by = by(&request.chain));
        let call = request.call(here.trace.clone());
        let submitted = self.0.submit(id, &request, &call).instrument(here.span.clone()).await;
        if let Err(fault) = &submitted {
            self.0
                .record_refusal(AuditEvent {
                    action: AuditAction::Submit,
                    ..refusal_event(None, &call, fault)
                })
                .await;
            here.ends(&Err(fault.clone()));
        }
        submitted
    }
}

impl Inner {
    async fn submit(
        self: &Arc<Self>,
        id: JobId,
        request: &JobRequest,
        call: &CallRequest,
    ) -> Result<Submitted, Fault> {
        let by = Instant::now() + ACCEPT_MAX;
        let (resolved, tool) = timeout_at(by, self.check(call)).await.map_err(|_| unchecked())??;
        let job = new_job(id, request, call, &resolved, tool)?;
        let event = accepted_event(&job);
        let (answer, answered) = oneshot::channel();
        let room = self.jobs.intake_room(job.input.len()).ok_or_else(crowded)?;
        let wish = Wish { job, event, answer, room };
        self.jobs.wishes.try_send(wish).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => crowded(),
            mpsc::error::TrySendError::Closed(_) => stopping(),
        })?;
        let answer = timeout_at(by, answered).await.map_err(|_| unknown())?;
        let job = answer.unwrap_or_else(|_| Err(stopping()))?;
        self.jobs.more.notify_one();
        Ok(Submitted { again: job.id != id, job })
    }
}

fn crowded() -> Fault {
    Fault::overloaded("too many jobs wait on this host to be accepted: try again later")
}

fn unchecked() -> Fault {
    let most = Span(ACCEPT_MAX);
    Fault::unavailable(format!(
        "the database didn't say within {most} what the job may call: try again later"
    ))
}

fn unknown() -> Fault {
    let most = Span(ACCEPT_MAX);
    Fault::unavailable(format!(
        "the database didn't say within {most} whether the job is accepted: submit it again with its idempotency key"
    ))
}

fn stopping() -> Fault {
    Fault::unavailable("this host is stopping: ask another, or try again when it is back")
}

fn new_job(
    id: JobId,
    request: &JobRequest,
    call: &CallRequest,
    resolved: &Resolved,
    tool: Option<ToolName>,
) -> Result<NewJob, Fault> {
    if request.input.len() > JOB_BYTES_MAX {
        let (bytes, most) = (request.input.len(), JOB_BYTES_MAX);
        return Err(Fault::invalid_input(format!(
            "the input has {bytes} bytes, and a job's may have {most}"
        )));
    }
    let section = tool.as_ref().and_then(|tool| resolved.tools.get(tool));
    let usual =
        NewJob::new(Target { tool, ..request.to.clone() }, request.input.clone(), request.chain.clone());
    let attempts = request.attempts.or(section.and_then(|section| section.attempts));
    let attempts_max = attempts.map_or(usual.terms.attempts_max, NonZeroU32::get);
    if attempts_max > ATTEMPTS_MAX {
        return Err(Fault::invalid_input(format!("a job may fail {ATTEMPTS_MAX} times at most")));
    }
    if [request.timeout, request.within].contains(&Some(Duration::ZERO)) {
        return Err(Fault::invalid_input(
            "a job without any time can't run: give `timeout` and `within` some",
        ));
    }
    let due = request.due.unwrap_or(usual.accepted).max(usual.accepted);
    let within = request.within.unwrap_or(JOB_WITHIN);
    if due > usual.accepted.after(AHEAD_MAX) || within > AHEAD_MAX {
        let most = Span(AHEAD_MAX);
        return Err(Fault::invalid_input(format!("a job is due within {most}, and takes {most} at most")));
    }
    let terms = JobTerms {
        allowance: request.allowance,
        timeout_ms: request.timeout.map(millis),
        attempts_max,
        idempotent: request.idempotent || section.is_some_and(|s| s.idempotent == Some(true)),
        task: request.task,
        trace: call.trace.clone(),
        ..usual.terms
    };
    let idempotency_key = request.idempotency_key.clone();
    Ok(NewJob { id, lane: request.lane, idempotency_key, terms, ..usual }.within(due, within))
}

/// What an accepted job leaves.
fn accepted_event(job: &NewJob) -> AuditEvent {
    let to = &job.to;
    AuditEvent {
        at: job.accepted,
        trace: job.terms.trace.as_ref().map(Trace::id),
        tool: to.tool.clone(),
        version: to.version.clone(),
        input_bytes: job.input.len() as u64,
        detail: format!("job {}", job.id),
        ..AuditEvent::new(
            AuditAction::Submit,
            job.terms.chain.clone(),
            to.domain.clone(),
            Some(to.skill.clone()),
        )
    }
}
