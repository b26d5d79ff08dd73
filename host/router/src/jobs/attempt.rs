//! One attempt at a job: an ordinary call, and what it comes to.

use crate::flow::{Asked, Attempt};
use crate::keys::{fault, terms};
use crate::steps::{below, by, step};
use crate::waiting::NoReply;
use crate::{CallRequest, Inner};
use futures::FutureExt;
use skep_core::{
    CallId, ClaimedJob, Fault, FaultCode, Job, JobEnd, KeyId, Principal, Reply, Setback, Trace, UnixMs,
};
use skep_store::{Ending, JOB_BYTES_MAX};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

impl Inner {
    /// Runs a job once and hands in what that came to.
    pub(super) async fn attempt(self: Arc<Self>, claimed: ClaimedJob, cancel: CancellationToken) {
        let job = &claimed.job;
        let step = below(job.terms.trace.as_ref());
        let here = step!(step, "job", job = %job.id, attempt = job.attempt, by = by(&job.terms.chain));
        let trace = here.trace.clone();
        // A job whose end isn't told would be this host's for ever, so not even a defect may skip that.
        let run =
            AssertUnwindSafe(self.run_job(&claimed, trace)).catch_unwind().instrument(here.span.clone());
        let end = tokio::select! {
            end = run => end.unwrap_or_else(|_| set_back(job, Setback::Failed, defect())),
            () = cancel.cancelled() => JobEnd::Cancelled,
            () = self.receiving.cancelled() => {
                let fault = Fault::unavailable("the host that had the job stopped");
                set_back(job, Setback::Deferred, fault)
            }
        };
        let ending = Ending { job: claimed.job, end, at: UnixMs::now() };
        // Without anybody who takes it the host is gone, and the others find its jobs.
        let _ = self.jobs.endings.send(ending).await;
    }

    async fn run_job(self: &Arc<Self>, claimed: &ClaimedJob, trace: Option<Trace>) -> JobEnd {
        let job = &claimed.job;
        let (id, request) = (CallId::fresh(), Self::request(claimed, trace));
        let asked = match self.may_start(job).await {
            Ok(()) => self.try_ask(id, &request).await,
            Err(fault) => Asked::Refused(fault.into()),
        };
        match asked {
            Asked::Answered(Reply { outcome: Ok(output), .. }) => done(job, output.as_bytes().clone()),
            Asked::Answered(Reply { outcome: Err(fault), version, .. }) => {
                judge(job, fault, if version.is_some() { Fate::Ran } else { Fate::Sent })
            }
            Asked::Unanswered(NoReply::Late(fault) | NoReply::Lost(fault)) => {
                set_back(job, Setback::Deferred, fault)
            }
            Asked::Refused(refused) => {
                let end = judge(job, refused.fault.clone(), Fate::Refused);
                if let JobEnd::Dead(..) = end {
                    self.refuse(id, &request, refused).await;
                }
                end
            }
        }
    }

    fn request(claimed: &ClaimedJob, trace: Option<Trace>) -> CallRequest {
        let ClaimedJob { job, input } = claimed;
        CallRequest {
            to: job.to.clone(),
            input: input.clone(),
            chain: job.terms.chain.clone(),
            allowance: job.terms.allowance,
            timeout: job.terms.timeout_ms.map(Duration::from_millis),
            lane: job.lane,
            // Of one piece of work all attempts bear the same key, so that a skill can make its effect once.
            idempotency_key: Some(job.idempotency_key.clone().unwrap_or_else(|| job.id.to_string())),
            job: Some(Attempt { job: job.id, number: job.attempt, expires: job.expires }),
            session: None,
            trace,
            progress: None,
        }
    }

    /// Whether there is time left, and who asked still may: a key that was revoked or ended runs nothing.
    async fn may_start(&self, job: &Job) -> Result<(), Fault> {
        if job.expires <= UnixMs::now() {
            return Err(Fault::deadline("the job's time was over before it could be started"));
        }
        let Some(Principal::Key(id)) = job.terms.chain.first() else { return Ok(()) };
        let Ok(id) = id.parse::<KeyId>() else { return Ok(()) };
        let Some(row) = self.store.key_load(&id).await.map_err(fault)? else {
            return Err(Fault::denied("the API key that the job was submitted with was revoked"));
        };
        match terms(&row)?.are_over() {
            true => Err(Fault::denied("the API key that the job was submitted with has expired")),
            false => Ok(()),
        }
    }
}

/// How far an attempt came.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// The job's code ran.
    Ran,
    /// Some host had it; whether its code ran isn't known.
    Sent,
    /// It never left this host.
    Refused,
}

fn done(job: &Job, output: bytes::Bytes) -> JobEnd {
    if output.len() <= JOB_BYTES_MAX {
        return JobEnd::Done(output);
    }
    let most = JOB_BYTES_MAX;
    let message = format!("the result has {} bytes, and a job's may have {most}", output.len());
    set_back(job, Setback::Failed, Fault::new(FaultCode::LimitOutput, message))
}

fn defect() -> Fault {
    Fault::internal("the host broke while it had the job: a defect of Skep")
}

/// What a fault means for the job.
fn judge(job: &Job, fault: Fault, fate: Fate) -> JobEnd {
    let setback = match (fault.code, fate) {
        // What broke off before it was sent is no death of a host.
        (FaultCode::Interrupted, Fate::Refused) => Setback::Deferred,
        (FaultCode::Interrupted, _) => Setback::Interrupted,
        // What could not be asked, or was stopped with its host: it runs elsewhere, or is refused for good there.
        (FaultCode::Unavailable | FaultCode::Overloaded | FaultCode::Cancelled, _) => Setback::Deferred,
        (FaultCode::Deadline, Fate::Sent | Fate::Refused) => Setback::Deferred,
        // Something of this host's is broken; another's may not be.
        (FaultCode::Internal, Fate::Refused) => Setback::Deferred,
        _ => Setback::Failed,
    };
    set_back(job, setback, fault)
}

/// The end of an attempt that came to nothing, as of now.
pub(super) fn set_back(job: &Job, setback: Setback, fault: Fault) -> JobEnd {
    job.set_back(setback, fault, UnixMs::now(), rand::random())
}
