//! Many hosts at once on a real server, each doing whatever it likes: the same laws hold for what is left.

use crate::life;
use crate::schedule::{How, SKILLS};
use bytes::Bytes;
use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use skep_core::{DomainName, Incarnation, Job, JobEnd, JobId, Lane, NewJob, Principal, Target, UnixMs};
use skep_harness::MariaDb;
use skep_store::{Ending, JobFilter, JobRoom, Queue, Store, StoreError, Wanted};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::task::JoinSet;

const HOSTS: u64 = 8;
/// What each host does.
const STEPS: usize = 400;
const ROOM: JobRoom = JobRoom { skill: 1_000, domain: 10_000 };

/// What the hosts were told, outside of the store.
#[derive(Default)]
struct Ledger {
    accepted: Mutex<BTreeSet<JobId>>,
    /// The outputs of jobs that were told to be done.
    done: Mutex<BTreeMap<JobId, Vec<Bytes>>>,
    hosts: Mutex<BTreeSet<Incarnation>>,
}

/// A host that may die at any time, and then begins anew.
struct Racer {
    store: Store,
    ledger: Arc<Ledger>,
    rng: StdRng,
    me: Incarnation,
    held: Vec<Job>,
}

#[tokio::test(flavor = "multi_thread")]
async fn many_hosts_at_once_lose_no_job_on_mariadb() {
    let server = MariaDb::start().unwrap();
    let (url, ledger) = (server.url().parse().unwrap(), Arc::new(Ledger::default()));
    let mut hosts = JoinSet::new();
    for seed in 0..HOSTS {
        let (store, ledger) = (Store::open(&url).await.unwrap(), ledger.clone());
        hosts.spawn(async move {
            let mut racer = Racer::new(store, ledger, seed);
            for _ in 0..STEPS {
                racer.step().await.unwrap();
            }
        });
    }
    hosts.join_all().await;
    let store = Store::open(&url).await.unwrap();
    finish(&store, &ledger).await;
    judge(&store, &ledger).await;
}

/// Takes from all hosts what they have and runs what is left.
async fn finish(store: &Store, ledger: &Arc<Ledger>) {
    let (now, far) = (UnixMs::now(), UnixMs(UnixMs::now().0 + 3_600_000));
    let hosts = ledger.hosts.lock().clone();
    for host in hosts {
        let beats = beats(store, host).await.unwrap();
        let jobs = store.jobs_held(host, None).await.unwrap();
        assert!(store.jobs_release(host, beats, &jobs, now, 0.0).await.unwrap());
    }
    let mut last = Racer::new(store.clone(), ledger.clone(), HOSTS);
    while !store.jobs_due().await.unwrap().is_empty() {
        last.claim(far).await.unwrap();
        last.end(|_| How::Done).await.unwrap();
    }
}

async fn judge(store: &Store, ledger: &Ledger) {
    let (mut jobs, mut before) = (Vec::new(), None);
    loop {
        let page = store.job_list(&domain(), &JobFilter { before, ..JobFilter::default() }).await.unwrap();
        before = page.last().map(|job| job.id);
        for job in page {
            jobs.push(store.job_load(&domain(), job.id).await.unwrap().unwrap());
        }
        if before.is_none() {
            break;
        }
    }
    let there: BTreeSet<_> = jobs.iter().map(|job| job.id).collect();
    assert_eq!(there, *ledger.accepted.lock(), "what was accepted is there");
    let mut told = ledger.done.lock().clone();
    for job in &jobs {
        let events = store.job_events(&domain(), job.id, 0, 1_000).await.unwrap();
        life::check(job, &events).unwrap_or_else(|why| panic!("{why}: {events:#?}"));
        assert!(job.state.is_over(), "{job:?}");
        let output = job.result.clone().and_then(Result::ok);
        assert_eq!(told.remove(&job.id).unwrap_or_default(), Vec::from_iter(output), "{job:?}");
    }
    println!("{} jobs, {} starts", jobs.len(), jobs.iter().map(|job| job.attempt).sum::<u32>());
    assert!(jobs.iter().any(|job| job.fence > u64::from(job.attempt)), "nothing was taken from anybody");
}

