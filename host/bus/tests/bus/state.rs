//! Hot state: exact limits, one winner a race, nothing lost, the same answers from both buses.

use crate::fixture::{KEY, Kind, LIMIT, Rig, limits, on_both, skill};
use bytes::Bytes;
use skep_bus::{Bus, BusError, RedisBus, RedisSettings};
use skep_core::{
    ByteSize, DomainName, STATE_KEY_BYTES_MAX, STATE_VALUE_BYTES_MAX, StateChange, StateChanged, StateError,
    StateKeys, StateLimits,
};
use skep_harness::Redis;
use std::sync::Arc;
use tokio::task::JoinSet;

const WRITERS: usize = 8;
const AMPLE: StateLimits = StateLimits { bytes: ByteSize(64 << 20), keys: 100_000 };

on_both! {
    changes_answer_as_the_rules_say;
    numbers_grow_exactly_to_the_largest;
    each_skill_of_each_domain_has_its_own;
    limits_are_exact_under_concurrency;
    of_swaps_on_one_value_one_wins;
    increments_sum_up;
    keys_come_in_pages_by_their_bytes;
    clearing_leaves_nothing;
}

fn bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

fn set(value: &str) -> StateChange {
    StateChange::Set(bytes(value))
}

fn swap(expected: Option<&str>, value: Option<&str>) -> StateChange {
    StateChange::Swap { expected: expected.map(bytes), value: value.map(bytes) }
}

async fn try_change(
    bus: &dyn Bus,
    key: &str,
    change: &StateChange,
    limits: StateLimits,
) -> Result<StateChanged, BusError> {
    bus.state_change(&DomainName::default(), &skill("echo"), key, change, limits).await
}

async fn change(bus: &dyn Bus, key: &str, what: StateChange) -> StateChanged {
    try_change(bus, key, &what, AMPLE).await.unwrap()
}

async fn get(bus: &dyn Bus, key: &str) -> Option<Bytes> {
    bus.state_get(&DomainName::default(), &skill("echo"), key).await.unwrap()
}

async fn keys(bus: &dyn Bus, from: u64, max: usize) -> StateKeys {
    bus.state_keys(&DomainName::default(), &skill("echo"), from, max).await.unwrap()
}

/// Has eight writers change state at once.
async fn at_once<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    rig: &Rig,
    write: impl Fn(Arc<dyn Bus>, usize) -> F,
) -> Vec<T> {
    let mut tasks = JoinSet::new();
    for writer in 0..WRITERS {
        tasks.spawn(write(rig.bus.clone(), writer));
    }
    tokio::time::timeout(LIMIT, tasks.join_all()).await.unwrap()
}

/// What the rules of the core make of each change, in turn, is what the bus does.
async fn changes_answer_as_the_rules_say(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    let largest = StateChange::Set(vec![0xff; STATE_VALUE_BYTES_MAX].into());
    let (mut now, mut kept) = (None, 0);
    for what in [
        StateChange::Delete,
        swap(Some(""), Some("no")),
        swap(None, None),
        swap(None, Some("")),
        swap(None, Some("no")),
        swap(Some(""), Some("\0ä\n+")),
        swap(Some("\0ä\n"), None),
        swap(Some("\0ä\n+"), Some("\0ä\n+")),
        StateChange::Increment(1),
        set("same"),
        set("same"),
        swap(Some("same"), None),
        swap(Some("same"), None),
        StateChange::Increment(0),
        largest,
        StateChange::Delete,
    ] {
        let expected = what.apply(now.as_ref());
        let found = try_change(bus, "k", &what, AMPLE).await;
        match expected {
            Ok(Some(then)) => {
                assert_eq!(found, Ok(StateChanged { applied: true, value: then.clone() }), "{what:.99?}");
                now = then;
            }
            Ok(None) => {
                assert_eq!(found, Ok(StateChanged { applied: false, value: now.clone() }), "{what:.99?}");
                kept += 1;
            }
            Err(error) => assert_eq!(found, Err(error.into()), "{what:.99?}"),
        }
        assert!(get(bus, "k").await == now, "{what:.99?}");
    }
    assert_eq!(kept, 4);

    let long = "k".repeat(STATE_KEY_BYTES_MAX);
    change(bus, &long, set("")).await;
    let large = StateChange::Set(vec![0; STATE_VALUE_BYTES_MAX + 1].into());
    for (key, refused, why) in [
        ("", set("1"), StateError::Key),
        (&*format!("{long}k"), StateChange::Delete, StateError::Key),
        ("k", large, StateError::Value),
    ] {
        assert_eq!(try_change(bus, key, &refused, AMPLE).await, Err(why.into()));
    }
    assert_eq!(keys(bus, 0, 10).await.keys, [long]);
}

