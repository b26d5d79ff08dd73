//! A Redis that forgets, restarts, or drops connections.

use crate::fixture::{
    LIMIT, call, event, host, limits, raw, receive, receive_nothing, receive_one, records, reply, send,
    settle, short_lease,
};
use skep_bus::{Bus, BusError, BusLimits, Delivery, Event, RedisBus, Room};
use skep_core::CallId;
use skep_harness::{Redis, eventually};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// More than a lease of [`short_lease`].
const LEASES: Duration = Duration::from_secs(2);

/// Calls come through, for this long.
async fn work_for(bus: &RedisBus, span: Duration) {
    let end = Instant::now() + span;
    while Instant::now() < end {
        works_again(bus).await;
    }
}

async fn tell(redis: &Redis, words: &[&str]) {
    let mut command = redis::cmd(words[0]);
    for word in &words[1..] {
        command.arg(*word);
    }
    let _: redis::Value = command.query_async(&mut raw(redis).await).await.unwrap();
}

/// A call comes through, after as many attempts as it takes.
async fn works_again(bus: &RedisBus) {
    let through = async {
        loop {
            if send(bus, call(bus.incarnation(), "echo", "1")).await.is_err() {
                tokio::task::yield_now().await;
                continue;
            }
            // A call sent just before Redis went may be lost with it.
            let Ok(delivery) = timeout(Duration::from_secs(3), receive_one(bus)).await else { continue };
            let served = delivery.envelope.id;
            settle(bus, delivery, "1").await;
            while reply(bus).await.id != served {}
            return;
        }
    };
    timeout(LIMIT * 2, through).await.expect("it does not come back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_flush_everything_comes_back_by_itself() {
    let redis = Redis::start().unwrap();
    // One looks for dead hosts all the time, the other is slow to renew.
    let every = |lease_renew| BusLimits { lease_renew, ..short_lease() };
    let one = host(&redis, every(Duration::from_millis(50))).await;
    let two = host(&redis, every(Duration::from_millis(1200))).await;
    work_for(&one, LEASES).await;
    for _ in 0..3 {
        let running = send(&one, call(one.incarnation(), "echo", "1")).await.unwrap();
        let delivery = receive_one(&two).await;
        tell(&redis, &["FLUSHALL"]).await;
        tell(&redis, &["SCRIPT", "FLUSH"]).await;
        // What was running still answers, and leaves its record.
        settle(&two, delivery, "1").await;
        assert_eq!(reply(&one).await.id, running);
        work_for(&two, LEASES).await;
        works_again(&one).await;
    }
    assert!(!records(&one, 1).await.is_empty());
    let mut raw = raw(&redis).await;
    for bus in [&one, &two] {
        let lease = format!("{{skep:main}}:lease:{}", bus.incarnation());
        eventually(LIMIT, async || {
            redis::cmd("EXISTS").arg(&lease).query_async::<bool>(&mut raw).await.unwrap()
        })
        .await;
    }
    let dead: Vec<String> = redis::cmd("KEYS").arg("*:dead:*").query_async(&mut raw).await.unwrap();
    assert!(dead.is_empty(), "nobody died: {dead:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_callers_are_told_soon_and_after_a_restart_it_works() {
    let mut redis = Redis::start().unwrap();
    let bus = host(&redis, limits()).await;
    works_again(&bus).await;
    redis.stop();
    let start = Instant::now();
    let refused = send(&bus, call(bus.incarnation(), "echo", "1")).await.unwrap_err();
    assert!(matches!(refused, BusError::Unavailable(_) | BusError::OutcomeUnknown(_)), "{refused:?}");
    eventually(LIMIT, async || {
        let refused = send(&bus, call(bus.incarnation(), "echo", "1")).await.unwrap_err();
        matches!(refused, BusError::Unavailable(_))
    })
    .await;
    assert!(matches!(bus.ping().await.unwrap_err(), BusError::Unavailable(_)));
    assert!(bus.receive(Room::of(1)).await.is_err());
    assert!(start.elapsed() < LIMIT);
    redis.restart().unwrap();
    works_again(&bus).await;
    bus.announce(5).await.unwrap();
    assert!(matches!(event(&bus).await, Event::Revision(5)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_that_keeps_the_data_loses_no_call() {
    let mut redis = Redis::start_with(&["--appendonly", "yes", "--appendfsync", "always"]).unwrap();
    let bus = host(&redis, limits()).await;
    let started = send(&bus, call(bus.incarnation(), "echo", "1")).await.unwrap();
    let delivery = receive_one(&bus).await;
    let unread = send(&bus, call(bus.incarnation(), "echo", "2")).await.unwrap();
    redis.stop();
    // Settled while Redis is away: it goes out when Redis is back.
    settle(&bus, delivery, "1").await;
    redis.restart().unwrap();
    assert_eq!(reply(&bus).await.id, started);
    let delivery = receive_one(&bus).await;
    assert_eq!(delivery.envelope.id, unread);
    settle(&bus, delivery, "1").await;
    assert_eq!(reply(&bus).await.id, unread);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_whose_answer_was_lost_is_handed_out() {
    let redis = Redis::start().unwrap();
    let bus = host(&redis, limits()).await;
    let id = send(&bus, call(bus.incarnation(), "echo", "1")).await.unwrap();
    // To Redis, this is the host's own read; the host never sees the answer.
    let me = bus.incarnation().to_string();
    tell(&redis, &["XREADGROUP", "GROUP", "hosts", &me, "STREAMS", "{skep:main}:no", ">"]).await;
    let delivery = receive_one(&bus).await;
    assert_eq!(delivery.envelope.id, id);
    // Longer than the time between two looks at the pending list.
    for _ in 0..5 {
        receive_nothing(&bus).await;
    }
    settle(&bus, delivery, "1").await;
    assert_eq!(reply(&bus).await.id, id);
    receive_nothing(&bus).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_connections_lose_and_double_no_call() {
    const CALLS: usize = 300;
    let redis = Redis::start().unwrap();
    let bus = Arc::new(host(&redis, limits()).await);
    let served = tokio::spawn(serve(bus.clone()));
    let mut sent = HashSet::new();
    let mut unknown = HashSet::new();
    for n in 0..CALLS {
        if n % 30 == 15 {
            tell(&redis, &["CLIENT", "KILL", "TYPE", "normal"]).await;
        }
        let entry = call(bus.incarnation(), "echo", &n.to_string());
        let id = entry.envelope.id;
        match bus.send(entry).await {
            Ok(_) => sent.insert(id),
            Err(BusError::OutcomeUnknown(_)) => unknown.insert(id),
            Err(BusError::Unavailable(_)) => true,
            Err(other) => panic!("{other}"),
        };
    }
    assert!(sent.len() > CALLS / 2, "only {} sent", sent.len());
    let mut waiting = sent.clone();
    while !waiting.is_empty() {
        waiting.remove(&reply(&*bus).await.id);
    }
    bus.close().await;
    let served = served.await.unwrap();
    let distinct: HashSet<_> = served.iter().copied().collect();
    assert_eq!(distinct.len(), served.len(), "a call was handed out twice");
    assert!(distinct.iter().all(|id| sent.contains(id) || unknown.contains(id)));
}

/// Settles whatever comes until the bus is closed; says what came.
async fn serve(bus: Arc<RedisBus>) -> Vec<CallId> {
    let mut served = Vec::new();
    loop {
        let deliveries: Vec<Delivery> = match bus.receive(Room::of(16)).await {
            Ok(deliveries) => deliveries,
            Err(BusError::Closed) => return served,
            Err(_) => continue,
        };
        for delivery in deliveries {
            served.push(delivery.envelope.id);
            settle(&*bus, delivery, "1").await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_calls_leaves_nothing_behind() {
    let redis = Redis::start().unwrap();
    let bus = host(&redis, limits()).await;
    for _ in 0..200 {
        send(&bus, call(bus.incarnation(), "echo", "1")).await.unwrap();
    }
    for delivery in receive(&bus, 200).await {
        settle(&bus, delivery, "1").await;
    }
    for _ in 0..200 {
        reply(&bus).await;
    }
    let tokens = records(&bus, 200).await.into_iter().map(|(token, _)| token).collect();
    bus.audit_done(tokens).await.unwrap();
    let mut raw = raw(&redis).await;
    for key in ["hi", "no", "lo", "audit", &format!("host:{}", bus.incarnation())] {
        let key = format!("{{skep:main}}:{key}");
        // What was read of the mailbox goes with the next read.
        eventually(LIMIT, async || {
            redis::cmd("XLEN").arg(&key).query_async::<usize>(&mut raw).await.unwrap() == 0
        })
        .await;
    }
    let state: Vec<String> =
        redis::cmd("HGETALL").arg("{skep:main}:state").query_async(&mut raw).await.unwrap();
    assert_eq!(state, ["depth", "0", "bytes", "0"]);
}
