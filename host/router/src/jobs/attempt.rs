//! One attempt at a job: an ordinary call, and what it comes to.

use crate::flow::{Asked, Attempt};
use crate::steps::{below, by, step};
use crate::waiting::NoReply;
use crate::{CallRequest, Inner};
use skep_core::{
    CallId, ClaimedJob, Fault, FaultCode, Job, JobEnd, KeyId, Principal, Reply, Setback, Trace, UnixMs,
};
use skep_store::{Ending, JOB_BYTES_MAX};
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
        let end = tokio::select! {
            end = self.run_job(&claimed, trace).instrument(here.span.clone()) => end,
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
        if job.expires <= UnixMs::now() {
            let fault = Fault::deadline("the job's time was over before it could be started");
            return set_back(job, Setback::Deferred, fault);
        }
        if let Err(fault) = self.may_still_ask(job).await {
            return judge(job, fault, Fate::Refused);
        }
        let request = Self::request(claimed, trace);
        let id = CallId::fresh();
        match self.try_ask(id, &request).await {
            Asked::Answered(Reply { outcome: Ok(output), .. }) => done(job, output.as_bytes().clone()),
            Asked::Answered(Reply { outcome: Err(fault), version, .. }) => {
                judge(job, fault, if version.is_some() { Fate::Ran } else { Fate::Refused })
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

    /// Whether who asked still may: a key that was revoked since runs nothing.
    async fn may_still_ask(&self, job: &Job) -> Result<(), Fault> {
        let Some(Principal::Key(id)) = job.terms.chain.first() else { return Ok(()) };
        let Ok(id) = id.parse::<KeyId>() else { return Ok(()) };
        match self.store.key_load(&id).await.map_err(crate::keys::fault)? {
            Some(_) => Ok(()),
            None => Err(Fault::denied("the API key that the job was submitted with was revoked")),
        }
    }
}

/// Whether the job's code ran at all.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Ran,
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

/// What a fault means for the job.
fn judge(job: &Job, fault: Fault, fate: Fate) -> JobEnd {
    let setback = match (fault.code, fate) {
        (FaultCode::Interrupted, _) => Setback::Interrupted,
        // What could not be asked, or was stopped with its host: it runs elsewhere, or is refused for good there.
        (FaultCode::Unavailable | FaultCode::Overloaded | FaultCode::Cancelled, _) => Setback::Deferred,
        (FaultCode::Deadline, Fate::Refused) => Setback::Deferred,
        _ => Setback::Failed,
    };
    set_back(job, setback, fault)
}

/// The end of an attempt that came to nothing, as of now.
pub(super) fn set_back(job: &Job, setback: Setback, fault: Fault) -> JobEnd {
    job.set_back(setback, fault, UnixMs::now(), rand::random())
}
