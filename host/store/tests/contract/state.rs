//! Durable state: exact limits, one winner a race, nothing lost, nothing left behind.

use crate::ground::{Ground, on_both};
use crate::sample::{domain, name, publish};
use bytes::Bytes;
use skep_core::{
    ByteSize, STATE_KEY_BYTES_MAX, STATE_VALUE_BYTES_MAX, StateChange, StateChanged, StateError, StateLimits,
};
use skep_store::{Store, StoreError};
use tokio::task::JoinSet;

/// Hosts that write at once.
const WRITERS: usize = 8;
const AMPLE: StateLimits = StateLimits { bytes: ByteSize(64 << 20), keys: 100_000 };

on_both! {
    what_is_set_is_read_back_byte_for_byte,
    what_no_bucket_takes_is_refused,
    only_skills_that_are_there_have_state,
    limits_are_exact_under_concurrency,
    of_swaps_on_one_value_one_wins,
    increments_sum_up,
    keys_come_in_pages_by_their_bytes,
    removing_a_skill_takes_its_state,
    a_skill_removed_under_writers_leaves_nothing,
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

async fn change_of(
    store: &Store,
    skill: &str,
    key: &str,
    change: StateChange,
    limits: StateLimits,
) -> Result<StateChanged, StoreError> {
    store.state_change(&domain(), &name(skill), key, &change, limits).await
}

async fn change(store: &Store, key: &str, what: StateChange) -> StateChanged {
    change_of(store, "echo", key, what, AMPLE).await.unwrap()
}

async fn get(store: &Store, key: &str) -> Option<Bytes> {
    store.state_get(&domain(), &name("echo"), key).await.unwrap()
}

/// A store in which skill `echo` is installed, and the revision of that.
async fn installed(ground: &Ground) -> (Store, u64) {
    let store = ground.open().await;
    let revision = store.skill_publish(publish("1.0.0", b"one")).await.unwrap();
    (store, revision)
}

/// Has eight writers change state at once, those of MariaDB on two hosts; a file has one host only.
async fn at_once<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    ground: &Ground,
    write: impl Fn(Store, usize) -> F,
) -> Vec<T> {
    let mut hosts = vec![ground.open().await];
    if hosts[0].shared() {
        hosts.push(ground.open().await);
    }
    let mut tasks = JoinSet::new();
    for writer in 0..WRITERS {
        tasks.spawn(write(hosts[writer % hosts.len()].clone(), writer));
    }
    tasks.join_all().await
}

async fn what_is_set_is_read_back_byte_for_byte(ground: Ground) {
    let (store, _) = installed(&ground).await;
    assert_eq!(get(&store, "k").await, None);
    let largest = Bytes::from(vec![0xff; STATE_VALUE_BYTES_MAX]);
    let long = "ä".repeat(STATE_KEY_BYTES_MAX / 2);
    for (key, value) in [("k", bytes("")), ("K", bytes("\0\n'")), (" ", bytes("1")), (&long, largest)] {
        let made = change(&store, key, StateChange::Set(value.clone())).await;
        assert_eq!(made, StateChanged { applied: true, value: Some(value.clone()) });
        assert_eq!(get(&store, key).await, Some(value));
    }
    // Keys that differ are different, spaces, case and what ends a C string included.
    for key in ["k ", "k\0", "", "ä"] {
        assert_eq!(get(&store, key).await, None, "{key:?}");
    }
    for (change_made, applied, value) in [
        (swap(None, Some("x")), false, Some("")),
        (swap(Some("y"), Some("x")), false, Some("")),
        (swap(Some(""), Some("x")), true, Some("x")),
        (set("x"), true, Some("x")),
        (StateChange::Delete, true, None),
        (StateChange::Delete, true, None),
        (swap(None, None), true, None),
        (swap(None, Some("7")), true, Some("7")),
        (StateChange::Increment(3), true, Some("10")),
        (swap(Some("10"), None), true, None),
        (StateChange::Increment(u64::MAX), true, Some("18446744073709551615")),
    ] {
        let made = change(&store, "k", change_made.clone()).await;
        assert_eq!(made, StateChanged { applied, value: value.map(bytes) }, "{change_made:?}");
        assert_eq!(get(&store, "k").await, value.map(bytes), "{change_made:?}");
    }
    // Another host sees the same, after the first has gone too.
    store.close().await;
    assert_eq!(get(&ground.open().await, "K").await, Some(bytes("\0\n'")));
}

