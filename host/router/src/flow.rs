//! The path of a call, top to bottom: accept, send, dispatch, resolve, permit, run, settle.

use crate::fit::{depth_fits, input_fits, keeps_session, session_fits, tool_of};
use crate::quotas::Refused;
use crate::services::CallServices;
use crate::steps::{Here, below, by, step};
use crate::turn::{self, ends, job_times};
use crate::waiting::{NoReply, Waiter};
use crate::{Inner, Router, running::Started, slots::Place};
use bytes::Bytes;
use futures::FutureExt;
use skep_bus::{BusError, Delivery, Entry};
use skep_core::{
    Allowance, AuditEvent, CallId, Envelope, Fault, JobId, Lane, Principal, Progress, RateLevel, Reply,
    SessionId, Stage, Step, Target, ToolName, Trace, UnixMs, skill_depth,
};
use skep_registry::Resolved;
use skep_sandbox::{Call, Report};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tracing::Instrument;

/// How long past its deadline a caller waits for the host that serves it to say so.
const REPLY_GRACE: Duration = Duration::from_millis(500);
/// How often a call is resolved anew because something was revoked while it was.
const RESOLVE_RACES_MAX: usize = 8;

/// What a caller asks for.
#[derive(Debug, Clone)]
pub struct CallRequest {
    /// What is to be called.
    pub to: Target,
    /// The input: JSON text.
    pub input: Bytes,
    /// Who asks, the origin first.
    pub chain: Vec<Principal>,
    /// What who asks may use up.
    pub allowance: Allowance,
    /// How long the caller waits at most; the skill's own limit holds besides.
    pub timeout: Option<Duration>,
    /// Its priority.
    pub lane: Lane,
    /// The caller's key for this piece of work.
    pub idempotency_key: Option<String>,
    /// The attempt at a job that this is, if it is one.
    pub job: Option<Attempt>,
    /// The session to go on with, of a skill that keeps sessions; a new one begins if absent.
    pub session: Option<SessionId>,
    /// The caller's place in its trace.
    pub trace: Option<Trace>,
    /// Where to tell how far the call is. What doesn't fit in the channel is dropped.
    pub progress: Option<mpsc::Sender<Progress>>,
}

/// An attempt at a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// The job.
    pub job: JobId,
    /// Which attempt it is: 1 is the first.
    pub number: u32,
    /// When the job's own time is over.
    pub expires: UnixMs,
}

/// What asking came to.
pub(crate) enum Asked {
    Answered(Reply),
    Unanswered(NoReply),
    /// It never entered the bus.
    Refused(Refused),
}

/// What serving a delivery came to.
pub(crate) struct Served {
    pub(crate) report: Report,
    /// What ran, if it came so far.
    pub(crate) resolved: Option<Arc<Resolved>>,
    /// The session that goes on.
    pub(crate) session: Option<SessionId>,
}

impl Served {
    /// Nothing ran.
    pub(crate) fn nothing(fault: Fault) -> Self {
        Self { report: Report::refused(fault), resolved: None, session: None }
    }
}

impl CallRequest {
    /// How many skills stand between the origin and the call.
    pub(crate) fn depth(&self) -> usize {
        skill_depth(&self.chain)
    }
}

impl Router {
    /// Calls a tool and waits for its reply. Dropping the future takes the call back.
    pub async fn call(&self, request: CallRequest) -> Reply {
        let (id, to) = (CallId::fresh(), &request.to);
        let step = self.step(request.trace.as_ref());
        let here =
            step!(step, "call", call = %id, domain = %to.domain, skill = %to.skill, by = by(&request.chain));
        let request = CallRequest { trace: here.trace.clone(), ..request };
        let reply = self.0.ask(id, &request).instrument(here.span.clone()).await;
        here.ends(&reply.outcome);
        reply
    }

    /// A step below the caller's place in its trace; the first of a new trace, if the host traces by itself.
    pub fn step(&self, caller: Option<&Trace>) -> Option<Step> {
        caller.map(Trace::step).or_else(|| Trace::begin(self.0.settings.traced))
    }
}

impl Inner {
    async fn ask(self: &Arc<Self>, id: CallId, request: &CallRequest) -> Reply {
        match self.try_ask(id, request).await {
            Asked::Answered(reply) => reply,
            Asked::Unanswered(none) => Reply::unserved(id, Err(none.fault())),
            // What is refused here never entered the bus, but it leaves its audit record like all others.
            Asked::Refused(refused) => self.refuse(id, request, refused).await,
        }
    }

