//! The cache before the durable bucket: whoever writes and reads in whatever order, no reader is shown less
//! than what was written.

use crate::fixture::{Kind, Rig, host, limits, on_both, raw, skill};
use bytes::Bytes;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use skep_bus::{Bus, BusError, CACHE_LIFE_MAX, CacheTicket, Cached, StateCache};
use skep_core::{DomainName, STATE_VALUE_BYTES_MAX};
use skep_harness::Redis;

on_both! {
    what_a_writer_committed_is_found;
    what_a_reader_found_is_found_by_others;
    a_reader_that_a_writer_overtook_fills_nothing;
    of_writers_at_once_none_fills;
    a_hold_that_changed_nothing_is_released;
    clearing_fells_all_tickets;
    no_order_of_events_shows_less_than_what_was_written;
}

fn main() -> DomainName {
    DomainName::default()
}

fn bytes(text: &str) -> Option<Bytes> {
    Some(Bytes::copy_from_slice(text.as_bytes()))
}

async fn hold(bus: &dyn Bus, key: &str) -> CacheTicket {
    bus.cache_hold(&main(), &skill("echo"), key).await.unwrap()
}

async fn look(bus: &dyn Bus, key: &str) -> Cached {
    bus.cache_get(&main(), &skill("echo"), key).await.unwrap()
}

async fn hit(bus: &dyn Bus, key: &str) -> Option<Bytes> {
    match look(bus, key).await {
        Cached::Hit(value) => value,
        Cached::Miss(_) => panic!("`{key}` isn't cached"),
    }
}

async fn miss(bus: &dyn Bus, key: &str) -> CacheTicket {
    match look(bus, key).await {
        Cached::Hit(value) => panic!("`{key}` is cached: {value:?}"),
        Cached::Miss(ticket) => ticket,
    }
}

async fn fill(bus: &dyn Bus, ticket: CacheTicket, value: Option<Bytes>) {
    bus.cache_fill(ticket, value).await.unwrap();
}

async fn what_a_writer_committed_is_found(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    let largest = Some(Bytes::from(vec![0xff; STATE_VALUE_BYTES_MAX]));
    for (key, value) in [("k", bytes("")), ("k", None), ("k\0:ä", largest), ("k", bytes("v"))] {
        let ticket = hold(bus, key).await;
        let _fell = miss(bus, key).await;
        fill(bus, ticket, value.clone()).await;
        assert!(hit(bus, key).await == value);
    }
    let _other = miss(bus, "K").await;
    let other = bus.cache_get(&main(), &skill("other"), "k").await;
    assert!(matches!(other, Ok(Cached::Miss(_))), "{other:?}");
    let unknown = bus.cache_hold(&"nowhere".parse().unwrap(), &skill("echo"), "k").await;
    assert!(matches!(unknown, Err(BusError::UnknownDomain(_))), "{unknown:?}");
    bus.close().await;
    let closed = bus.cache_get(&main(), &skill("echo"), "k").await;
    assert!(matches!(closed, Err(BusError::Closed)), "{closed:?}");
}

async fn what_a_reader_found_is_found_by_others(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    let (first, second) = (miss(bus, "k").await, miss(bus, "k").await);
    // The last to miss has the ticket that stands.
    fill(bus, first, bytes("1")).await;
    let _third = miss(bus, "other").await;
    fill(bus, second, bytes("1")).await;
    assert_eq!(hit(bus, "k").await, bytes("1"));
}

async fn a_reader_that_a_writer_overtook_fills_nothing(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    let before = miss(bus, "k").await;
    let writer = hold(bus, "k").await;
    let during = miss(bus, "k").await;
    fill(bus, before, bytes("old")).await;
    let also_during = miss(bus, "k").await;
    fill(bus, writer, bytes("new")).await;
    fill(bus, during, bytes("old")).await;
    fill(bus, also_during, bytes("old")).await;
    assert_eq!(hit(bus, "k").await, bytes("new"));
}

