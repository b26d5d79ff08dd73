//! MCP's tasks extension: a call that outlives its request is a job, and the task's id is the job's.

use super::call;
use super::catalog::Entry;
use super::content;
use super::inputs::{self, Answers};
use super::round::Stand;
use super::server::Server;
use super::standing::{Standing, asked_name};
use crate::auth::Who;
use rmcp::ErrorData;
use rmcp::model::{
    CallToolResponse, CallToolResult, ClientCapabilities, CreateTaskResult, DetailedTask, GetTaskResult,
    InputResponses, JsonObject, Task, TaskPayload,
};
use rmcp::service::{RequestContext, RoleServer};
use serde::Serialize;
use serde_json::Value;
use skep_core::{Fault, FaultCode, Job, JobState, Lane, Output, Target, TaskUse, UnixMs, millis};
use skep_router::{JOB_EVENTS_PAGE_MAX, JobAnswers, JobRequest, Submitted};
use std::time::Duration;

/// How often a client should ask how a task stands.
const LOOK_EVERY: Duration = Duration::from_millis(500);

type Context = RequestContext<RoleServer>;

/// Whether a call is answered with a task; an error if it would have to be and the client doesn't know of tasks.
pub(super) fn is_one(entry: &Entry, answers: &Answers, context: &Context) -> Result<bool, ErrorData> {
    let knows = context.client_capabilities().is_some_and(|able| able.supports_tasks());
    match entry.section.task {
        Some(TaskUse::Required) if !knows => {
            let lacking = ClientCapabilities::builder().enable_tasks().build();
            Err(ErrorData::missing_required_client_capability(lacking))
        }
        Some(TaskUse::Required | TaskUse::Optional) => Ok(knows),
        Some(TaskUse::Answered) => Ok(knows && (answers.responses.is_some() || answers.state.is_some())),
        None => Ok(false),
    }
}

/// What is wanted of the durable lane for a task; all else is as the skill says.
pub(super) fn order(who: &Who, to: Target, input: String) -> JobRequest {
    JobRequest {
        to,
        input: input.into(),
        chain: vec![who.identity.principal.clone()],
        allowance: who.identity.allowance,
        lane: Lane::default(),
        idempotency_key: None,
        due: None,
        timeout: None,
        within: None,
        attempts: None,
        idempotent: false,
        task: true,
        trace: None,
    }
}

impl Server {
    /// Accepts a call as a job, which is there from now on.
    pub(super) async fn begin(
        &self,
        entry: &Entry,
        arguments: JsonObject,
        answers: Answers,
        context: &Context,
    ) -> Result<CallToolResponse, ErrorData> {
        let known = self.known(entry, answers, context)?;
        let input = inputs::input(entry, arguments, known).to_string();
        let visitor = self.visitor(context);
        let to = Target {
            domain: visitor.who.domain.clone(),
            skill: entry.skill.clone(),
            version: None,
            tool: Some(entry.tool.clone()),
        };
        let wanted = JobRequest { trace: call::trace(context), ..order(&visitor.who, to, input) };
        Ok(match self.api().router().submit(wanted).await {
            Ok(Submitted { job, .. }) => CreateTaskResult::new(self.told(&job, job.accepted)).into(),
            Err(fault) => content::failed(fault, None).into(),
        })
    }

    /// How a task stands.
    pub(super) async fn task(&self, task: &str, context: &Context) -> Result<GetTaskResult, ErrorData> {
        let standing = self.standing(task, context).await?;
        let changed = self.changed(&standing.job).await.map_err(content::error)?;
        let told = self.told(&standing.first, changed);
        Ok(GetTaskResult::new(DetailedTask::new(told, payload(standing)?)))
    }

    /// Takes answers to what a task asks for; what it doesn't ask for is ignored.
    pub(super) async fn answer_task(
        &self,
        task: &str,
        mut responses: InputResponses,
        context: &Context,
    ) -> Result<(), ErrorData> {
        let standing = self.standing(task, context).await?;
        let pending = match &standing.stand {
            Stand::Asks(pending) => pending,
            Stand::AsksOthers(_, error) => return Err(error.clone()),
            Stand::Is | Stand::TakenBack | Stand::Failed(_) => return Ok(()),
        };
        let mut answers = JobAnswers::new();
        for name in pending.keys() {
            let asked = asked_name(standing.round, name);
            match responses.remove(&asked) {
                Some(answer @ Value::Object(_)) => drop(answers.insert(name.clone(), answer)),
                Some(_) => {
                    let why = format!("`inputResponses`: what `{asked}` asks for is answered by an object");
                    return Err(ErrorData::invalid_params(why, None));
                }
                None => {}
            }
        }
        self.api().router().job_answer(standing.job.id, &answers).await.map_err(content::error)?;
        // With all of them it goes on at once; if this host dies here, when somebody next asks how it stands.
        self.standing(task, context).await.map(drop)
    }

