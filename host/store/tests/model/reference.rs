//! The reference model: what jobs must be after anything that is done to them, as simply as it can be said.

use bytes::Bytes;
use skep_core::{
    Fault, INTERRUPTIONS_MAX, Incarnation, Job, JobEnd, JobEvent, JobId, JobState, JobStep, Lane, NewJob,
    Setback, UnixMs, spread,
};
use skep_store::{Ending, JobRoom, Queue, QueueDue, Wanted};
use std::collections::{BTreeMap, BTreeSet};

/// A job, and all that is told of it.
pub(crate) struct Entry {
    pub(crate) job: Job,
    pub(crate) events: Vec<JobEvent>,
    pub(crate) input: Bytes,
}

/// What must come of a job that is submitted.
#[derive(Debug, PartialEq)]
pub(crate) enum Created {
    Job(Box<Job>),
    OtherWork(JobId),
    Full,
}

#[derive(Default)]
pub(crate) struct Reference {
    pub(crate) jobs: BTreeMap<JobId, Entry>,
    /// Those that something happened to since this was emptied last.
    pub(crate) touched: BTreeSet<JobId>,
    /// How often each host has beaten.
    pub(crate) beats: BTreeMap<Incarnation, u64>,
}

impl Reference {
    fn tell(&mut self, id: JobId, at: UnixMs, step: JobStep, detail: String) {
        self.touched.insert(id);
        let Entry { job, events, .. } = self.jobs.get_mut(&id).unwrap();
        events.push(JobEvent { seq: events.len() as u64 + 1, at, step, attempt: job.attempt, detail });
    }

    pub(crate) fn create(&mut self, new: &NewJob, room: JobRoom) -> Created {
        if let Some(there) = self.jobs.get(&new.id) {
            return Created::Job(Box::new(without_output(&there.job)));
        }
        let key = (&new.idempotency_key, new.terms.chain.first());
        let same = |job: &Job| (&job.idempotency_key, job.terms.chain.first()) == key;
        let first = self.jobs.values().find(|entry| new.idempotency_key.is_some() && same(&entry.job));
        if let Some(Entry { job, input, .. }) = first {
            return match job.to == new.to && *input == new.input {
                true => Created::Job(Box::new(without_output(job))),
                false => Created::OtherWork(job.id),
            };
        }
        let waiting = |job: &&Entry| job.job.state == JobState::Waiting;
        let in_skill = self.jobs.values().filter(waiting).filter(|entry| entry.job.to.skill == new.to.skill);
        let in_domain = self.jobs.values().filter(waiting).count() as u64;
        if in_skill.count() as u64 >= room.skill || in_domain >= room.domain {
            return Created::Full;
        }
        let job = fresh(new);
        self.jobs.insert(new.id, Entry { job: job.clone(), events: Vec::new(), input: new.input.clone() });
        self.tell(new.id, new.accepted, JobStep::Accepted, String::new());
        Created::Job(Box::new(job))
    }

    pub(crate) fn claim(&mut self, host: Incarnation, wanted: &[Wanted], now: UnixMs) -> Vec<Job> {
        let mut taken = Vec::new();
        // Whose next host's death would be its last: of those a host has one at a time.
        let suspect = |job: &Job| job.interruptions + 1 >= INTERRUPTIONS_MAX;
        let mut has = self.jobs.values().any(|entry| entry.job.host.is_some() && suspect(&entry.job));
        for Wanted { queue, lane, count } in wanted {
            let is_due = |job: &Job| job.state == JobState::Waiting && job.due <= now && job.lane == *lane;
            let jobs = self.jobs.values().map(|entry| &entry.job);
            let due = jobs.filter(|job| Queue::of(&job.to) == *queue && is_due(job));
            let mut due: Vec<_> = due.map(|job| (job.due, job.id)).collect();
            due.sort_unstable();
            let due = due.into_iter().map(|(_, id)| id);
            let may = due.filter(|id| !suspect(&self.jobs[id].job) || !std::mem::replace(&mut has, true));
            taken.extend(may.take(*count));
        }
        for id in &taken {
            let job = &mut self.jobs.get_mut(id).unwrap().job;
            (job.state, job.host) = (JobState::Running, Some(host));
            (job.attempt, job.fence) = (job.attempt + 1, job.fence + 1);
            self.tell(*id, now, JobStep::Started, host.to_string());
        }
        let mut jobs: Vec<_> = taken.iter().map(|id| self.jobs[id].job.clone()).collect();
        jobs.sort_by_key(|job| (Lane::ALL.iter().position(|lane| *lane == job.lane), job.due, job.id));
        jobs
    }

    /// Whether the end holds.
    pub(crate) fn end(&mut self, Ending { job, end, at }: &Ending) -> bool {
        let now = self.jobs.get(&job.id).map(|entry| entry.job.clone());
        let Some(now) = now.filter(|now| now.fence == job.fence) else { return false };
        if now.state == JobState::Running {
            let unwanted = now.cancelling && matches!(end, JobEnd::Again(..));
            self.close(job.id, if unwanted { JobEnd::Cancelled } else { end.clone() }, *at);
        }
        true
    }

