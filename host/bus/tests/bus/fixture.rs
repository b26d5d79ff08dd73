//! What the tests of the bus stand on.

use bytes::Bytes;
use skep_bus::{
    AuditToken, Bus, BusError, BusLimits, Delivery, Entry, Event, MemoryBus, RedisBus, RedisSettings, Room,
};
use skep_core::{
    AuditRecord, CallId, DomainName, Envelope, Fault, Incarnation, Lane, Output, Principal, Reply, SessionId,
    SkillName, Target, UnixMs,
};
use skep_harness::Redis;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// How long anything may take on a busy machine.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);
pub(crate) const KEY: [u8; 32] = [3; 32];

/// Limits with waits short enough for tests.
pub(crate) fn limits() -> BusLimits {
    BusLimits {
        receive_wait: Duration::from_millis(100),
        audit_wait: Duration::from_millis(100),
        pending_check: Duration::from_millis(200),
        ..BusLimits::default()
    }
}

/// A lease that is lost soon, for tests in which a host dies.
pub(crate) fn short_lease() -> BusLimits {
    BusLimits { lease: Duration::from_millis(1500), lease_renew: Duration::from_millis(300), ..limits() }
}

#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Memory,
    Redis,
}

/// One bus, and the server behind it.
pub(crate) struct Rig {
    pub(crate) bus: Arc<dyn Bus>,
    redis: Option<Redis>,
}

impl Rig {
    pub(crate) async fn open(kind: Kind, limits: BusLimits) -> Self {
        Self::open_domains(kind, limits, &["main"]).await
    }

    pub(crate) async fn open_domains(kind: Kind, limits: BusLimits, domains: &[&str]) -> Self {
        let domains = domains.iter().map(|name| name.parse().unwrap()).collect();
        match kind {
            Kind::Memory => Self { bus: Arc::new(MemoryBus::open(domains, limits)), redis: None },
            Kind::Redis => {
                let redis = Redis::start().unwrap();
                let settings = RedisSettings { url: redis.url(), domains, mac_key: KEY, limits };
                Self { bus: Arc::new(RedisBus::open(settings).await.unwrap()), redis: Some(redis) }
            }
        }
    }

    /// What was sent is in no list and no book any more. The books of the bus in memory can't be seen.
    pub(crate) async fn nothing_is_left(&self) {
        if let Some(redis) = &self.redis {
            nothing_is_left(redis).await;
        }
    }
}

impl Rig {
    /// A plain connection to the server behind the bus, if there is one.
    pub(crate) async fn connection(&self) -> Option<redis::aio::MultiplexedConnection> {
        match &self.redis {
            Some(redis) => Some(raw(redis).await),
            None => None,
        }
    }
}

/// One more host on this Redis.
pub(crate) async fn host(redis: &Redis, limits: BusLimits) -> RedisBus {
    let domains = vec![DomainName::default()];
    RedisBus::open(RedisSettings { url: redis.url(), domains, mac_key: KEY, limits }).await.unwrap()
}

/// A plain connection, for doing what no host does.
pub(crate) async fn raw(redis: &Redis) -> redis::aio::MultiplexedConnection {
    redis::Client::open(redis.url()).unwrap().get_multiplexed_async_connection().await.unwrap()
}

/// A call with ample bounds.
pub(crate) fn call(from: Incarnation, skill: &str, payload: &str) -> Entry {
    let envelope = Envelope {
        id: CallId::fresh(),
        trace: None,
        from,
        to: Target {
            domain: DomainName::default(),
            skill: skill.parse().unwrap(),
            version: None,
            tool: None,
        },
        lane: Lane::No,
        accepted: UnixMs::now(),
        deadline: UnixMs::now().after(LIMIT),
        run_ms: None,
        attempt: 1,
        job: None,
        idempotency_key: None,
        session: None,
        trial: false,
        chain: vec![Principal::Operator("test".to_owned())],
        revision: 7,
    };
    let payload = Bytes::from(payload.to_owned());
    Entry { envelope, payload, concurrency: 1000, waiting: 1000, charges: Vec::new() }
}

pub(crate) fn on_lane(mut entry: Entry, lane: Lane) -> Entry {
    entry.envelope.lane = lane;
    entry
}

pub(crate) fn bounded(mut entry: Entry, concurrency: u32, waiting: u32) -> Entry {
    (entry.concurrency, entry.waiting) = (concurrency, waiting);
    entry
}

/// The same call, made by the last of `depth` skills that call each other.
pub(crate) fn nested(mut entry: Entry, depth: usize) -> Entry {
    let skills = (0..depth).map(|n| Principal::Skill(skill(&format!("caller-{n}"))));
    entry.envelope.chain.extend(skills);
    entry
}

/// Takes a call back, and says whether it came back.
pub(crate) async fn take_back(bus: &dyn Bus, skill: &str, depth: usize, id: CallId) -> bool {
    let mut envelope = nested(call(bus.incarnation(), skill, ""), depth).envelope;
    envelope.id = id;
    bus.cancel(&envelope).await.unwrap()
}

