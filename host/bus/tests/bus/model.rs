//! Random histories of calls of all kinds, against a plain model of what the bus should do.

use crate::fixture::{
    Kind, Rig, bounded, call, limits, nested, of_session, on_both, on_lane, reply, settle, take_back,
};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use skep_bus::{Bound, Bus, BusError, BusLimits, Delivery, Entry, Room};
use skep_core::{CALL_DEPTH_MAX, CallId, Lane};
use std::collections::HashMap;

on_both! {
    any_history_goes_as_the_model_says;
}

const HISTORIES: u64 = 12;
const STEPS: usize = 150;
const SKILLS: usize = 3;
/// Calls that may wait behind each skill.
const WAITING: u32 = 2;
/// Calls in the domain: more than a history has at once.
const DEPTH: u64 = 200;

/// The places of a skill.
fn places(skill: usize) -> usize {
    skill + 1
}

/// A call, as the model knows it.
#[derive(Debug, Clone, Copy)]
struct Sent {
    id: CallId,
    skill: usize,
    /// How deep it is nested, and the room that it takes.
    nesting: usize,
    depth: usize,
}

impl Sent {
    /// Whether both are of the same skill at the same depth.
    fn shares(&self, other: Sent) -> bool {
        (self.skill, self.nesting) == (other.skill, other.nesting)
    }
}

#[derive(Default)]
struct Model {
    /// Places that are taken, by skill and depth.
    active: [[usize; CALL_DEPTH_MAX]; SKILLS],
    waiting: Vec<Sent>,
    queued: Vec<Sent>,
    running: HashMap<CallId, Sent>,
}

impl Model {
    fn send(&mut self, call: Sent) -> Result<(), BusError> {
        let behind = self.waiting.iter().filter(|waiting| waiting.shares(call)).count();
        if self.active[call.skill][call.nesting] < places(call.skill) {
            self.active[call.skill][call.nesting] += 1;
            self.queued.push(call);
        } else if behind < WAITING as usize {
            self.waiting.push(call);
        } else {
            return Err(BusError::Overloaded { bound: Bound::SkillWaiting, limit: WAITING.into() });
        }
        Ok(())
    }

    /// How many of each depth a host with this room gets.
    fn expected(&self, room: Room) -> [usize; CALL_DEPTH_MAX] {
        let mut total = room.total;
        let mut expected = [0; CALL_DEPTH_MAX];
        for depth in (0..CALL_DEPTH_MAX).rev() {
            let queued = self.queued.iter().filter(|call| call.depth == depth).count();
            expected[depth] = queued.min(room.depths[depth]).min(total);
            total -= expected[depth];
        }
        expected
    }

    fn start(&mut self, id: CallId) {
        let at = self.queued.iter().position(|call| call.id == id).expect("it was not in a queue");
        self.running.insert(id, self.queued.remove(at));
    }

    fn free(&mut self, call: Sent) {
        let Some(next) = self.waiting.iter().position(|waiting| waiting.shares(call)) else {
            self.active[call.skill][call.nesting] -= 1;
            return;
        };
        let next = self.waiting.remove(next);
        self.queued.push(next);
    }

    /// Takes a call back; false if it runs or is over.
    fn cancel(&mut self, id: CallId) -> bool {
        let waiting = self.waiting.len();
        self.waiting.retain(|call| call.id != id);
        if self.waiting.len() < waiting {
            return true;
        }
        let Some(at) = self.queued.iter().position(|call| call.id == id) else { return false };
        let call = self.queued.remove(at);
        self.free(call);
        true
    }
}

struct History {
    rng: StdRng,
    model: Model,
    running: Vec<Delivery>,
    /// Every call that was ever admitted.
    sent: Vec<Sent>,
}

impl History {
    async fn send(&mut self, bus: &dyn Bus) {
        let (number, nesting) = (self.rng.random_range(0..SKILLS), self.rng.random_range(0..CALL_DEPTH_MAX));
        let session = self.rng.random_bool(0.2);
        let plain = call(bus.incarnation(), &format!("skill-{number}"), "1");
        let lane = Lane::ALL[self.rng.random_range(0..3)];
        let mut entry: Entry = nested(bounded(on_lane(plain, lane), places(number) as u32, WAITING), nesting);
        if session {
            entry = of_session(entry, bus.incarnation());
        }
        let depth = if session { 0 } else { nesting };
        let sent = Sent { id: entry.envelope.id, skill: number, nesting, depth };
        let expected = self.model.send(sent);
        assert_eq!(bus.send(entry).await.map(drop), expected, "{sent:?}");
        if expected.is_ok() {
            self.sent.push(sent);
        }
    }

    async fn receive(&mut self, bus: &dyn Bus, room: Room) {
        let expected = self.model.expected(room);
        // Nothing would come but after a wait.
        if expected == [0; CALL_DEPTH_MAX] {
            return;
        }
        let mut got = [0; CALL_DEPTH_MAX];
        for delivery in bus.receive(room).await.unwrap() {
            got[delivery.depth()] += 1;
            self.model.start(delivery.envelope.id);
            self.running.push(delivery);
        }
        assert_eq!(got, expected, "{room:?}");
    }

    async fn settle(&mut self, bus: &dyn Bus) {
        if self.running.is_empty() {
            return;
        }
        let delivery = self.running.swap_remove(self.rng.random_range(0..self.running.len()));
        let call = self.model.running.remove(&delivery.envelope.id).unwrap();
        settle(bus, delivery, "1").await;
        assert_eq!(reply(bus).await.id, call.id);
        self.model.free(call);
    }

    async fn cancel(&mut self, bus: &dyn Bus) {
        if self.sent.is_empty() {
            return;
        }
        let Sent { id, skill, nesting, .. } = self.sent[self.rng.random_range(0..self.sent.len())];
        let taken = take_back(bus, &format!("skill-{skill}"), nesting, id).await;
        assert_eq!(taken, self.model.cancel(id));
    }

    async fn step(&mut self, bus: &dyn Bus) {
        match self.rng.random_range(0..10) {
            0..=4 => self.send(bus).await,
            5..=6 => {
                let depths = std::array::from_fn(|_| self.rng.random_range(0..3));
                let total = self.rng.random_range(0..5);
                self.receive(bus, Room { total, depths }).await;
            }
            7..=8 => self.settle(bus).await,
            _ => self.cancel(bus).await,
        }
    }

    /// Serves all that is left.
    async fn drain(&mut self, bus: &dyn Bus) {
        while self.model.queued.len() + self.running.len() > 0 {
            self.receive(bus, Room::of(64)).await;
            while !self.running.is_empty() {
                self.settle(bus).await;
            }
        }
        assert!(self.model.waiting.is_empty() && self.model.active == [[0; CALL_DEPTH_MAX]; SKILLS]);
    }
}

async fn any_history_goes_as_the_model_says(kind: Kind) {
    let rig = Rig::open(kind, BusLimits { depth_max: DEPTH, ..limits() }).await;
    let bus = &*rig.bus;
    for seed in 0..HISTORIES {
        eprintln!("history {seed}");
        let rng = StdRng::seed_from_u64(seed);
        let mut history = History { rng, model: Model::default(), running: Vec::new(), sent: Vec::new() };
        for _ in 0..STEPS {
            history.step(bus).await;
        }
        history.drain(bus).await;
    }
    rig.nothing_is_left().await;
    for _ in 0..DEPTH {
        bus.send(call(bus.incarnation(), "skill-0", "1")).await.expect("the domain is empty");
    }
}