async fn what_no_bucket_takes_is_refused(ground: Ground) {
    let (store, _) = installed(&ground).await;
    change(&store, "text", set("seven")).await;
    change(&store, "most", set("18446744073709551615")).await;
    let long = "k".repeat(STATE_KEY_BYTES_MAX + 1);
    let large = StateChange::Set(vec![0; STATE_VALUE_BYTES_MAX + 1].into());
    for (key, refused, why) in [
        ("", set("1"), StateError::Key),
        (&*long, set("1"), StateError::Key),
        ("k", large, StateError::Value),
        ("text", StateChange::Increment(1), StateError::NotANumber),
        ("most", StateChange::Increment(1), StateError::NotANumber),
    ] {
        let result = change_of(&store, "echo", key, refused, AMPLE).await;
        assert_eq!(result, Err(StoreError::State(why)), "{key:.9}");
    }
    assert_eq!(get(&store, "text").await, Some(bytes("seven")));
}

async fn only_skills_that_are_there_have_state(ground: Ground) {
    let (store, _) = installed(&ground).await;
    let result = change_of(&store, "other", "k", set("1"), AMPLE).await;
    assert_eq!(result, Err(StoreError::NotFound("skill `other`".to_owned())));
    let other = publish("1.0.0", b"one");
    store.skill_publish(skep_store::Publish { name: name("other"), ..other }).await.unwrap();
    change_of(&store, "other", "k", set("1"), AMPLE).await.unwrap();
    assert_eq!(get(&store, "k").await, None, "each skill has its own");
}

async fn limits_are_exact_under_concurrency(ground: Ground) {
    installed(&ground).await;
    // Room for 20 keys of 3 bytes with values of 2.
    let limits = StateLimits { bytes: ByteSize(100), keys: 20 };
    let write = move |store: Store, writer: usize| async move {
        let mut made = 0;
        for number in 0..5 {
            match change_of(&store, "echo", &format!("{writer}.{number}"), set("vv"), limits).await {
                Ok(_) => made += 1,
                Err(StoreError::State(StateError::FullBytes(_) | StateError::FullKeys(_))) => {}
                Err(error) => panic!("{error}"),
            }
        }
        made
    };
    let made: usize = at_once(&ground, write).await.into_iter().sum();
    assert_eq!((made, ground.texts("SELECT name FROM state").await.len()), (20, 20));

    let store = ground.open().await;
    let full = |limits| change_of(&store, "echo", "new", set(""), limits);
    assert_eq!(full(limits).await, Err(StateError::FullBytes(ByteSize(100)).into()));
    let wider = StateLimits { bytes: ByteSize(200), ..limits };
    assert_eq!(full(wider).await, Err(StateError::FullKeys(20).into()));
    // What is full can be made smaller, and then holds that much more.
    let first = store.state_keys(&domain(), &name("echo"), 0, 1).await.unwrap().keys.remove(0);
    change_of(&store, "echo", &first, set("vvv"), limits).await.unwrap_err();
    change_of(&store, "echo", &first, set("v"), limits).await.unwrap();
    change_of(&store, "echo", &first, StateChange::Delete, limits).await.unwrap();
    change_of(&store, "echo", "new", set("vv"), limits).await.unwrap();
    change_of(&store, "echo", "new2", set(""), limits).await.unwrap_err();
}

async fn of_swaps_on_one_value_one_wins(ground: Ground) {
    let (store, _) = installed(&ground).await;
    let mut now = None;
    for round in 0..5 {
        let before: Option<String> = now.clone();
        let write = move |store: Store, writer: usize| {
            let swap = swap(before.as_deref(), Some(&format!("{round}.{writer}")));
            async move { change(&store, "k", swap).await }
        };
        let results = at_once(&ground, write).await;
        let won: Vec<_> = results.iter().filter(|made| made.applied).collect();
        assert_eq!(won.len(), 1, "{results:?}");
        assert!(results.iter().all(|made| made.value == won[0].value), "{results:?}");
        assert_eq!(get(&store, "k").await, won[0].value);
        now = won[0].value.as_ref().map(|value| String::from_utf8(value.to_vec()).unwrap());
    }
}