    /// Sends a call and waits for its reply. Dropping the future takes the call back.
    pub(crate) async fn try_ask(self: &Arc<Self>, id: CallId, request: &CallRequest) -> Asked {
        let accept = step!(below(request.trace.as_ref()), "accept");
        let (waiter, rate) = match self.enter(id, request).instrument(accept.span.clone()).await {
            Ok(entered) => entered,
            Err(refused) => {
                self.leave_trial(id, &request.to).await;
                return Asked::Refused(refused);
            }
        };
        drop(accept);
        match waiter.reply(REPLY_GRACE).await {
            Ok(reply) => Asked::Answered(Reply { rate, ..reply }),
            Err(none) => {
                self.leave_trial(id, &request.to).await;
                Asked::Unanswered(none)
            }
        }
    }

    /// Sends a call, and begins to wait for its reply. Says what that leaves of the rate of who asks.
    async fn enter(
        self: &Arc<Self>,
        id: CallId,
        request: &CallRequest,
    ) -> Result<(Waiter, Option<RateLevel>), Refused> {
        let entry = self.accept_in_time(id, request).await?;
        let waiter = self.waiting.wait_for(self, &entry, request.progress.clone())?;
        let begun = Instant::now();
        // What the bus doesn't confirm by the deadline may have been sent nonetheless.
        let late = |_| Err(BusError::OutcomeUnknown("no answer by the call's deadline".to_owned()));
        let sent = timeout(waiter.envelope().deadline.remaining(), self.bus.send(entry)).await;
        self.meters.sent(begun.elapsed());
        match sent.unwrap_or_else(late) {
            // From here some host answers: this one, another one, or the one that finds it dead.
            Ok(rate) => {
                self.tell_stage(waiter.envelope(), || Stage::Accepted);
                Ok((waiter, rate))
            }
            Err(BusError::OutcomeUnknown(_)) => Ok((waiter, None)),
            Err(error) => {
                waiter.forget();
                Err(error.into())
            }
        }
    }

    /// Accepts a call within its own time: its skill may have to be fetched and compiled first, which uses up none
    /// of a job's.
    async fn accept_in_time(&self, id: CallId, request: &CallRequest) -> Result<Entry, Fault> {
        let own = request.timeout.filter(|_| request.job.is_none());
        let time = own.unwrap_or(self.ceiling.wall.0);
        let late = |_| Err(Fault::deadline("the call's time was over before it could be sent"));
        timeout(time, self.accept(id, request)).await.unwrap_or_else(late)
    }

    /// Whether the call can be sent at all, and with what bounds.
    async fn accept(&self, id: CallId, request: &CallRequest) -> Result<Entry, Fault> {
        let asked = UnixMs::now();
        let (resolved, tool) = self.check(request).await?;
        let limits = resolved.permit.limits();
        let accepted = UnixMs::now();
        let (deadline, run_ms) = self.times(request, asked, limits.wall.0);
        let trial = self.pass_breaker(id, &request.to, deadline).await?;
        let envelope = Envelope {
            id,
            trace: request.trace.clone(),
            from: self.bus.incarnation(),
            to: Target { tool, ..request.to.clone() },
            lane: request.lane,
            accepted,
            deadline,
            run_ms,
            attempt: request.job.map_or(1, |attempt| attempt.number),
            job: request.job.map(|attempt| attempt.job),
            idempotency_key: request.idempotency_key.clone(),
            chain: request.chain.clone(),
            session: request.session,
            trial,
            revision: self.registry.revisions().seen(),
        };
        let (concurrency, waiting) = (limits.concurrency, limits.waiting);
        let (payload, charges) = (request.input.clone(), self.settings.quotas.charges(request));
        Ok(Entry { envelope, payload, concurrency, waiting, charges })
    }

    /// When a call ends, done or not: by its caller's time since it was asked for, else by its skill's, `wall`,
    /// which fetching and compiling it don't use up. Nobody waits for a job: its time runs from its turn on.
    fn times(&self, request: &CallRequest, asked: UnixMs, wall: Duration) -> (UnixMs, Option<u64>) {
        let own = request.timeout.map(|timeout| timeout.min(self.ceiling.wall.0));
        if let Some(attempt) = request.job {
            return job_times(attempt, own.unwrap_or(wall));
        }
        (own.map_or_else(|| UnixMs::now().after(wall), |own| asked.after(own)), None)
    }

