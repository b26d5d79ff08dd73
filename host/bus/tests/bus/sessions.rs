//! Calls of sessions: they reach the host that holds the session, or are answered when it is gone.

use crate::fixture::{
    Kind, LIMIT, Rig, bounded, call, event, host, limits, nested, nothing_is_left, of_session, on_both, raw,
    receive, receive_nothing, receive_one, reply, send, settle, settle_interrupted, short_lease, take_back,
};
use skep_bus::{Bound, Bus, BusError, Delivery, Event, RedisBus, Room};
use skep_core::{CallId, FaultCode, Incarnation};
use skep_harness::{Redis, eventually};
use std::collections::HashSet;
use tokio::time::timeout;

on_both! {
    a_session_is_served_by_the_host_that_holds_it;
    a_session_of_no_host_is_refused;
    sessions_and_lanes_take_turns;
    a_call_of_a_session_obeys_the_share_of_its_skill;
}

async fn a_session_is_served_by_the_host_that_holds_it(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    let entry = of_session(nested(call(bus.incarnation(), "notes", "1"), 2), bus.incarnation());
    let id = send(bus, entry.clone()).await.unwrap();
    let deep = Room { total: 9, depths: [0, 9, 9, 9] };
    assert!(bus.receive(deep).await.unwrap().is_empty(), "it takes the room of calls from outside");
    let delivery = bus.receive(Room { total: 9, depths: [1, 0, 0, 0] }).await.unwrap().remove(0);
    assert_eq!((&delivery.envelope, delivery.depth()), (&entry.envelope, 0));
    assert!(!bus.cancel(&entry.envelope).await.unwrap());
    assert!(matches!(event(bus).await, Event::Cancel(told) if told == id));
    settle(bus, delivery, "1").await;
    assert_eq!(reply(bus).await.id, id);
    receive_nothing(bus).await;
}

/// A session of this host is refused, once it is certain that no host is late to report to a new Redis.
async fn is_gone(bus: &dyn Bus, holder: Incarnation) {
    let sending = async {
        loop {
            match send(bus, of_session(call(bus.incarnation(), "notes", "1"), holder)).await.unwrap_err() {
                BusError::Unavailable(_) => tokio::task::yield_now().await,
                refused => return refused,
            }
        }
    };
    let refused = timeout(LIMIT, sending).await.expect("it never gets certain");
    assert_eq!(refused, BusError::NoSuchHost(holder));
}

async fn a_session_of_no_host_is_refused(kind: Kind) {
    let rig = Rig::open(kind, short_lease()).await;
    let bus = &*rig.bus;
    is_gone(bus, Incarnation::fresh()).await;
    receive_nothing(bus).await;
}

async fn sessions_and_lanes_take_turns(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    let me = bus.incarnation();
    for _ in 0..40 {
        send(bus, call(me, "echo", "1")).await.unwrap();
        send(bus, of_session(call(me, "notes", "1"), me)).await.unwrap();
    }
    let of_sessions = |taken: &[Delivery]| taken.iter().filter(|d| d.envelope.session.is_some()).count();
    assert_eq!(of_sessions(&bus.receive(Room::of(10)).await.unwrap()), 5);
    let mut singles = Vec::new();
    for _ in 0..20 {
        singles.append(&mut bus.receive(Room::of(1)).await.unwrap());
    }
    assert_eq!((singles.len(), of_sessions(&singles)), (20, 10));
    // What one of them has left goes to the other.
    receive(bus, 50).await;
    for _ in 0..5 {
        send(bus, of_session(call(me, "notes", "1"), me)).await.unwrap();
    }
    assert_eq!(of_sessions(&bus.receive(Room::of(4)).await.unwrap()), 4);
}

