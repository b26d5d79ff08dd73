//! The laws that the events of a job obey, whatever the schedule, and how it must stand after them.

use skep_core::{Job, JobEvent, JobState, JobStep};

/// How a job stands after its events.
#[derive(Debug, Default)]
pub(crate) struct Life {
    state: Option<JobState>,
    starts: u32,
    starts_before: u32,
    failures: u32,
    interruptions: u32,
    cancelling: bool,
}

/// Whether these are all events of this job, each allowed where it stands.
pub(crate) fn check(job: &Job, events: &[JobEvent]) -> Result<(), String> {
    let mut life = Life::default();
    for (event, seq) in events.iter().zip(1..) {
        if event.seq != seq {
            return Err(format!("event {seq} is numbered {}", event.seq));
        }
        life.next(event).map_err(|why| format!("event {seq}: {:?} {why}", event.step))?;
    }
    life.fits(job).map_err(|why| format!("{why}: {job:?} after {life:?}"))
}

impl Life {
    fn next(&mut self, event: &JobEvent) -> Result<(), String> {
        use JobState::{Cancelled, Dead, Done, Running, Waiting};
        let next = match (self.state, event.step) {
            (None, JobStep::Accepted) => Waiting,
            (Some(Waiting), JobStep::Started) if !self.cancelling => {
                self.starts += 1;
                Running
            }
            (Some(Running), JobStep::Failed | JobStep::Interrupted | JobStep::Deferred) => {
                if self.cancelling {
                    return Err("though somebody wanted it stopped".to_owned());
                }
                self.failures += u32::from(event.step == JobStep::Failed);
                self.interruptions += u32::from(event.step == JobStep::Interrupted);
                Waiting
            }
            (Some(Running), JobStep::Cancelling) if !self.cancelling => {
                self.cancelling = true;
                Running
            }
            (Some(Running), JobStep::Done) => Done,
            (Some(Running), JobStep::Dead) => Dead,
            (Some(Waiting | Running), JobStep::Cancelled) => Cancelled,
            (Some(Dead), JobStep::Retried) => {
                (self.failures, self.interruptions, self.cancelling) = (0, 0, false);
                self.starts_before = self.starts;
                Waiting
            }
            (state, _) => return Err(format!("of a job that is {state:?}")),
        };
        self.state = Some(next);
        match event.attempt == self.starts {
            true => Ok(()),
            false => Err(format!("in attempt {}, not {}", event.attempt, self.starts)),
        }
    }

    fn fits(&self, job: &Job) -> Result<(), &'static str> {
        let running = job.state == JobState::Running;
        let done = job.state == JobState::Done;
        // A dead letter doesn't tell what it died of.
        let died = u32::from(job.state == JobState::Dead);
        let setbacks = self.failures + self.interruptions;
        let laws = [
            (self.state == Some(job.state), "another state"),
            (self.starts == job.attempt, "another number of attempts"),
            (self.starts_before == job.attempts_before, "another number of attempts before it was retried"),
            (job.fence >= u64::from(job.attempt), "a start that raised no fence"),
            (job.failures >= self.failures && job.interruptions >= self.interruptions, "fewer setbacks"),
            (job.failures + job.interruptions <= setbacks + died, "more setbacks"),
            (job.cancelling == self.cancelling, "wanted and unwanted"),
            (job.host.is_some() == running, "a host has what runs, and nothing else"),
            (job.ended.is_some() == job.state.is_over(), "an end has what is over, and nothing else"),
            (matches!(job.result, Some(Ok(_))) == done, "an output has what is done, and nothing else"),
        ];
        laws.into_iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, law)| Err(law))
    }
}
