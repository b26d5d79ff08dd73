//! Jobs: submitted to be done whatever dies meanwhile, and asked after whenever it suits.

use crate::auth::Who;
use crate::calls::idempotency_key;
use crate::error::Refusal;
use crate::request::{At, By, DomainOnly, Json, Mark, Params, page_limit};
use crate::serve::Stay;
use crate::trace::Traced;
use crate::types::{JobEventPage, JobFault, JobInfo, JobOrder, JobPage};
use crate::{Api, request};
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use skep_core::{DomainName, Fault, Job, JobId, JobState, SkillName, Span, Target, UnixMs};
use skep_router::{JOB_EVENTS_PAGE_MAX, JOBS_PAGE_MAX, JobFilter, JobRequest};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use utoipa::IntoParams;

/// Largest order that is read; a skill's own limit of its input is checked besides.
const ORDER_BYTES_MAX: usize = 9 << 20;
/// Jobs or events of a page where the client doesn't say.
const PAGE_DEFAULT: u64 = 100;
/// How long a client may wait for what happens next.
const WAIT_MAX: Duration = Duration::from_secs(60);
/// What no input at all stands for.
const NO_INPUT: &str = "{}";

/// What a client says of an order in its header.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "read where it is needed; described here")]
struct OrderHeaders {
    /// The client's key for this piece of work: the same order with the same key is the same job.
    #[param(rename = "idempotency-key", min_length = 1, max_length = 255, pattern = "^[!-~]+$")]
    idempotency_key: Option<String>,
}

/// Submits a job. It is kept before this answers, and done whatever dies meanwhile; its effects may happen more
/// than once, so give skills that must not repeat them an `idempotency-key`.
#[utoipa::path(post, path = "/jobs", operation_id = "job_submit", tag = "jobs", params(DomainOnly, OrderHeaders),
    request_body = JobOrder,
    responses((status = ACCEPTED, description = "It is accepted", body = JobInfo),
        (status = OK, description = "It was accepted before, with the same key", body = JobInfo)))]
pub(crate) async fn submit(
    State(api): State<Api>,
    By(by): By,
    who: Who,
    Traced(trace): Traced,
    headers: HeaderMap,
    Json(order, _room): Json<JobOrder, ORDER_BYTES_MAX>,
) -> Result<(StatusCode, axum::Json<JobInfo>), Refusal> {
    who.must_see(&order.skill.name)?;
    let input = order.input.as_ref().map_or(NO_INPUT, |input| input.get());
    let submitted = api.router().submit(JobRequest {
        due: due(&order)?,
        input: Bytes::from(input.to_owned()),
        to: Target {
            domain: by.domain,
            skill: order.skill.name,
            version: order.skill.version,
            tool: order.tool,
        },
        chain: by.chain,
        allowance: who.identity.allowance,
        lane: order.lane,
        idempotency_key: idempotency_key(&headers)?,
        timeout: order.timeout.map(|span| span.0),
        within: order.within.map(|span| span.0),
        attempts: order.attempts,
        idempotent: order.idempotent,
        task: false,
        trace,
    });
    let submitted = submitted.await?;
    let status = if submitted.again { StatusCode::OK } else { StatusCode::ACCEPTED };
    Ok((status, axum::Json(info(submitted.job)?)))
}

fn due(order: &JobOrder) -> Result<Option<UnixMs>, Fault> {
    match (order.after, order.at) {
        (Some(_), Some(_)) => Err(Fault::invalid_input("say `in` or `at`, not both")),
        (Some(Span(after)), None) => Ok(Some(UnixMs::now().after(after))),
        (None, at) => Ok(at),
    }
}

/// What the list of jobs is narrowed down to; all of it must fit.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct JobParams {
    /// The domain; `main` if left out.
    #[serde(rename = "domain")]
    #[param(value_type = Option<DomainName>)]
    _domain: Option<IgnoredAny>,
    /// Jobs of this skill.
    skill: Option<SkillName>,
    /// Jobs in this state.
    state: Option<JobState>,
    /// Only older ones, as the page before said.
    before: Option<JobId>,
    /// Jobs of the page; 100 if left out.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u64>,
}

/// Lists jobs, the newest first: callers see their own.
#[utoipa::path(get, path = "/jobs", operation_id = "job_list", tag = "jobs", params(JobParams),
    responses((status = OK, description = "A page", body = JobPage)))]
pub(crate) async fn list(
    State(api): State<Api>,
    who: Who,
    Params(params): Params<JobParams>,
) -> Result<axum::Json<JobPage>, Refusal> {
    let limit = page_limit(params.limit, PAGE_DEFAULT, JOBS_PAGE_MAX)?;
    let owner = (!who.identity.audits()).then(|| who.identity.principal.clone());
    let JobParams { skill, state, before, .. } = params;
    let filter = JobFilter { skill, state, owner, before, limit: Some(limit) };
    let mut found = api.router().job_list(&who.domain, &filter).await?;
    let next = found.last().filter(|_| found.len() as u64 == limit).map(|job| job.id);
    found.retain(|job| who.sees(&job.to.skill));
    let jobs = found.into_iter().map(info).collect::<Result<_, _>>()?;
    Ok(axum::Json(JobPage { jobs, next }))
}

/// Shows a job: how it stands, and its result once it is done.
#[utoipa::path(get, path = "/jobs/{id}", operation_id = "job_show", tag = "jobs",
    params(("id" = JobId, Path, description = "The job"), DomainOnly),
    responses((status = OK, description = "The job", body = JobInfo)))]