async fn numbers_grow_exactly_to_the_largest(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    for number in [0, 1, 9_999_999_999, 10_000_000_000, (1 << 53) - 1, 1 << 53, u64::MAX - 1, u64::MAX] {
        for delta in [0, 1, 9_999_999_999, 10_000_000_000, 1 << 53, 1 << 63, u64::MAX - 1, u64::MAX] {
            let what = StateChange::Increment(delta);
            change(bus, "n", set(&number.to_string())).await;
            let expected = match number.checked_add(delta) {
                Some(sum) => Ok(StateChanged { applied: true, value: Some(bytes(&sum.to_string())) }),
                None => Err(StateError::NotANumber.into()),
            };
            assert_eq!(try_change(bus, "n", &what, AMPLE).await, expected, "{number} + {delta}");
        }
    }
    // What is a number to one bus is one to the other.
    for text in
        ["", "+", "-1", "1 ", " 1", "1.0", "1e3", "0x1", "+7", "007", "99999999999999999999", "\u{661}"]
    {
        let what = StateChange::Increment(1);
        let expected = what.apply(Some(&bytes(text)));
        change(bus, "n", set(text)).await;
        let found = try_change(bus, "n", &what, AMPLE).await;
        assert_eq!(found.map(|made| Some(made.value)), expected.map_err(BusError::from), "{text:?}");
    }
    let zeros = format!("{}1", "0".repeat(100));
    change(bus, "n", set(&zeros)).await;
    assert_eq!(change(bus, "n", StateChange::Increment(1)).await.value, Some(bytes("2")));
}

async fn each_skill_of_each_domain_has_its_own(kind: Kind) {
    let rig = Rig::open_domains(kind, limits(), &["main", "other"]).await;
    let bus = &*rig.bus;
    let (main, other) = (DomainName::default(), "other".parse().unwrap());
    let places = [(&main, "echo"), (&main, "hot"), (&other, "echo")].map(|(d, name)| (d, skill(name)));
    for (number, (domain, skill)) in places.iter().enumerate() {
        let what = set(&number.to_string());
        bus.state_change(domain, skill, "k", &what, AMPLE).await.unwrap();
    }
    bus.state_clear(&main, &skill("hot")).await.unwrap();
    for ((domain, skill), value) in places.iter().zip([Some("0"), None, Some("2")]) {
        assert_eq!(bus.state_get(domain, skill, "k").await, Ok(value.map(bytes)));
    }
    let nowhere: DomainName = "nowhere".parse().unwrap();
    let unknown = BusError::UnknownDomain(nowhere.clone());
    assert_eq!(bus.state_get(&nowhere, &skill("echo"), "k").await, Err(unknown));
    bus.close().await;
    assert_eq!(bus.state_get(&main, &skill("echo"), "k").await, Err(BusError::Closed));
}

async fn limits_are_exact_under_concurrency(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    // Room for 20 keys of 3 bytes with values of 2.
    let limits = StateLimits { bytes: ByteSize(100), keys: 20 };
    let write = move |bus: Arc<dyn Bus>, writer: usize| async move {
        let mut made = 0;
        for number in 0..10 {
            match try_change(&*bus, &format!("{writer}.{number}"), &set("vv"), limits).await {
                Ok(_) => made += 1,
                Err(BusError::State(StateError::FullBytes(_) | StateError::FullKeys(_))) => {}
                Err(error) => panic!("{error}"),
            }
        }
        made
    };
    let made: usize = at_once(&rig, write).await.into_iter().sum();
    assert_eq!((made, keys(bus, 0, 100).await.keys.len()), (20, 20));

    let full = |key: &'static str, what, limits| async move { try_change(bus, key, &what, limits).await };
    assert_eq!(full("new", set(""), limits).await, Err(StateError::FullBytes(ByteSize(100)).into()));
    let wider = StateLimits { bytes: ByteSize(200), ..limits };
    assert_eq!(full("new", set(""), wider).await, Err(StateError::FullKeys(20).into()));
    // What is full can be made smaller, and then holds that much more.
    let first = keys(bus, 0, 1).await.keys.remove(0);
    try_change(bus, &first, &set("vvv"), limits).await.unwrap_err();
    try_change(bus, &first, &set("v"), limits).await.unwrap();
    try_change(bus, &first, &StateChange::Delete, limits).await.unwrap();
    try_change(bus, "new", &set("vv"), limits).await.unwrap();
    try_change(bus, "new2", &set(""), limits).await.unwrap_err();
}