    /// Whether the host hasn't beaten since it was looked at.
    pub(crate) fn release(
        &mut self,
        host: Incarnation,
        beats: u64,
        seen: &[Job],
        now: UnixMs,
        chance: f64,
    ) -> bool {
        if !seen.is_empty() && self.beats.get(&host).is_some_and(|now| *now != beats) {
            return false;
        }
        for (nth, seen) in seen.iter().enumerate() {
            let Some(job) = self.jobs.get(&seen.id).map(|entry| entry.job.clone()) else { continue };
            if job.host == Some(host) && job.fence == seen.fence {
                let fault = Fault::interrupted(format!("host {host} died while it had the job"));
                self.close(job.id, job.set_back(Setback::Interrupted, fault, now, spread(chance, nth)), now);
                self.jobs.get_mut(&job.id).unwrap().job.fence += 1;
            }
        }
        true
    }

    fn close(&mut self, id: JobId, end: JobEnd, at: UnixMs) {
        let job = &mut self.jobs.get_mut(&id).unwrap().job;
        job.host = None;
        if let JobEnd::Again(setback, ..) | JobEnd::Dead(setback, _) = &end {
            job.failures += u32::from(*setback == Setback::Failed);
            job.interruptions += u32::from(*setback == Setback::Interrupted);
        }
        let (state, step, result) = match end {
            JobEnd::Done(output) => (JobState::Done, JobStep::Done, Some(Ok(output))),
            JobEnd::Dead(_, fault) => (JobState::Dead, JobStep::Dead, Some(Err(fault))),
            JobEnd::Cancelled => (JobState::Cancelled, JobStep::Cancelled, None),
            JobEnd::Again(setback, fault, due) => {
                job.due = due;
                (JobState::Waiting, setback.step(), Some(Err(fault)))
            }
        };
        job.ended = state.is_over().then_some(at);
        (job.state, job.result) = (state, result);
        let fault = job.result.as_ref().and_then(|result| result.as_ref().err());
        let detail = fault.map(ToString::to_string).unwrap_or_default();
        self.tell(id, at, step, detail);
    }

    /// The job as it stands then, or the state for which that is refused.
    pub(crate) fn cancel(&mut self, id: JobId, now: UnixMs) -> Result<Job, JobState> {
        let job = &mut self.jobs.get_mut(&id).unwrap().job;
        match job.state {
            JobState::Waiting => {
                (job.state, job.ended) = (JobState::Cancelled, Some(now));
                self.tell(id, now, JobStep::Cancelled, String::new());
            }
            JobState::Running if job.cancelling => {}
            JobState::Running => {
                job.cancelling = true;
                self.tell(id, now, JobStep::Cancelling, String::new());
            }
            over => return Err(over),
        }
        Ok(self.jobs[&id].job.clone())
    }

    pub(crate) fn retry(&mut self, id: JobId, now: UnixMs) -> Result<Job, JobState> {
        let job = &mut self.jobs.get_mut(&id).unwrap().job;
        if job.state != JobState::Dead || job.terms.task {
            return Err(job.state);
        }
        let life = job.terms.within_ms;
        (job.state, job.due, job.expires) = (JobState::Waiting, now, UnixMs(now.0 + life));
        (job.failures, job.interruptions, job.cancelling, job.ended) = (0, 0, false, None);
        job.attempts_before = job.attempt;
        self.tell(id, now, JobStep::Retried, String::new());
        Ok(self.jobs[&id].job.clone())
    }

    pub(crate) fn forget(&mut self, before: UnixMs) {
        self.jobs.retain(|_, entry| entry.job.ended.is_none_or(|ended| ended >= before));
    }

    pub(crate) fn held(&self, host: Incarnation) -> Vec<Job> {
        let jobs = self.jobs.values().map(|entry| &entry.job);
        jobs.filter(|job| job.host == Some(host)).cloned().collect()
    }

    /// The queues in which jobs wait, in order.
    pub(crate) fn due(&self) -> Vec<QueueDue> {
        let mut queues = BTreeMap::<Queue, QueueDue>::new();
        for Entry { job, .. } in self.jobs.values().filter(|entry| entry.job.state == JobState::Waiting) {
            let queue = Queue::of(&job.to);
            let none = QueueDue { queue: queue.clone(), waiting: 0, due: [None; 3] };
            let due = queues.entry(queue).or_insert(none);
            due.waiting += 1;
            let lane = Lane::ALL.iter().position(|lane| *lane == job.lane).unwrap();
            due.due[lane] = Some(due.due[lane].map_or(job.due, |first| first.min(job.due)));
        }
        queues.into_values().collect()
    }
}

/// A job as it is told to those who didn't ask for its output.
pub(crate) fn without_output(job: &Job) -> Job {
    let result = job.result.clone().filter(Result::is_err);
    Job { result, ..job.clone() }
}

fn fresh(new: &NewJob) -> Job {
    Job {
        id: new.id,
        to: new.to.clone(),
        lane: new.lane,
        state: JobState::Waiting,
        accepted: new.accepted,
        due: new.due,
        expires: new.expires,
        attempt: 0,
        attempts_before: 0,
        fence: 0,
        failures: 0,
        interruptions: 0,
        host: None,
        cancelling: false,
        ended: None,
        idempotency_key: new.idempotency_key.clone(),
        result: None,
        terms: new.terms.clone(),
    }
}