async fn of_writers_at_once_none_fills(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    let (first, second) = (hold(bus, "k").await, hold(bus, "k").await);
    fill(bus, second, bytes("2")).await;
    // The other still writes: what a reader finds now may be old in a moment.
    let reader = miss(bus, "k").await;
    fill(bus, reader, bytes("2")).await;
    let _fell = miss(bus, "k").await;
    fill(bus, first, bytes("1")).await;
    let reader = miss(bus, "k").await;
    fill(bus, reader, bytes("2")).await;
    assert_eq!(hit(bus, "k").await, bytes("2"));
}

async fn a_hold_that_changed_nothing_is_released(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    bus.cache_release(hold(bus, "k").await).await.unwrap();
    let reader = miss(bus, "k").await;
    fill(bus, reader, bytes("1")).await;
    assert_eq!(hit(bus, "k").await, bytes("1"));
}

async fn clearing_fells_all_tickets(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    let (reader, writer) = (miss(bus, "read").await, hold(bus, "written").await);
    let filled = hold(bus, "filled").await;
    fill(bus, filled, bytes("1")).await;
    let kept = bus.cache_hold(&main(), &skill("other"), "k").await.unwrap();
    fill(bus, kept, bytes("kept")).await;
    bus.cache_clear(&main(), &skill("echo")).await.unwrap();
    fill(bus, reader, bytes("1")).await;
    fill(bus, writer, bytes("1")).await;
    for key in ["read", "written", "filled"] {
        let reader = miss(bus, key).await;
        fill(bus, reader, bytes("2")).await;
        assert_eq!(hit(bus, key).await, bytes("2"));
    }
    let other = bus.cache_get(&main(), &skill("other"), "k").await;
    assert!(matches!(other, Ok(Cached::Hit(_))), "{other:?}");
}

/// What somebody is about to do next with the key.
enum Next {
    Commit(CacheTicket),
    Refuse(CacheTicket),
    Fill(CacheTicket, u64),
    Read(CacheTicket),
    /// A reader's fill, with what it read.
    FillRead(CacheTicket, u64),
}

/// One key, its row in the database, and those who are at it.
struct Model<'a> {
    bus: &'a dyn Bus,
    key: String,
    random: StdRng,
    /// The row: each commit writes the next number.
    row: u64,
    /// The newest number whose writer has told its caller, or died.
    told: u64,
    busy: Vec<Next>,
    hits: u64,
}

impl Model<'_> {
    /// Somebody begins to write or to read.
    async fn begin(&mut self) {
        match self.random.random_range(0..4) {
            0 => {
                let ticket = hold(self.bus, &self.key).await;
                let refused = self.random.random_ratio(1, 5);
                self.busy.push(if refused { Next::Refuse(ticket) } else { Next::Commit(ticket) });
            }
            _ => match look(self.bus, &self.key).await {
                Cached::Hit(value) => self.check(value),
                Cached::Miss(ticket) => self.busy.push(Next::Read(ticket)),
            },
        }
    }

    /// One of those who are at it does its next step.
    async fn step(&mut self) {
        let at = self.random.random_range(0..self.busy.len());
        match self.busy.swap_remove(at) {
            Next::Commit(ticket) => {
                self.row += 1;
                self.busy.push(Next::Fill(ticket, self.row));
            }
            Next::Refuse(ticket) => self.bus.cache_release(ticket).await.unwrap(),
            Next::Fill(ticket, number) => {
                fill(self.bus, ticket, bytes(&number.to_string())).await;
                self.told = self.told.max(number);
            }
            Next::Read(ticket) => self.busy.push(Next::FillRead(ticket, self.row)),
            Next::FillRead(ticket, number) => fill(self.bus, ticket, bytes(&number.to_string())).await,
        }
    }

    /// Somebody dies. What it had committed may not be missed either: its hold outlives it.
    fn crash(&mut self) {
        let at = self.random.random_range(0..self.busy.len());
        if let Next::Fill(_, number) = self.busy.swap_remove(at) {
            self.told = self.told.max(number);
        }
    }

    fn check(&mut self, value: Option<Bytes>) {
        let value = String::from_utf8(value.unwrap().to_vec()).unwrap();
        let number: u64 = value.parse().unwrap();
        assert!(number >= self.told && number <= self.row, "{number}: {} told of {}", self.told, self.row);
        self.hits += 1;
    }

    /// Once all are done, what is cached is what is in the database.
    async fn settle(&mut self) {
        while !self.busy.is_empty() {
            self.step().await;
        }
        if let Cached::Hit(value) = look(self.bus, &self.key).await {
            assert_eq!(value, bytes(&self.row.to_string()));
        }
    }
}

