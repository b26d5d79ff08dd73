//! Jobs that are submitted while things fail: a fixed number of submitters, and never many jobs ahead of their effects.

use crate::calls::input;
use crate::fleet::{Fleet, HOSTS, TOOL};
use crate::ledger::Ledger;
use crate::orders::ANSWER_MAX;
use crate::pace::Pace;
use crate::rest::{Answer, Ask};
use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// The skill that jobs call.
pub const SKILL: &str = "worker";
/// Submitters at once.
const SUBMITTERS: usize = 8;
/// Jobs that are accepted and have made no effect yet.
const AHEAD_MAX: usize = 200;
/// How often a job is offered before that is given up.
const OFFERS_MAX: usize = 400;
/// Pause after a refusal, and before it is looked again whether there is room.
const PAUSE: Duration = Duration::from_millis(100);
/// How long a job's effect takes at most.
const EFFECT_MAX_MS: u64 = 60;

/// What is submitted, and what came of it so far.
pub struct Load {
    /// What was submitted and answered.
    pub ledger: Ledger,
    /// When what is submitted.
    pub pace: Pace,
    fleet: Arc<Fleet>,
    seed: u64,
    count: usize,
    next: AtomicUsize,
    accepted: AtomicUsize,
    refused: Mutex<Vec<String>>,
    silent: Mutex<Vec<String>>,
    took: Mutex<Vec<Duration>>,
}

impl Load {
    /// So many jobs, all of which come from the seed, at this pace.
    pub fn new(fleet: Arc<Fleet>, seed: u64, count: usize, pace: Pace) -> Arc<Self> {
        let (ledger, next, accepted) = (Ledger::default(), AtomicUsize::new(0), AtomicUsize::new(0));
        let (refused, silent, took) = (Mutex::default(), Mutex::default(), Mutex::default());
        Arc::new(Self { ledger, pace, fleet, seed, count, next, accepted, refused, silent, took })
    }

    /// Submits all of them; returns when each was accepted or given up.
    pub async fn submit_all(self: Arc<Self>) {
        let mut submitters = JoinSet::new();
        for _ in 0..SUBMITTERS {
            let load = self.clone();
            submitters.spawn(async move {
                loop {
                    let n = load.next.fetch_add(1, Ordering::Relaxed);
                    if n >= load.count {
                        return;
                    }
                    load.room(n).await;
                    load.submit(n).await;
                }
            });
        }
        submitters.join_all().await;
    }

    /// How many were accepted so far.
    pub fn accepted(&self) -> usize {
        self.accepted.load(Ordering::Relaxed)
    }

    /// What was refused for good or made no sense.
    pub fn refused(&self) -> Vec<String> {
        self.refused.lock().clone()
    }

    /// Which offers had no answer.
    pub fn silent(&self) -> Vec<String> {
        self.silent.lock().clone()
    }

    /// How long each answer took.
    pub fn took(&self) -> Vec<Duration> {
        self.took.lock().clone()
    }

    /// Waits until a job is due and not too many are ahead of their effects.
    async fn room(&self, n: usize) {
        let full = || self.accepted() > self.fleet.effects.distinct() + AHEAD_MAX;
        while !self.pace.is_due(n, Instant::now()) || full() {
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Offers a job to one host after the other until one has accepted it.
    async fn submit(&self, n: usize) {
        let mut chance = StdRng::seed_from_u64(self.seed.wrapping_mul(1_000_003).wrapping_add(n as u64));
        let key = format!("{}-{n}", self.seed);
        let takes = Duration::from_millis(chance.random_range(0..=EFFECT_MAX_MS));
        let order = json!({
            "skill": SKILL, "tool": TOOL, "input": input(&self.fleet.effects, &key, takes), "idempotent": true,
        });
        self.ledger.submitted(&key);
        for _ in 0..OFFERS_MAX {
            let host = chance.random_range(0..HOSTS);
            // Else all submitters would soon wait for those that stand still.
            if self.fleet.hosts[host].stands_still() {
                continue;
            }
            if self.offer(host, &key, &order).await {
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
        self.refuse(format!("job {key} was given up after {OFFERS_MAX} offers"));
    }

    /// Whether that host has accepted it, or will never.
    async fn offer(&self, host: usize, key: &str, order: &Value) -> bool {
        let ask = Ask::post("/v1/jobs").body(order).header("idempotency-key", key);
        let begun = Instant::now();
        let answer = self.fleet.hosts[host].rest.ask(ask, ANSWER_MAX).await;
        self.took.lock().push(begun.elapsed());
        match answer {
            Ok(Answer { status: 200 | 202, body }) => match body["id"].as_str() {
                Some(id) => {
                    self.ledger.accepted(key, id);
                    self.accepted.fetch_add(1, Ordering::Relaxed);
                    true
                }
                None => self.refuse(format!("job {key} was accepted without an id: {body}")),
            },
            Ok(answer) => match answer.code() {
                // These pass, or are what a host that is going away says.
                Some("unavailable" | "overloaded" | "cancelled" | "deadline" | "interrupted") => false,
                _ => self.refuse(format!("job {key}: {}: {}", answer.status, answer.body)),
            },
            Err(silence) => {
                let (host, took) = (host + 1, begun.elapsed());
                self.silent.lock().push(format!("job {key} by host{host} after {took:?}: {silence:?}"));
                false
            }
        }
    }

    fn refuse(&self, why: String) -> bool {
        self.refused.lock().push(why);
        true
    }

    /// Asks any host how any job stands, again and again: what is over must stay so. Ends by being dropped.
    pub async fn watch(self: Arc<Self>) {
        let mut chance = StdRng::seed_from_u64(self.seed);
        loop {
            tokio::time::sleep(PAUSE / 4).await;
            let all = self.ledger.unseen(&mut chance);
            let Some((key, id)) = all else { continue };
            let path = format!("/v1/jobs/{id}");
            let host = &self.fleet.hosts[chance.random_range(0..HOSTS)];
            if host.stands_still() {
                continue;
            }
            if let Ok(answer) = host.rest.ask(Ask::get(&path), ANSWER_MAX).await {
                self.ledger.seen(&key, &answer);
            }
        }
    }
}
