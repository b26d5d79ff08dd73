//! A world of hosts that share a store: each step is done to the store and to the reference, and both must agree.

use crate::life;
use crate::reference::{Created, Reference, without_output};
use crate::schedule::{CALLERS, Draft, HOSTS, How, SKILLS, Step};
use bytes::Bytes;
use skep_core::{
    DomainName, Fault, FaultCode, Incarnation, Job, JobEnd, JobId, Lane, NewJob, Principal, Setback, Target,
    UnixMs,
};
use skep_store::{Ending, JobFilter, JobRoom, Queue, Store, StoreError, Wanted};
use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// So little that it is filled often.
const ROOM: JobRoom = JobRoom { skill: 5, domain: 10 };
const START: UnixMs = UnixMs(1_000_000_000_000);

/// What a host believes.
struct Host {
    me: Incarnation,
    held: Vec<Job>,
    unanswered: Vec<Vec<Ending>>,
}

pub(crate) struct World<'a> {
    store: &'a Store,
    domain: DomainName,
    now: UnixMs,
    hosts: Vec<Host>,
    /// All hosts that ever were.
    graves: Vec<Incarnation>,
    batches: Vec<Vec<NewJob>>,
    looks: Vec<(Incarnation, u64, Vec<Job>)>,
    reference: Reference,
    changes: u64,
}

fn same<T: PartialEq + Debug>(what: &str, store: T, model: T) -> Result<(), String> {
    match store == model {
        true => Ok(()),
        false => Err(format!("{what}: the store says {store:#?}, the model {model:#?}")),
    }
}

fn told(error: StoreError) -> String {
    format!("the store fails: {error}")
}

/// Counted round what there is.
fn pick<T>(of: &[T], number: usize) -> Option<&T> {
    of.get(number % of.len().max(1))
}

impl<'a> World<'a> {
    /// Runs a schedule and then lets all jobs come to an end; says how often something happened to one.
    pub(crate) async fn run(store: &'a Store, steps: &[Step]) -> Result<u64, String> {
        static WORLDS: AtomicU64 = AtomicU64::new(0);
        let domain = format!("world-{}", WORLDS.fetch_add(1, Ordering::Relaxed)).parse().unwrap();
        let mut world = World {
            store,
            domain,
            now: START,
            hosts: Vec::new(),
            graves: Vec::new(),
            batches: Vec::new(),
            looks: Vec::new(),
            reference: Reference::default(),
            changes: 0,
        };
        (0..HOSTS).for_each(|_| world.hosts.push(Host::new()));
        for step in steps {
            world.step(step).await?;
            world.agree().await.map_err(|why| format!("after {step:?}: {why}"))?;
        }
        world.finish().await?;
        Ok(world.changes)
    }