async fn of_swaps_on_one_value_one_wins(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let mut now = None;
    for round in 0..20 {
        let before: Option<String> = now.clone();
        let write = move |bus: Arc<dyn Bus>, writer: usize| {
            let swap = swap(before.as_deref(), Some(&format!("{round}.{writer}")));
            async move { change(&*bus, "k", swap).await }
        };
        let results = at_once(&rig, write).await;
        let won: Vec<_> = results.iter().filter(|made| made.applied).collect();
        assert_eq!(won.len(), 1, "{results:?}");
        assert!(results.iter().all(|made| made.value == won[0].value), "{results:?}");
        now = won[0].value.as_ref().map(|value| String::from_utf8(value.to_vec()).unwrap());
    }
}

async fn increments_sum_up(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let write = |bus: Arc<dyn Bus>, writer: usize| async move {
        let mut seen = Vec::new();
        for _ in 0..50 {
            seen.push(change(&*bus, "n", StateChange::Increment(writer as u64 + 1)).await.value.unwrap());
        }
        seen
    };
    let mut seen = at_once(&rig, write).await.concat();
    assert_eq!(get(&*rig.bus, "n").await, Some(bytes("1800")));
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), WRITERS * 50, "no two saw the same sum");
}

async fn keys_come_in_pages_by_their_bytes(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    assert_eq!(keys(bus, 0, 10).await, StateKeys::default());
    let mut expected: Vec<_> = (0..2_497).map(|number| format!("k{number:04}")).collect();
    expected.extend(["Z", "é", "k0000 "].map(str::to_owned));
    for key in &expected {
        change(bus, key, set("")).await;
    }
    expected.sort();
    let (mut all, mut from) = (Vec::new(), Some(0));
    while let Some(at) = from {
        let page = keys(bus, at, 1_000_000).await;
        assert!(page.keys.len() <= 1000);
        all.extend(page.keys);
        from = page.next;
    }
    assert_eq!(all, expected);
    assert_eq!(keys(bus, 2_499, 1).await, StateKeys { keys: vec!["é".to_owned()], next: None });
    assert_eq!(keys(bus, u64::MAX, 1).await, StateKeys::default());
    change(bus, "Z", StateChange::Delete).await;
    assert_eq!(keys(bus, 0, 1).await, StateKeys { keys: vec!["k0000".to_owned()], next: Some(1) });
}

async fn clearing_leaves_nothing(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    let tight = StateLimits { bytes: ByteSize(2), keys: 1 };
    for _ in 0..2 {
        try_change(bus, "k", &set("1"), tight).await.unwrap();
        bus.state_clear(&DomainName::default(), &skill("echo")).await.unwrap();
        assert_eq!((get(bus, "k").await, keys(bus, 0, 10).await), (None, StateKeys::default()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_that_is_full_still_takes_what_frees_memory() {
    let redis = Redis::start().unwrap();
    let domains = vec![DomainName::default()];
    let settings = RedisSettings { url: redis.url(), domains, mac_key: KEY, limits: limits() };
    let bus = RedisBus::open(settings).await.unwrap();
    change(&bus, "k", set("1")).await;
    let mut raw = crate::fixture::raw(&redis).await;
    let _: () =
        ::redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg(1).query_async(&mut raw).await.unwrap();
    let refused = try_change(&bus, "k", &set("2"), AMPLE).await;
    assert!(matches!(refused, Err(BusError::Unavailable(_))), "{refused:?}");
    assert_eq!(get(&bus, "k").await, Some(bytes("1")));
    change(&bus, "k", StateChange::Delete).await;
    assert_eq!(get(&bus, "k").await, None);
}