pub(crate) async fn show(
    State(api): State<Api>,
    By(_): By,
    who: Who,
    At(id): At<JobId>,
) -> Result<axum::Json<JobInfo>, Refusal> {
    Ok(axum::Json(info(visible(&api, &who, id).await?)?))
}

/// Takes a job back. One that waits is cancelled at once; of one that runs it is noted, and it is stopped soon.
#[utoipa::path(post, path = "/jobs/{id}/cancel", operation_id = "job_cancel", tag = "jobs",
    params(("id" = JobId, Path, description = "The job"), DomainOnly),
    responses((status = OK, description = "How it stands now", body = JobInfo)))]
pub(crate) async fn cancel(
    State(api): State<Api>,
    By(by): By,
    who: Who,
    At(id): At<JobId>,
) -> Result<axum::Json<JobInfo>, Refusal> {
    let job = visible(&api, &who, id).await?;
    Ok(axum::Json(info(api.router().job_cancel(&by, &job).await?)?))
}

/// Tries a dead letter again, as often as it was allowed at first.
#[utoipa::path(post, path = "/jobs/{id}/retry", operation_id = "job_retry", tag = "jobs",
    params(("id" = JobId, Path, description = "The job"), DomainOnly),
    responses((status = OK, description = "How it stands now", body = JobInfo)))]
pub(crate) async fn retry(
    State(api): State<Api>,
    By(by): By,
    who: Who,
    At(id): At<JobId>,
) -> Result<axum::Json<JobInfo>, Refusal> {
    let job = visible(&api, &who, id).await?;
    Ok(axum::Json(info(api.router().job_retry(&by, &job).await?)?))
}

/// Which events of a job a client has not seen.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventParams {
    /// The domain; `main` if left out.
    #[serde(rename = "domain")]
    #[param(value_type = Option<DomainName>)]
    _domain: Option<IgnoredAny>,
    /// Only those after this one; all if left out.
    #[param(value_type = Option<u64>)]
    since: Option<Mark>,
    /// How long to wait for one, `1m` at most however much more is asked; not at all if left out.
    wait: Option<Span>,
    /// Events of the page; 100 if left out.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u64>,
}

/// Shows what happened to a job, the oldest first: a client that gives the number of the last one it has seen
/// misses nothing.
#[utoipa::path(get, path = "/jobs/{id}/events", operation_id = "job_events", tag = "jobs",
    params(("id" = JobId, Path, description = "The job"), EventParams),
    responses((status = OK, description = "Its events", body = JobEventPage)))]
pub(crate) async fn events(
    State(api): State<Api>,
    who: Who,
    At(id): At<JobId>,
    Extension(stay): Extension<Stay>,
    Params(params): Params<EventParams>,
) -> Result<axum::Json<JobEventPage>, Refusal> {
    let limit = page_limit(params.limit, PAGE_DEFAULT, JOB_EVENTS_PAGE_MAX)?;
    let wait = params.wait.map_or(Duration::ZERO, |span| span.0.min(WAIT_MAX));
    let (since, mut until) = (params.since.map_or(0, |since| since.0), Instant::now() + wait);
    let mut watch = api.router().job_watch(id);
    loop {
        // Looked at before the events are, so that what it says isn't newer than they are.
        let over = visible(&api, &who, id).await?.state.is_over();
        let events = api.router().job_events(&who.domain, id, since, limit).await?;
        if over || !events.is_empty() || Instant::now() >= until {
            return Ok(axum::Json(JobEventPage { over: over && (events.len() as u64) < limit, events }));
        }
        tokio::select! {
            _ = timeout_at(until, watch.stirred()) => {}
            // It is answered as it stands: the client asks whoever comes next.
            () = stay.over() => until = Instant::now(),
        }
    }
}

/// A job that who asks may see: their own, or any for those who audit. Others are answered as if they weren't there.
pub(crate) async fn visible(api: &Api, who: &Who, id: JobId) -> Result<Job, Fault> {
    let job = api.router().job(&who.domain, id).await?;
    let own = job.terms.chain.first() == Some(&who.identity.principal);
    match who.sees(&job.to.skill) && (own || who.identity.audits()) {
        true => Ok(job),
        false => Err(skep_router::unknown_job(id)),
    }
}

fn info(job: Job) -> Result<JobInfo, Fault> {
    let (output, fault) = match job.result {
        Some(Ok(output)) => (Some(raw(&output)?), None),
        Some(Err(fault)) => (None, Some(JobFault { code: fault.code, message: fault.message })),
        None => (None, None),
    };
    Ok(JobInfo {
        id: job.id,
        skill: job.to.skill,
        version: job.to.version,
        tool: job.to.tool,
        lane: job.lane,
        state: job.state,
        accepted: job.accepted,
        due: job.due,
        expires: job.expires,
        attempt: job.attempt,
        failures: job.failures,
        attempts: job.terms.attempts_max,
        interruptions: job.interruptions,
        host: job.host,
        cancelling: job.cancelling,
        ended: job.ended,
        idempotency_key: job.idempotency_key,
        output,
        fault,
    })
}

fn raw(output: &[u8]) -> Result<Box<RawValue>, Fault> {
    request::from_json(output).map_err(|fault| Fault::internal(format!("a stored result: {}", fault.message)))
}