    /// What a request names, if it can be served at all.
    pub(crate) async fn check(
        &self,
        request: &CallRequest,
    ) -> Result<(Arc<Resolved>, Option<ToolName>), Fault> {
        self.open(request.depth())?;
        depth_fits(request)?;
        self.registry.revisions().confirm(0).await?;
        self.within(&request.to.domain).await?;
        let found = match self.find(request).await {
            // Another host may have changed the skill a moment ago: a refusal doesn't rest on old knowledge.
            Err(_) => {
                self.registry.revisions().refresh().await?;
                self.find(request).await
            }
            found => found,
        };
        let (resolved, tool) = found?;
        session_fits(&resolved, request)?;
        input_fits(request.input.len(), resolved.permit.limits())?;
        Ok((resolved, tool))
    }

    /// Whether this host still takes calls of this depth. While it stops, the calls that it has may still
    /// make the calls that they need.
    pub(crate) fn open(&self, depth: usize) -> Result<(), Fault> {
        if depth == 0 && self.draining.load(Ordering::Acquire) {
            return Err(Fault::unavailable(
                "this host is stopping: call another, or try again when it is back",
            ));
        }
        self.auditor.room()
    }

    async fn find(&self, request: &CallRequest) -> Result<(Arc<Resolved>, Option<ToolName>), Fault> {
        let CallRequest { to, session, chain, .. } = request;
        let resolved = self.named(to, *session, chain.first()).await?;
        // Which version a session of another host runs, that host knows.
        let tool = match session {
            Some(id) if id.host != self.bus.incarnation() => to.tool.clone(),
            _ => Some(tool_of(&resolved, to.tool.as_ref())?),
        };
        Ok((resolved, tool))
    }

    /// What a call runs: what its session was opened with, if that is held here, else what its target names
    /// now.
    async fn named(
        &self,
        to: &Target,
        session: Option<SessionId>,
        origin: Option<&Principal>,
    ) -> Result<Arc<Resolved>, Fault> {
        match session.filter(|id| id.host == self.bus.incarnation()) {
            Some(id) => self.session_opened(id, to, origin).await,
            None => self.registry.resolve(to).await,
        }
    }

    /// Serves one delivery, from the bus back to the bus, as of the revision that was announced by then.
    pub(crate) async fn serve(self: Arc<Self>, delivery: Delivery, place: Place, announced: u64) {
        let (envelope, host) = (&delivery.envelope, self.bus.incarnation());
        let (trace, to) = (envelope.trace.as_ref(), &envelope.to);
        drop(step!(below(trace), "queue", started_ms = envelope.accepted.0));
        let here =
            step!(below(trace), "serve", call = %envelope.id, %host, domain = %to.domain, skill = %to.skill);
        let span = here.span.clone();
        let served = async {
            // A delivery that isn't settled keeps its place for ever, so not even a defect may skip that.
            let dispatch = AssertUnwindSafe(self.dispatch(&delivery, &here, place, announced));
            let defect =
                |_| Err(Fault::internal("the host broke while it served the call: a defect of Skep"));
            let served = dispatch.catch_unwind().await.unwrap_or_else(defect).unwrap_or_else(Served::nothing);
            here.ends(&served.report.outcome);
            let settle = step!(here.below(), "settle");
            self.settle(delivery, served).instrument(settle.span.clone()).await;
        };
        served.instrument(span).await;
    }