    async fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Create(drafts) => {
                let batch: Vec<_> = drafts.iter().map(|draft| self.job(draft)).collect();
                self.batches.push(batch.clone());
                self.create(&batch).await
            }
            Step::CreateAgain(number) => match pick(&self.batches, *number).cloned() {
                Some(batch) => self.create(&batch).await,
                None => Ok(()),
            },
            Step::Claim { host, wanted, lost } => self.claim(*host % HOSTS, wanted, *lost).await,
            Step::End { host, how, lost } => self.end(*host % HOSTS, how, *lost).await,
            Step::EndAgain(host) => match self.hosts[*host % HOSTS].unanswered.last().cloned() {
                Some(endings) => self.store_end(&endings).await,
                None => Ok(()),
            },
            Step::GiveBack(host) => self.give_back(*host % HOSTS).await,
            Step::Beat(host) => {
                let host = self.hosts[*host % HOSTS].me;
                *self.reference.beats.entry(host).or_default() += 1;
                self.store.job_host_beat(host).await.map_err(told)
            }
            Step::Die(host) => {
                let dead = std::mem::replace(&mut self.hosts[*host % HOSTS], Host::new());
                self.graves.push(dead.me);
                Ok(())
            }
            Step::Look(number) => {
                let all: Vec<_> = self.hosts.iter().map(|host| host.me).chain(self.graves.clone()).collect();
                let host = all[*number % all.len()];
                let (beats, look) = (self.beats(host).await?, self.look(host).await?);
                self.looks.push((host, beats, look));
                Ok(())
            }
            Step::Release { look, chance } => match pick(&self.looks, *look).cloned() {
                Some((host, beats, jobs)) => self.release(host, beats, &jobs, *chance).await,
                None => Ok(()),
            },
            Step::Cancel(number) => self.govern(*number, true).await,
            Step::Retry(number) => self.govern(*number, false).await,
            Step::Pass(ms) => {
                self.now.0 += ms;
                Ok(())
            }
            Step::Forget(ms) => self.forget(UnixMs(self.now.0 - ms)).await,
        }
    }

    async fn create(&mut self, batch: &[NewJob]) -> Result<(), String> {
        let outcomes = self.store.jobs_create(batch, &[], ROOM).await.map_err(told)?;
        for (new, outcome) in batch.iter().zip(outcomes) {
            let outcome = match outcome {
                Ok(job) => Created::Job(Box::new(job)),
                Err(StoreError::OtherWork { id, .. }) => Created::OtherWork(id),
                Err(StoreError::Full(_)) => Created::Full,
                Err(error) => return Err(told(error)),
            };
            same("a job that is submitted", outcome, self.reference.create(new, ROOM))?;
        }
        Ok(())
    }

    async fn claim(
        &mut self,
        host: usize,
        wanted: &[(usize, Lane, usize)],
        lost: bool,
    ) -> Result<(), String> {
        let wanted: Vec<_> = wanted
            .iter()
            .map(|&(skill, lane, count)| Wanted { queue: self.queue(skill), lane, count })
            .collect();
        let me = self.hosts[host].me;
        let taken = self.store.jobs_claim(me, &wanted, self.now).await.map_err(told)?;
        let expect = self.reference.claim(me, &wanted, self.now);
        same(
            "the jobs taken",
            taken.iter().map(|taken| &taken.job).collect(),
            expect.iter().collect::<Vec<_>>(),
        )?;
        for taken in &taken {
            same("the input", &taken.input, &self.reference.jobs[&taken.job.id].input)?;
        }
        if !lost {
            self.hosts[host].held.extend(expect);
        }
        Ok(())
    }

    /// Ends the first of what a host has, each in its way; one without a way is left for later.
    async fn end(&mut self, host: usize, how: &[Option<How>], lost: bool) -> Result<(), String> {
        let host = &mut self.hosts[host];
        let mut endings = Vec::new();
        for (place, how) in how.iter().take(host.held.len()).enumerate().rev() {
            if let Some(how) = how {
                let job = host.held.remove(place);
                let end = how.end(&job, self.now);
                endings.push(Ending { job, end, at: self.now });
            }
        }
        if lost {
            host.unanswered.push(endings.clone());
        }
        self.store_end(&endings).await
    }

    async fn store_end(&mut self, endings: &[Ending]) -> Result<(), String> {
        let held = self.store.jobs_end(endings).await.map_err(told)?;
        let expect = endings.iter().map(|ending| self.reference.end(ending)).collect();
        same("the ends that hold", held, expect)
    }

    async fn give_back(&mut self, host: usize) -> Result<(), String> {
        let host = &self.hosts[host];
        let mut lost = self.look(host.me).await?;
        lost.retain(|job| !host.held.iter().any(|held| (held.id, held.fence) == (job.id, job.fence)));
        let ending = |job: Job| Ending { end: How::Deferred.end(&job, self.now), at: self.now, job };
        let endings: Vec<_> = lost.into_iter().map(ending).collect();
        self.store_end(&endings).await
    }

    async fn look(&self, host: Incarnation) -> Result<Vec<Job>, String> {
        let held = self.store.jobs_held(host, None).await.map_err(told)?;
        same("the jobs of a host", &held, &self.reference.held(host))?;
        let mut stopping = self.store.jobs_cancelling(host).await.map_err(told)?;
        stopping.sort_unstable();
        let unwanted = held.iter().filter(|job| job.cancelling).map(|job| job.id);
        same("the jobs to stop", stopping, unwanted.collect())?;
        Ok(held)
    }

    async fn beats(&self, host: Incarnation) -> Result<u64, String> {
        let hosts = self.store.job_hosts().await.map_err(told)?;
        let beats = hosts.get(&host).copied().unwrap_or(0);
        same("how often a host has beaten", Some(&beats), self.reference.beats.get(&host).or(Some(&0)))?;
        Ok(beats)
    }

    async fn release(
        &mut self,
        host: Incarnation,
        beats: u64,
        jobs: &[Job],
        chance: f64,
    ) -> Result<(), String> {
        let released = self.store.jobs_release(host, beats, jobs, self.now, chance).await.map_err(told)?;
        let expect = self.reference.release(host, beats, jobs, self.now, chance);
        same("whether a host was still silent", released, expect)
    }

    async fn govern(&mut self, number: usize, cancel: bool) -> Result<(), String> {
        let ids: Vec<JobId> = self.reference.jobs.keys().copied().collect();
        let Some(&id) = pick(&ids, number) else { return Ok(()) };
        let (store, expect) = match cancel {
            true => {
                (self.store.job_cancel(&self.domain, id, self.now).await, self.reference.cancel(id, self.now))
            }
            false => {
                (self.store.job_retry(&self.domain, id, self.now).await, self.reference.retry(id, self.now))
            }
        };
        let outcome = match store {
            Ok(job) => Ok(job),
            Err(StoreError::JobState { state, .. }) => Err(state),
            Err(error) => return Err(told(error)),
        };
        same("what somebody wants", outcome, expect)
    }

    async fn forget(&mut self, before: UnixMs) -> Result<(), String> {
        while self.store.jobs_forget(before).await.map_err(told)? > 0 {}
        self.reference.forget(before);
        self.batches.retain(|batch| batch.iter().all(|new| self.reference.jobs.contains_key(&new.id)));
        Ok(())
    }

    /// Whether the store holds what the model says, and what happened obeys the laws.
    async fn agree(&mut self) -> Result<(), String> {
        let mut jobs = self.store.job_list(&self.domain, &JobFilter::default()).await.map_err(told)?;
        jobs.reverse();
        let expect = self.reference.jobs.values().map(|entry| without_output(&entry.job)).collect();
        same("the jobs", jobs, expect)?;
        let mut due = self.store.jobs_due().await.map_err(told)?;
        due.retain(|due| due.queue.domain == self.domain);
        due.sort_by(|a, b| a.queue.cmp(&b.queue));
        same("what waits", due, self.reference.due())?;
        for id in std::mem::take(&mut self.reference.touched) {
            let Some(entry) = self.reference.jobs.get(&id) else { continue };
            let events = self.store.job_events(&self.domain, id, 0, 1_000).await.map_err(told)?;
            same("the events", &events, &entry.events)?;
            let job = self.store.job_load(&self.domain, id).await.map_err(told)?;
            same("the job", job.as_ref(), Some(&entry.job))?;
            life::check(&entry.job, &events)?;
            self.changes += 1;
        }
        Ok(())
    }

    /// Takes from all hosts what they have and lets one run the rest: whatever was accepted must be over then.
    async fn finish(&mut self) -> Result<(), String> {
        let all: Vec<_> = self.hosts.iter().map(|host| host.me).chain(self.graves.clone()).collect();
        for host in all {
            let (beats, jobs) = (self.beats(host).await?, self.look(host).await?);
            self.release(host, beats, &jobs, 0.0).await?;
        }
        self.hosts[0] = Host::new();
        self.now.0 += 1_000_000;
        let everything: Vec<_> =
            (0..SKILLS.len()).flat_map(|skill| Lane::ALL.map(|lane| (skill, lane, 100))).collect();
        loop {
            // Of what may kill hosts it takes one at a time.
            self.claim(0, &everything, false).await?;
            let done = vec![Some(How::Done); self.hosts[0].held.len()];
            if done.is_empty() {
                break;
            }
            self.end(0, &done, false).await?;
        }
        self.reference.touched = self.reference.jobs.keys().copied().collect();
        self.agree().await.map_err(|why| format!("in the end: {why}"))?;
        let open = self.reference.jobs.values().find(|entry| !entry.job.state.is_over());
        same("a job that never ends", open.map(|entry| &entry.job), None)?;
        self.forget(UnixMs(self.now.0 + 1)).await?;
        self.agree().await.map_err(|why| format!("when all is forgotten: {why}"))
    }

    fn queue(&self, skill: usize) -> Queue {
        Queue { domain: self.domain.clone(), skill: SKILLS[skill].parse().unwrap() }
    }

    fn job(&self, draft: &Draft) -> NewJob {
        let Queue { domain, skill } = self.queue(draft.skill);
        let to = Target { domain, skill, version: None, tool: None };
        let caller = vec![Principal::Key(CALLERS[draft.caller].to_owned())];
        let due = UnixMs(self.now.0 + draft.due);
        let mut job = NewJob::new(to, Bytes::from(draft.input.to_string()), caller)
            .within(due, Duration::from_millis(draft.within));
        (job.terms.idempotent, job.terms.task) = (draft.idempotent, draft.task);
        let idempotency_key = draft.key.map(|key| key.to_string());
        NewJob { lane: draft.lane, idempotency_key, accepted: self.now, ..job }
    }
}

impl Host {
    fn new() -> Self {
        Self { me: Incarnation::fresh(), held: Vec::new(), unanswered: Vec::new() }
    }
}

impl How {
    pub(crate) fn end(self, job: &Job, now: UnixMs) -> JobEnd {
        let again = |setback, fault| job.set_back(setback, fault, now, 0.5);
        match self {
            // No two attempts have the same output.
            Self::Done => JobEnd::Done(Bytes::from(format!("[\"{}\", {}]", job.id, job.fence))),
            Self::Failed => again(Setback::Failed, Fault::unavailable("ä")),
            Self::Trapped => again(Setback::Failed, Fault::new(FaultCode::Trapped, "t")),
            Self::Deferred => again(Setback::Deferred, Fault::unavailable("d")),
            Self::Interrupted => again(Setback::Interrupted, Fault::interrupted("i")),
            Self::Cancelled => JobEnd::Cancelled,
        }
    }
}