    /// Takes a task back, unless it is over.
    pub(super) async fn take_back_task(&self, task: &str, context: &Context) -> Result<(), ErrorData> {
        // Once more if somebody else answered a moment ago, so that a further round has begun.
        for _ in 0..2 {
            let (standing, router) = (self.standing(task, context).await?, self.api().router());
            let names = match standing.stand {
                Stand::Asks(pending) => pending.into_keys().collect(),
                Stand::AsksOthers(names, _) => names,
                Stand::Is if !standing.job.state.is_over() => {
                    let by = self.visitor(context).who.operator();
                    return match router.job_cancel(&by, &standing.job).await {
                        // It ended a moment ago.
                        Err(Fault { code: FaultCode::Conflict, .. }) => Ok(()),
                        done => done.map(drop).map_err(content::error),
                    };
                }
                _ => return Ok(()),
            };
            let unanswered: JobAnswers = names.into_iter().map(|name| (name, Value::Null)).collect();
            router.job_answer(standing.job.id, &unanswered).await.map_err(content::error)?;
        }
        Ok(())
    }

    /// When the job became what it is. That a task was taken back while it asked for something leaves no time.
    async fn changed(&self, job: &Job) -> Result<UnixMs, Fault> {
        if let Some(ended) = job.ended {
            return Ok(ended);
        }
        // Its acceptance is an event, and so is each start: the last one comes after as many as there were starts.
        let (router, before) = (self.api().router(), job.attempt.into());
        let events = router.job_events(&job.to.domain, job.id, before, JOB_EVENTS_PAGE_MAX).await?;
        Ok(events.last().map_or(job.accepted, |event| event.at))
    }

    /// A task as clients see it, but for what its state brings.
    fn told(&self, first: &Job, changed: UnixMs) -> Task {
        let task = Task::new(first.id.to_string(), Default::default(), first.accepted.date(), changed.date());
        task.with_ttl_ms(millis(self.api().router().jobs_kept())).with_poll_interval_ms(millis(LOOK_EVERY))
    }
}

fn payload(standing: Standing) -> Result<TaskPayload, ErrorData> {
    let Standing { job, round, stand, entry, .. } = standing;
    Ok(match stand {
        Stand::Asks(pending) => {
            let asked = |(name, request): (String, _)| (asked_name(round, &name), request);
            TaskPayload::InputRequired { input_requests: pending.into_iter().map(asked).collect() }
        }
        Stand::TakenBack => TaskPayload::Cancelled,
        Stand::AsksOthers(_, error) => return Err(error),
        Stand::Failed(error) => TaskPayload::Failed { error: object(&error)? },
        Stand::Is => match (job.state, job.result) {
            (JobState::Waiting | JobState::Running, _) => TaskPayload::Working,
            (JobState::Cancelled, _) => TaskPayload::Cancelled,
            (JobState::Done | JobState::Dead, result) => {
                let lost = || Err(Fault::internal("the job is over, and nothing tells what it came to"));
                let output = result.unwrap_or_else(lost).map(Output::json);
                ended(output.and_then(|output| content::shown(entry.as_deref(), &output)))?
            }
        },
    })
}

/// What the tool says, or the model can mend, is a result; all else that went wrong is an error.
fn ended(shown: Result<CallToolResult, Fault>) -> Result<TaskPayload, ErrorData> {
    Ok(match shown {
        Ok(result) => TaskPayload::Completed { result: object(&result)? },
        Err(fault) => match fault.code {
            FaultCode::ToolError | FaultCode::InvalidInput | FaultCode::Denied => {
                TaskPayload::Completed { result: object(&content::failed(fault, None))? }
            }
            _ => TaskPayload::Failed { error: object(&content::error(fault))? },
        },
    })
}

fn object(value: &impl Serialize) -> Result<JsonObject, ErrorData> {
    match serde_json::to_value(value) {
        Ok(Value::Object(object)) => Ok(object),
        other => Err(ErrorData::internal_error(format!("no object: {other:?}"), None)),
    }
}