    /// Resolves the call as of a confirmed revision and runs it under the permit found there.
    async fn dispatch(
        self: &Arc<Self>,
        delivery: &Delivery,
        here: &Here,
        place: Place,
        announced: u64,
    ) -> Result<Served, Fault> {
        let envelope = &delivery.envelope;
        if envelope.deadline.remaining().is_zero() {
            return Err(Fault::deadline("the call's time was over before a host was free to start it"));
        }
        let waited = turn::waited(envelope);
        ends(envelope, waited)?;
        let started = self.running.start(envelope.id, envelope.chain.first());
        let resolve = step!(here.below(), "resolve");
        let resolved = self.resolve(envelope, announced, &started).instrument(resolve.span.clone()).await?;
        drop(resolve);
        self.meters.of(&envelope.to.domain, &envelope.to.skill).waited(waited);
        // Fetching and compiling it uses up none of its time, but what comes too late is not begun.
        let deadline = ends(envelope, turn::waited(envelope))?;
        if deadline.remaining().is_zero() {
            return Err(Fault::deadline("the call's time was over before the skill was ready to run"));
        }
        let tool = tool_of(&resolved, envelope.to.tool.as_ref())?;
        let call = Call {
            id: envelope.id,
            attempt: envelope.attempt,
            deadline,
            chain: envelope.chain.clone(),
            idempotency_key: envelope.idempotency_key.clone(),
            session: envelope.session,
            tool,
            input: delivery.payload.clone(),
            config: resolved.config.clone(),
        };
        self.tell_stage(envelope, || Stage::Started {
            host: self.bus.incarnation(),
            version: resolved.version.clone(),
        });
        let run = step!(here.below(), "run", tool = %call.tool, version = %resolved.version);
        let services = Arc::new(CallServices::new(
            Router(self.clone()),
            Envelope { deadline, ..envelope.clone() },
            run.trace.clone(),
            place,
            resolved.permit.limits().into(),
            started.asked(),
        ));
        let running = async {
            if keeps_session(&resolved, envelope) {
                return self.run_in_session(envelope, &resolved, call, services).await;
            }
            let report = self.sandbox.run(&resolved.prepared, &resolved.permit, call, services).await;
            Ok(Served { report, resolved: Some(resolved.clone()), session: None })
        };
        tokio::select! {
            served = running.instrument(run.span.clone()) => served,
            // Dropping the run stops it, a busy loop too.
            fault = started.stopped() => {
                Ok(Served { resolved: Some(resolved.clone()), ..Served::nothing(fault) })
            }
        }
    }

    /// Resolves until nothing was revoked meanwhile: a revoke that came before this returns is seen here,
    /// one that comes later finds the permit in `started`. A version that was replaced while it was
    /// prepared serves this call all the same, or calls would starve where versions come fast.
    async fn resolve(
        &self,
        envelope: &Envelope,
        announced: u64,
        started: &Started<'_>,
    ) -> Result<Arc<Resolved>, Fault> {
        let revisions = self.registry.revisions();
        for _ in 0..RESOLVE_RACES_MAX {
            revisions.confirm(envelope.revision.max(announced)).await?;
            let seen = revisions.seen();
            let resolved = self.named(&envelope.to, envelope.session, envelope.chain.first()).await?;
            started.runs(&envelope.to, &resolved);
            if revisions.seen() == seen || self.may_run_on(&envelope.to, &resolved).await? {
                return Ok(resolved);
            }
        }
        Err(Fault::unavailable("the skill's grants change faster than it can be resolved: try again"))
    }

    async fn may_run_on(&self, to: &Target, resolved: &Resolved) -> Result<bool, Fault> {
        let standing = self.registry.standing(&to.domain, &to.skill).await?;
        Ok(standing.lets_run(&resolved.permit))
    }

    /// Answers, acknowledges and records in one step.
    pub(crate) async fn settle(&self, delivery: Delivery, served: Served) {
        let Served { report, resolved, session } = served;
        let resolved = resolved.as_deref();
        let reply = Reply {
            id: delivery.envelope.id,
            outcome: report.outcome,
            logs: report.logs,
            usage: report.usage,
            served_by: Some(self.bus.incarnation()),
            digest: resolved.map(|r| r.digest),
            version: resolved.map(|r| r.version.clone()),
            session,
            rate: None,
        };
        if resolved.is_some() {
            let to = &delivery.envelope.to;
            self.meters.of(&to.domain, &to.skill).ran(Duration::from_micros(reply.usage.wall_us));
        }
        self.note_reply(&delivery.envelope, &reply, resolved).await;
        let event = crate::audit::call_event(&delivery, &reply, resolved);
        self.auditor.settle(delivery, reply, &event).await;
    }

    /// Records what was not accepted, with bounds for those who flood.
    pub(crate) async fn record_refusal(&self, event: AuditEvent) {
        self.auditor.note(&event);
        if self.refusals.note(&event) {
            self.auditor.push_counted(&event).await;
        }
    }

    /// Answers a call that was not accepted.
    pub(crate) async fn refuse(&self, id: CallId, request: &CallRequest, refused: Refused) -> Reply {
        let Refused { fault, rate } = refused;
        self.record_refusal(crate::audit::refusal_event(Some(id), request, &fault)).await;
        Reply { rate, ..Reply::unserved(id, Err(fault)) }
    }
}
