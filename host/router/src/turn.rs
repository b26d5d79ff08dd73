//! The time of an attempt at a job: it may wait for its turn, and then has all the time that it may run.

use crate::flow::Attempt;
use skep_core::{Envelope, Fault, Span, UnixMs, millis};
use std::time::Duration;

/// How long an attempt may wait for its turn.
const TURN_MAX: Duration = Duration::from_secs(30);

/// When an attempt that may run for so long is over in any case, and how long it may run in milliseconds.
pub(crate) fn job_times(attempt: Attempt, run: Duration) -> (UnixMs, Option<u64>) {
    let deadline = UnixMs::now().after(TURN_MAX).after(run).min(attempt.expires);
    (deadline, Some(millis(run)))
}

/// How long a call has been on its way, by this host's clock.
pub(crate) fn waited(envelope: &Envelope) -> Duration {
    Duration::from_millis(UnixMs::now().0.saturating_sub(envelope.accepted.0))
}

/// When what begins to run now must have ended, after it waited for so long. An attempt whose turn came too late
/// is put off rather than run with what is left of its time.
pub(crate) fn ends(envelope: &Envelope, waited: Duration) -> Result<UnixMs, Fault> {
    let Some(run_ms) = envelope.run_ms else { return Ok(envelope.deadline) };
    if waited > TURN_MAX {
        let most = Span(TURN_MAX);
        return Err(Fault::overloaded(format!(
            "the attempt's turn came more than {most} late: the skill has too much to do, takes too long to be made \
             ready, or the clocks of the hosts disagree"
        )));
    }
    Ok(envelope.deadline.min(UnixMs::now().after(Duration::from_millis(run_ms))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use skep_core::{CallId, Incarnation, JobId, Lane, Target};

    const RUN: Duration = Duration::from_secs(20);

    fn envelope(expires: Duration) -> Envelope {
        let attempt = Attempt { job: JobId::fresh(), number: 1, expires: UnixMs::now().after(expires) };
        let (deadline, run_ms) = job_times(attempt, RUN);
        Envelope {
            id: CallId::fresh(),
            trace: None,
            from: Incarnation::fresh(),
            to: Target {
                domain: Default::default(),
                skill: "slow".parse().unwrap(),
                version: None,
                tool: None,
            },
            lane: Lane::No,
            accepted: UnixMs::now(),
            deadline,
            run_ms,
            attempt: 1,
            job: Some(attempt.job),
            idempotency_key: None,
            chain: Vec::new(),
            session: None,
            trial: false,
            revision: 0,
        }
    }

    #[test]
    fn an_attempt_has_all_its_time_from_its_turn_on_or_is_put_off() {
        let long = envelope(Duration::from_secs(3600));
        let waited = ends(&long, TURN_MAX).unwrap();
        let left = waited.remaining();
        assert!(left <= RUN && left > RUN - Duration::from_secs(5), "{left:?}");
        let fault = ends(&long, TURN_MAX + Duration::from_millis(1)).unwrap_err();
        assert_eq!(fault.code, skep_core::FaultCode::Overloaded);
        // When the job's own time is over, so is the attempt's.
        let short = envelope(Duration::from_secs(7));
        assert_eq!(ends(&short, Duration::ZERO).unwrap(), short.deadline);
        assert!(short.deadline.remaining() <= Duration::from_secs(7));
    }

    #[test]
    fn a_call_ends_when_its_caller_says() {
        let call = Envelope { run_ms: None, ..envelope(Duration::from_secs(60)) };
        assert_eq!(ends(&call, TURN_MAX * 2).unwrap(), call.deadline);
    }
}