/// The same call, of a session that this host holds.
pub(crate) fn of_session(mut entry: Entry, holder: Incarnation) -> Entry {
    entry.envelope.session = Some(SessionId::fresh(holder));
    entry
}

/// Sends a call and says its id.
pub(crate) async fn send(bus: &dyn Bus, entry: Entry) -> Result<CallId, BusError> {
    let id = entry.envelope.id;
    bus.send(entry).await.map(|_| id)
}

pub(crate) fn answer(id: CallId, text: &str) -> Reply {
    Reply::unserved(id, Ok(Output::json(text.to_owned())))
}

pub(crate) fn record(seq: u64) -> AuditRecord {
    let body = format!(r#"{{"n":{seq},"quote":"\""}}"#);
    AuditRecord { host: Incarnation::fresh(), seq, prev: "0".repeat(64), mac: "1".repeat(64), body }
}

/// Ends a delivery with this result.
pub(crate) async fn settle(bus: &dyn Bus, delivery: Delivery, text: &str) {
    let reply = answer(delivery.envelope.id, text);
    bus.settle(delivery, reply, record(1)).await.unwrap();
}

/// Receives until `count` deliveries are there.
pub(crate) async fn receive(bus: &dyn Bus, count: usize) -> Vec<Delivery> {
    let mut all = Vec::new();
    let gather = async {
        while all.len() < count {
            // An error passes by itself while Redis comes back.
            all.extend(bus.receive(Room::of(count - all.len())).await.unwrap_or_default());
        }
    };
    timeout(LIMIT, gather).await.unwrap_or_else(|_| panic!("fewer than {count} deliveries"));
    all
}

pub(crate) async fn receive_one(bus: &dyn Bus) -> Delivery {
    receive(bus, 1).await.remove(0)
}

/// Nothing comes within a full wait.
pub(crate) async fn receive_nothing(bus: &dyn Bus) {
    let got = bus.receive(Room::of(10)).await.unwrap();
    assert!(got.is_empty(), "unexpected: {got:?}");
}

/// The next event, whatever it is.
pub(crate) async fn event(bus: &dyn Bus) -> Event {
    timeout(LIMIT, bus.event()).await.expect("no event").unwrap()
}

/// The next reply, past other events.
pub(crate) async fn reply(bus: &dyn Bus) -> Reply {
    loop {
        if let Event::Reply(reply) = event(bus).await {
            return reply;
        }
    }
}

/// Takes `count` audit records.
pub(crate) async fn records(bus: &dyn Bus, count: usize) -> Vec<(AuditToken, AuditRecord)> {
    let mut all = Vec::new();
    let gather = async {
        while all.len() < count {
            all.extend(bus.audit_take(count - all.len()).await.unwrap_or_default());
        }
    };
    timeout(LIMIT, gather).await.unwrap_or_else(|_| panic!("fewer than {count} records"));
    all
}

pub(crate) fn skill(name: &str) -> SkillName {
    name.parse().unwrap()
}

/// What was sent is in no list and no book any more.
pub(crate) async fn nothing_is_left(redis: &Redis) {
    let mut raw = raw(redis).await;
    let state: BTreeMap<String, String> =
        redis::cmd("HGETALL").arg("{skep:main}:state").query_async(&mut raw).await.unwrap();
    let empty = ["bytes", "depth"].map(|book| (book.to_owned(), "0".to_owned()));
    assert_eq!(state, BTreeMap::from(empty));
    let keys: Vec<String> = redis::cmd("KEYS").arg("*").query_async(&mut raw).await.unwrap();
    for key in &keys {
        let name = key.strip_prefix("{skep:main}:").unwrap();
        assert!(!name.starts_with("wait:"), "{key}");
        let queue = matches!(name, "hi" | "no" | "lo" | "d1" | "d2" | "d3") || name.starts_with("to:");
        if queue {
            let length: usize = redis::cmd("XLEN").arg(key).query_async(&mut raw).await.unwrap();
            assert_eq!(length, 0, "{key}");
        }
    }
}

/// The next call that is to be settled as interrupted.
pub(crate) async fn interrupted(host: &RedisBus) -> Delivery {
    loop {
        if let Event::Interrupted(delivery) = event(host).await {
            return delivery;
        }
    }
}

pub(crate) async fn settle_interrupted(host: &RedisBus, delivery: Delivery) {
    let fault = Fault::interrupted("the host died in the call");
    let reply = Reply { outcome: Err(fault), ..answer(delivery.envelope.id, "") };
    host.settle(delivery, reply, record(1)).await.unwrap();
}

/// Runs each case on both implementations.
macro_rules! on_both {
    ($($case:ident;)*) => {
        mod memory {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                super::$case(crate::fixture::Kind::Memory).await;
            })*
        }
        mod redis {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                super::$case(crate::fixture::Kind::Redis).await;
            })*
        }
    };
}
pub(crate) use on_both;