async fn increments_sum_up(ground: Ground) {
    let (store, _) = installed(&ground).await;
    let write = |store: Store, writer: usize| async move {
        let mut seen = Vec::new();
        for _ in 0..10 {
            let made = change(&store, "count", StateChange::Increment(writer as u64 + 1)).await;
            seen.push(made.value.unwrap());
        }
        seen
    };
    let mut seen = at_once(&ground, write).await.concat();
    assert_eq!(get(&store, "count").await, Some(bytes("360")));
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), WRITERS * 10, "no two saw the same sum");
}

/// Fills the bucket of `echo` past the store, in one statement a thousand keys.
async fn fill(ground: &Ground, store: &Store, keys: usize) {
    change(store, "k0000000", set("")).await;
    for thousand in (1..keys).collect::<Vec<_>>().chunks(1000) {
        let rows: Vec<_> =
            thousand.iter().map(|number| format!("('main', 'echo', 'k{number:07}', X'')")).collect();
        let rows = rows.join(", ");
        ground.exec(&format!("INSERT INTO state (domain, skill, name, value) VALUES {rows}")).await;
    }
}

async fn keys_come_in_pages_by_their_bytes(ground: Ground) {
    let (store, _) = installed(&ground).await;
    let (domain, echo) = (domain(), name("echo"));
    assert_eq!(store.state_keys(&domain, &echo, 0, 10).await, Ok(Default::default()));
    fill(&ground, &store, 2_498).await;
    change(&store, "é", set("")).await;
    change(&store, "Z", set("")).await;

    let (mut all, mut from) = (Vec::new(), Some(0));
    while let Some(at) = from {
        let page = store.state_keys(&domain, &echo, at, 1_000_000).await.unwrap();
        assert!(page.keys.len() <= 1000);
        all.extend(page.keys);
        from = page.next;
    }
    let mut expected: Vec<_> = (0..2_498).map(|number| format!("k{number:07}")).collect();
    expected.insert(0, "Z".to_owned());
    expected.push("é".to_owned());
    assert_eq!(all, expected);
    assert_eq!(store.state_keys(&domain, &echo, 2_499, 1).await.unwrap().next, None);
    assert_eq!(store.state_keys(&domain, &echo, u64::MAX, 1).await, Ok(Default::default()));
}

async fn removing_a_skill_takes_its_state(ground: Ground) {
    let (store, revision) = installed(&ground).await;
    // More than one statement deletes.
    fill(&ground, &store, 10_001).await;
    store.skill_remove(&domain(), &name("echo"), revision + 1).await.unwrap_err();
    assert_eq!(get(&store, "k0000000").await, Some(bytes("")));
    store.skill_remove(&domain(), &name("echo"), revision).await.unwrap();
    assert_eq!(get(&store, "k0000000").await, None);
    for table in ["state", "state_totals"] {
        assert!(ground.texts(&format!("SELECT skill FROM {table}")).await.is_empty());
    }
    store.skill_publish(publish("1.0.0", b"one")).await.unwrap();
    assert_eq!(change(&store, "k0000000", StateChange::Increment(1)).await.value, Some(bytes("1")));
}

async fn a_skill_removed_under_writers_leaves_nothing(ground: Ground) {
    let (store, mut revision) = installed(&ground).await;
    for round in 0..3 {
        let write = |store: Store, writer: usize| async move {
            for number in 0.. {
                match change_of(&store, "echo", &format!("{writer}.{number}"), set("1"), AMPLE).await {
                    Ok(_) => {}
                    Err(StoreError::NotFound(_)) => return,
                    Err(error) => panic!("{error}"),
                }
            }
        };
        let remove = async {
            // In the midst of it, or before the first has written.
            while round > 0 && get(&store, "3.3").await.is_none() {}
            store.skill_remove(&domain(), &name("echo"), revision).await.unwrap()
        };
        tokio::join!(at_once(&ground, write), remove);
        assert!(ground.texts("SELECT skill FROM state_totals").await.is_empty());
        assert!(ground.texts("SELECT skill FROM state").await.is_empty());
        revision = store.skill_publish(publish("1.0.0", b"one")).await.unwrap();
    }
}