impl Racer {
    fn new(store: Store, ledger: Arc<Ledger>, seed: u64) -> Self {
        let me = Incarnation::fresh();
        ledger.hosts.lock().insert(me);
        Self { store, ledger, rng: StdRng::seed_from_u64(seed), me, held: Vec::new() }
    }

    async fn step(&mut self) -> Result<(), StoreError> {
        let now = UnixMs::now();
        match self.rng.random_range(0..100) {
            0..25 => self.create().await,
            25..55 => self.claim(now).await,
            55..80 => {
                let ways =
                    [How::Done, How::Done, How::Failed, How::Deferred, How::Interrupted, How::Cancelled];
                let mut rng = StdRng::seed_from_u64(self.rng.random());
                self.end(|_| ways[rng.random_range(0..ways.len())]).await
            }
            // Some that are taken for dead aren't.
            80..86 => {
                let all: Vec<_> = self.ledger.hosts.lock().iter().copied().collect();
                let host = all[self.rng.random_range(0..all.len())];
                let beats = beats(&self.store, host).await?;
                let jobs = self.store.jobs_held(host, None).await?;
                self.store.jobs_release(host, beats, &jobs, now, 0.0).await.map(drop)
            }
            86..88 => self.store.job_host_beat(self.me).await,
            88..90 => {
                *self = Self::new(self.store.clone(), self.ledger.clone(), self.rng.random());
                Ok(())
            }
            way => {
                let ids: Vec<_> = self.ledger.accepted.lock().iter().copied().collect();
                let Some(&id) = ids.get(self.rng.random_range(0..ids.len().max(1))) else { return Ok(()) };
                let done = match way {
                    90..95 => self.store.job_cancel(&domain(), id, now).await,
                    _ => self.store.job_retry(&domain(), id, now).await,
                };
                match done {
                    Ok(_) | Err(StoreError::JobState { .. }) => Ok(()),
                    Err(error) => Err(error),
                }
            }
        }
    }

    async fn create(&mut self) -> Result<(), StoreError> {
        let count = self.rng.random_range(1..6);
        let jobs: Vec<_> = (0..count).map(|_| self.job()).collect();
        for outcome in self.store.jobs_create(&jobs, &[], ROOM).await? {
            self.ledger.accepted.lock().insert(outcome?.id);
        }
        Ok(())
    }

    async fn claim(&mut self, now: UnixMs) -> Result<(), StoreError> {
        let count = self.rng.random_range(1..4);
        let lanes = SKILLS.iter().flat_map(|skill| Lane::ALL.map(|lane| (skill, lane)));
        let wanted: Vec<_> = lanes.map(|(skill, lane)| Wanted { queue: queue(skill), lane, count }).collect();
        let taken = self.store.jobs_claim(self.me, &wanted, now).await?;
        self.held.extend(taken.into_iter().map(|taken| taken.job));
        Ok(())
    }

    async fn end(&mut self, mut how: impl FnMut(&Job) -> How) -> Result<(), StoreError> {
        let at = UnixMs::now();
        let ending = |job: Job| Ending { end: how(&job).end(&job, at), at, job };
        let endings: Vec<_> = std::mem::take(&mut self.held).into_iter().map(ending).collect();
        let held = self.store.jobs_end(&endings).await?;
        for (Ending { job, end, .. }, held) in endings.into_iter().zip(held) {
            if let (JobEnd::Done(output), true) = (end, held) {
                self.ledger.done.lock().entry(job.id).or_default().push(output);
            }
        }
        Ok(())
    }

    fn job(&mut self) -> NewJob {
        let Queue { domain, skill } = queue(SKILLS[self.rng.random_range(0..SKILLS.len())]);
        let to = Target { domain, skill, version: None, tool: None };
        let lane = Lane::ALL[self.rng.random_range(0..3)];
        NewJob { lane, ..NewJob::new(to, Bytes::from_static(b"{}"), vec![Principal::Key("k".to_owned())]) }
    }
}

async fn beats(store: &Store, host: Incarnation) -> Result<u64, StoreError> {
    Ok(store.job_hosts().await?.get(&host).copied().unwrap_or(0))
}

fn domain() -> DomainName {
    DomainName::default()
}

fn queue(skill: &str) -> Queue {
    Queue { domain: domain(), skill: skill.parse().unwrap() }
}