async fn a_call_of_a_session_obeys_the_share_of_its_skill(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    let me = bus.incarnation();
    let notes = || of_session(bounded(call(me, "notes", "1"), 1, 2), me);
    let first = send(bus, notes()).await.unwrap();
    let gone = send(bus, notes()).await.unwrap();
    let last = send(bus, notes()).await.unwrap();
    let full = BusError::Overloaded { bound: Bound::SkillWaiting, limit: 2 };
    assert_eq!(send(bus, notes()).await.unwrap_err(), full);
    assert!(take_back(bus, "notes", 0, gone).await);
    for expected in [first, last] {
        let delivery = receive_one(bus).await;
        assert_eq!(delivery.envelope.id, expected);
        settle(bus, delivery, "1").await;
        reply(bus).await;
    }
    let unread = send(bus, notes()).await.unwrap();
    assert!(take_back(bus, "notes", 0, unread).await);
    receive_nothing(bus).await;
    send(bus, notes()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_hosts_that_read_only_the_holder_gets_the_call() {
    let redis = Redis::start().unwrap();
    let (one, two) = (host(&redis, limits()).await, host(&redis, limits()).await);
    let serve = async |bus: &RedisBus, sent: HashSet<CallId>| {
        let mut left = sent;
        while !left.is_empty() {
            for delivery in receive(bus, 1).await {
                assert_eq!(delivery.envelope.session.unwrap().host, bus.incarnation());
                assert!(left.remove(&delivery.envelope.id));
                settle(bus, delivery, "1").await;
            }
        }
        receive_nothing(bus).await;
    };
    let mut sent = [HashSet::new(), HashSet::new()];
    for (holder, sent) in [&one, &two].into_iter().zip(&mut sent) {
        for _ in 0..50 {
            let entry = of_session(call(one.incarnation(), "notes", "1"), holder.incarnation());
            sent.insert(send(&one, entry).await.unwrap());
        }
    }
    let [ones, twos] = sent;
    tokio::join!(serve(&one, ones), serve(&two, twos));
    for _ in 0..100 {
        assert!(reply(&one).await.outcome.is_ok());
    }
    nothing_is_left(&redis).await;
}

/// Settles what `host` is handed as interrupted until each of these calls is answered so.
async fn all_interrupted(host: &RedisBus, mut sent: HashSet<CallId>) {
    let answering = async {
        while !sent.is_empty() {
            match event(host).await {
                Event::Interrupted(delivery) => settle_interrupted(host, delivery).await,
                Event::Reply(reply) => {
                    assert_eq!(reply.outcome.unwrap_err().code, FaultCode::Interrupted);
                    assert!(sent.remove(&reply.id), "answered twice, or never sent");
                }
                other => panic!("unexpected: {other:?}"),
            }
        }
    };
    timeout(LIMIT, answering).await.expect("some were not answered");
}

/// No key tells of this host any more but the one that says it died.
async fn forgotten(redis: &Redis, host: Incarnation) {
    let mut raw = raw(redis).await;
    eventually(LIMIT, async || {
        let keys: Vec<String> = ::redis::cmd("KEYS").arg("*").query_async(&mut raw).await.unwrap();
        let holders: Vec<String> =
            ::redis::cmd("SMEMBERS").arg("{skep:main}:holders").query_async(&mut raw).await.unwrap();
        let tells = |key: &String| key.contains(&host.to_string()) && !key.contains(":dead:");
        !keys.iter().chain(&holders).any(tells)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_holder_dies_all_its_calls_are_answered() {
    let redis = Redis::start().unwrap();
    let (holder, survivor) = (host(&redis, short_lease()).await, host(&redis, short_lease()).await);
    let (gone, me) = (holder.incarnation(), survivor.incarnation());
    let mut sent = HashSet::new();
    // Two run, three wait to be read, and four wait behind these five.
    for n in 0..9 {
        let entry = nested(of_session(bounded(call(me, "notes", "1"), 5, 9), gone), n % 3);
        sent.insert(send(&survivor, entry).await.unwrap());
    }
    receive(&holder, 2).await;
    // One waits behind a share that a host holds who lives.
    let busy = || bounded(call(me, "busy", "1"), 1, 9);
    let running = send(&survivor, busy()).await.unwrap();
    let kept = receive_one(&survivor).await;
    sent.insert(send(&survivor, of_session(busy(), gone)).await.unwrap());
    let next = send(&survivor, busy()).await.unwrap();
    drop(holder);

    all_interrupted(&survivor, sent).await;
    receive_nothing(&survivor).await;
    is_gone(&survivor, gone).await;
    settle(&survivor, kept, "1").await;
    assert_eq!(reply(&survivor).await.id, running);
    settle(&survivor, receive_one(&survivor).await, "1").await;
    assert_eq!(reply(&survivor).await.id, next);
    nothing_is_left(&redis).await;
    forgotten(&redis, gone).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_holder_leaves_all_its_calls_are_answered() {
    let redis = Redis::start().unwrap();
    let (holder, survivor) = (host(&redis, short_lease()).await, host(&redis, short_lease()).await);
    let (gone, me) = (holder.incarnation(), survivor.incarnation());
    let mut sent = HashSet::new();
    for _ in 0..4 {
        let entry = of_session(bounded(call(me, "notes", "1"), 2, 9), gone);
        sent.insert(send(&survivor, entry).await.unwrap());
    }
    receive(&holder, 1).await;
    holder.close().await;
    is_gone(&survivor, gone).await;
    all_interrupted(&survivor, sent).await;
    nothing_is_left(&redis).await;
    forgotten(&redis, gone).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_inherited_calls_of_a_host_that_dies_too_pass_on() {
    let redis = Redis::start().unwrap();
    let (holder, heir) = (host(&redis, short_lease()).await, host(&redis, short_lease()).await);
    let last = host(&redis, short_lease()).await;
    let (gone, me) = (holder.incarnation(), last.incarnation());
    let mut sent = HashSet::new();
    for _ in 0..6 {
        sent.insert(send(&last, of_session(bounded(call(me, "notes", "1"), 3, 9), gone)).await.unwrap());
    }
    receive(&holder, 1).await;
    drop(holder);
    // Whoever inherits first; the heir dies without a word in any case.
    let mut first = None;
    timeout(LIMIT, async {
        tokio::select! {
            _ = crate::fixture::interrupted(&heir) => {}
            delivery = crate::fixture::interrupted(&last) => first = Some(delivery),
        }
    })
    .await
    .unwrap();
    drop(heir);
    if let Some(delivery) = first {
        settle_interrupted(&last, delivery).await;
    }
    all_interrupted(&last, sent).await;
    nothing_is_left(&redis).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_flush_sessions_are_found_again() {
    let redis = Redis::start().unwrap();
    let (one, two) = (host(&redis, short_lease()).await, host(&redis, short_lease()).await);
    let entry = || of_session(call(one.incarnation(), "notes", "1"), two.incarnation());
    for _ in 0..2 {
        let _: () = ::redis::cmd("FLUSHALL").query_async(&mut raw(&redis).await).await.unwrap();
        let sending = async {
            loop {
                match send(&one, entry()).await {
                    Ok(id) => return id,
                    Err(BusError::Unavailable(_)) => tokio::task::yield_now().await,
                    Err(other) => panic!("a host that lives is there, or not to be told: {other}"),
                }
            }
        };
        let id = timeout(LIMIT, sending).await.unwrap();
        let delivery = receive_one(&two).await;
        assert_eq!(delivery.envelope.id, id);
        settle(&two, delivery, "1").await;
        assert_eq!(reply(&one).await.id, id);
    }
}