/// What goes wrong in a run besides the order of events.
#[derive(Debug, Clone, Copy)]
enum Trouble {
    None,
    /// Writers and readers die in the middle of it.
    Crashes,
    /// Everything cached is lost, holds and tickets too.
    Losses,
}

async fn no_order_of_events_shows_less_than_what_was_written(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let runs = match kind {
        Kind::Memory => 1_000,
        Kind::Redis => 50,
    };
    for trouble in [Trouble::None, Trouble::Crashes, Trouble::Losses] {
        let mut hits = 0;
        for seed in 0..runs {
            let random = StdRng::seed_from_u64(seed);
            let key = format!("{trouble:?} {seed}");
            let bus = &*rig.bus;
            let mut model = Model { bus, key, random, row: 0, told: 0, busy: Vec::new(), hits: 0 };
            for _ in 0..120 {
                match (trouble, model.random.random_range(0..60)) {
                    (Trouble::Crashes, 0) if !model.busy.is_empty() => model.crash(),
                    (Trouble::Losses, 0) => bus.cache_clear(&main(), &skill("echo")).await.unwrap(),
                    (_, number) if number < 20 && model.busy.len() < 4 || model.busy.is_empty() => {
                        model.begin().await;
                    }
                    _ => model.step().await,
                }
            }
            model.settle().await;
            hits += model.hits;
        }
        assert!(hits > runs, "{trouble:?}: {hits} hits show little");
    }
}

/// The entries of the cache in Redis, as it names them.
async fn entries(raw: &mut ::redis::aio::MultiplexedConnection) -> Vec<String> {
    ::redis::cmd("KEYS").arg("{skep:main}:cache:*").query_async(raw).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_writes_to_redis_writes_no_truth() {
    let redis = Redis::start().unwrap();
    let (bus, mut raw) = (host(&redis, limits()).await, raw(&redis).await);
    for key in ["mine", "theirs"] {
        let ticket = hold(&bus, key).await;
        fill(&bus, ticket, bytes(key)).await;
    }
    let all = entries(&mut raw).await;
    let entry = |key: &str| all.iter().find(|entry| entry.ends_with(key)).unwrap().clone();
    // Another value; the value of another key, sealed as it is; a value without its seal.
    let changed = ::redis::cmd("HSET").arg(entry("mine")).arg("p").arg("forged").to_owned();
    let moved = ::redis::cmd("COPY").arg(entry("theirs")).arg(entry("mine")).arg("REPLACE").to_owned();
    let bare = ::redis::cmd("HDEL").arg(entry("mine")).arg("m").to_owned();
    for forge in [changed, moved, bare] {
        let _: i64 = forge.query_async(&mut raw).await.unwrap();
        let fell = miss(&bus, "mine").await;
        fill(&bus, fell, bytes("no ticket came with a forgery")).await;
        let reader = miss(&bus, "mine").await;
        fill(&bus, reader, bytes("mine")).await;
        assert_eq!(hit(&bus, "mine").await, bytes("mine"));
    }
    assert_eq!(hit(&bus, "theirs").await, bytes("theirs"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_in_redis_expires() {
    let redis = Redis::start().unwrap();
    let (bus, mut raw) = (host(&redis, limits()).await, raw(&redis).await);
    let _held = hold(&bus, "held").await;
    let _ticket = miss(&bus, "missed").await;
    let filled = hold(&bus, "filled").await;
    fill(&bus, filled, bytes("1")).await;
    bus.cache_clear(&main(), &skill("other")).await.unwrap();
    let all: Vec<String> =
        ::redis::cmd("KEYS").arg("{skep:main}:cache*").query_async(&mut raw).await.unwrap();
    assert_eq!(all.len(), 5, "{all:?}");
    for key in all {
        let left: i64 = ::redis::cmd("PTTL").arg(&key).query_async(&mut raw).await.unwrap();
        assert!(left > 0 && left <= 2 * CACHE_LIFE_MAX.as_millis() as i64, "{key}: {left}");
    }
}
