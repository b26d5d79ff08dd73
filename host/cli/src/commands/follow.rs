//! `--follow`: tells what happens to a job until it is over, though its host is started again meanwhile.

use super::{call, job};
use crate::args::Place;
use crate::client::ANSWER_MAX;
use crate::connect::Session;
use crate::failure::Failure;
use crate::show;
use skep_api::types::{JobEventPage, JobInfo};
use skep_core::{Fault, FaultCode, JobId, JobState, Span};
use std::time::{Duration, Instant};

/// How long one request waits for what happens next.
const WAIT: Duration = Duration::from_secs(20);
/// How long a host may be away: time enough to start it again.
const AWAY_MAX: Duration = Duration::from_secs(30);
/// How often to look whether it is back.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Tells what happens to a job; once it is over, ends as `skep call` does.
pub(super) async fn follow(session: &Session, place: &Place, id: JobId) -> Result<(), Failure> {
    let (client, named) = (&session.client, id.to_string());
    let mut since = 0;
    loop {
        let page = patiently(id, async || next(session, &named, since).await).await?;
        for event in &page.events {
            since = event.seq;
            eprintln!("{}", show::plain(&job::told(event)));
        }
        if page.over {
            let job: JobInfo = patiently(id, async || client.get(&["jobs", &named], &[]).await).await?;
            if let Some(end) = end(place, &job) {
                return end;
            }
        } else if page.events.is_empty() && !session.runs_jobs {
            return Err(Fault::unavailable(unattended(id)).into());
        }
    }
}

/// What to know of a job that nobody will run for now.
pub(super) fn unattended(id: JobId) -> String {
    format!("job {id} is accepted; no host runs: `skep serve` does it")
}

/// What happens next. It isn't waited for where nothing will.
async fn next(session: &Session, id: &str, since: u64) -> Result<JobEventPage, Failure> {
    let wait = if session.runs_jobs { WAIT } else { Duration::ZERO };
    let query = [("since", since.to_string()), ("wait", Span(wait).to_string())];
    session.client.get_within(wait + ANSWER_MAX, &["jobs", id, "events"], &query).await
}

/// Asks again while the host is away, for so long.
async fn patiently<T>(id: JobId, ask: impl AsyncFn() -> Result<T, Failure>) -> Result<T, Failure> {
    let mut until = None;
    loop {
        let fault = match ask().await {
            Err(Failure::Fault(fault)) if fault.code == FaultCode::Unavailable => fault,
            answer => return answer,
        };
        if until.is_none() {
            let note = format!("{}: looking again for {}", fault.message, Span(AWAY_MAX));
            eprintln!("{}", show::plain(&note));
        }
        if Instant::now() >= *until.get_or_insert_with(|| Instant::now() + AWAY_MAX) {
            let words = format!("{}: `skep job {id} --follow` goes on", fault.message);
            return Err(Fault::unavailable(words).into());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// What a job came to; none if it was tried again meanwhile.
fn end(place: &Place, job: &JobInfo) -> Option<Result<(), Failure>> {
    Some(match job.state {
        JobState::Waiting | JobState::Running => return None,
        JobState::Done if place.json => show::json(job),
        JobState::Done => job.output.as_ref().map_or(Ok(()), |output| call::output(output.get())),
        JobState::Dead => Err(dead(job).into()),
        JobState::Cancelled => Err(Fault::cancelled("the job was cancelled").into()),
    })
}

fn dead(job: &JobInfo) -> Fault {
    let (code, why) = match &job.fault {
        Some(fault) => (fault.code, fault.message.as_str()),
        None => (FaultCode::Internal, "a dead letter without a fault"),
    };
    Fault::new(code, format!("{why}; once that is mended, `skep retry {}` tries it again", job.id))
}
