//! Hosts that die, and hosts that are only busy. Dropping a bus without closing it leaves Redis as a kill does.

use crate::fixture::{
    LIMIT, answer, bounded, call, event, host, interrupted, raw, receive, receive_nothing, receive_one,
    record, reply, send, settle, settle_interrupted, short_lease,
};
use skep_bus::{Bound, Bus, BusError, Event, RedisBus, Room};
use skep_core::FaultCode;
use skep_harness::Redis;
use std::time::Instant;
use tokio::time::timeout;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dead_host_ran_is_interrupted_and_its_place_freed() {
    let redis = Redis::start().unwrap();
    let (doomed, survivor) = (host(&redis, short_lease()).await, host(&redis, short_lease()).await);
    let only = || bounded(call(survivor.incarnation(), "busy", "1"), 1, 0);
    let id = send(&survivor, only()).await.unwrap();
    assert_eq!(receive_one(&doomed).await.envelope.id, id);
    drop(doomed);
    let full = BusError::Overloaded { bound: Bound::SkillWaiting, limit: 0 };
    assert_eq!(send(&survivor, only()).await.unwrap_err(), full);

    let delivery = interrupted(&survivor).await;
    assert_eq!(delivery.envelope.id, id);
    receive_nothing(&survivor).await;
    settle_interrupted(&survivor, delivery).await;
    let told = reply(&survivor).await;
    assert_eq!((told.id, told.outcome.unwrap_err().code), (id, FaultCode::Interrupted));
    send(&survivor, only()).await.unwrap();
    receive_one(&survivor).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dead_host_had_not_read_is_run_by_another() {
    let redis = Redis::start().unwrap();
    let (doomed, survivor) = (host(&redis, short_lease()).await, host(&redis, short_lease()).await);
    let id = send(&doomed, call(survivor.incarnation(), "echo", "1")).await.unwrap();
    drop(doomed);
    let delivery = receive_one(&survivor).await;
    settle(&survivor, delivery, "1").await;
    assert_eq!(reply(&survivor).await.id, id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_claims_of_a_host_that_dies_too_pass_on() {
    let redis = Redis::start().unwrap();
    let mut hosts = Vec::new();
    for _ in 0..3 {
        hosts.push(host(&redis, short_lease()).await);
    }
    let last = hosts.pop().unwrap();
    let second = hosts.pop().unwrap();
    let first = hosts.pop().unwrap();
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(send(&last, call(last.incarnation(), "echo", "1")).await.unwrap());
    }
    receive(&first, 5).await;
    drop(first);
    // Either of the two claims it; the second dies without a word in any case.
    let seen = timeout(LIMIT, async {
        tokio::select! {
            delivery = interrupted(&second) => (delivery, None),
            delivery = interrupted(&last) => (delivery, Some(())),
        }
    });
    let (delivery, by_last) = seen.await.unwrap();
    drop(second);
    if by_last.is_some() {
        settle_interrupted(&last, delivery).await;
    }
    while !ids.is_empty() {
        match event(&last).await {
            Event::Interrupted(delivery) => settle_interrupted(&last, delivery).await,
            Event::Reply(told) => {
                assert_eq!(told.outcome.unwrap_err().code, FaultCode::Interrupted);
                ids.retain(|id| *id != told.id);
            }
            other => panic!("unexpected: {other:?}"),
        }
    }
    receive_nothing(&last).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_taken_for_dead_settles_nothing_and_knows_it() {
    let redis = Redis::start().unwrap();
    let (zombie, other) = (host(&redis, short_lease()).await, host(&redis, short_lease()).await);
    send(&zombie, call(other.incarnation(), "echo", "1")).await.unwrap();
    let delivery = receive_one(&zombie).await;
    // What the others leave when they have given a host up.
    let certificate = format!("{{skep:main}}:dead:{}", zombie.incarnation());
    let _: () = redis::cmd("SET").arg(certificate).arg(1).query_async(&mut raw(&redis).await).await.unwrap();
    let id = delivery.envelope.id;
    // Already refused, or refused by Redis.
    let _ = zombie.settle(delivery, answer(id, "1"), record(1)).await;
    assert_eq!(timeout(LIMIT, zombie.event()).await.unwrap().unwrap_err(), BusError::LeaseLost);
    assert_eq!(zombie.receive(Room::of(1)).await.unwrap_err(), BusError::LeaseLost);
    assert_eq!(send(&zombie, call(other.incarnation(), "echo", "1")).await.unwrap_err(), BusError::LeaseLost);
    // The call still counts as running, until the other one gives it up.
    let delivery = interrupted(&other).await;
    assert_eq!(delivery.envelope.id, id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_host_keeps_its_lease() {
    let redis = Redis::start().unwrap();
    let other = host(&redis, short_lease()).await;
    send(&other, call(other.incarnation(), "echo", "1")).await.unwrap();
    let busy = {
        let redis_url = redis.url();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(busy_host(redis_url));
        })
    };
    assert!(reply(&other).await.outcome.is_ok());
    busy.join().unwrap();
}

/// Takes a call and computes for twice the lease on the only thread it has.
async fn busy_host(url: String) {
    let limits = short_lease();
    let (lease, domains) = (limits.lease, vec![Default::default()]);
    let settings = skep_bus::RedisSettings { url, domains, mac_key: crate::fixture::KEY, limits };
    let bus = RedisBus::open(settings).await.unwrap();
    let delivery = receive_one(&bus).await;
    let end = Instant::now() + lease * 2;
    while Instant::now() < end {
        std::hint::spin_loop();
    }
    settle(&bus, delivery, "1").await;
    bus.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_host_leaves_its_unread_calls_and_no_trace() {
    let redis = Redis::start().unwrap();
    let (leaving, staying) = (host(&redis, short_lease()).await, host(&redis, short_lease()).await);
    let done = send(&staying, call(staying.incarnation(), "echo", "1")).await.unwrap();
    let delivery = receive_one(&leaving).await;
    send(&staying, call(staying.incarnation(), "echo", "2")).await.unwrap();
    settle(&leaving, delivery, "1").await;
    leaving.close().await;
    assert_eq!(reply(&staying).await.id, done, "what was settled before the end is sent");
    receive_one(&staying).await;
    let mut raw = raw(&redis).await;
    let keys: Vec<String> = redis::cmd("KEYS").arg("*").query_async(&mut raw).await.unwrap();
    let gone = leaving.incarnation().to_string();
    assert!(!keys.iter().any(|key| key.contains(&gone)), "{keys:?}");
}
