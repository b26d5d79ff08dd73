//! Several hosts on one Redis.

use crate::fixture::{
    LIMIT, bounded, call, event, host, limits, receive, receive_nothing, receive_one, record, records, reply,
    send, settle, take_back,
};
use skep_bus::{Bound, Bus, BusError, Event, RedisBus};
use skep_core::Progress;
use skep_harness::Redis;
use std::collections::HashSet;
use tokio::time::timeout;

async fn pair(redis: &Redis) -> (RedisBus, RedisBus) {
    (host(redis, limits()).await, host(redis, limits()).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_host_gets_the_replies_of_the_calls_it_accepted() {
    let redis = Redis::start().unwrap();
    let (one, two) = pair(&redis).await;
    let mut waiting = [HashSet::new(), HashSet::new()];
    for n in 0..100 {
        for (host, ids) in [&one, &two].into_iter().zip(&mut waiting) {
            ids.insert(send(host, call(host.incarnation(), "echo", &n.to_string())).await.unwrap());
        }
    }
    let serve = async |host: &RedisBus| {
        for delivery in receive(host, 100).await {
            settle(host, delivery, "1").await;
        }
    };
    tokio::join!(serve(&one), serve(&two));
    for (host, ids) in [&one, &two].into_iter().zip(&mut waiting) {
        while !ids.is_empty() {
            let reply = reply(host).await;
            assert!(ids.remove(&reply.id), "not its call, or answered twice");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bounds_of_a_skill_hold_over_all_hosts() {
    let redis = Redis::start().unwrap();
    let (one, two) = pair(&redis).await;
    let busy = |host: &RedisBus| bounded(call(host.incarnation(), "busy", "1"), 1, 1);
    let first = send(&one, busy(&one)).await.unwrap();
    let second = send(&two, busy(&two)).await.unwrap();
    let full = BusError::Overloaded { bound: Bound::SkillWaiting, limit: 1 };
    assert_eq!(send(&one, busy(&one)).await.unwrap_err(), full);
    let running = receive_one(&two).await;
    assert_eq!(running.envelope.id, first);
    receive_nothing(&one).await;
    settle(&two, running, "1").await;
    let moved = receive_one(&one).await;
    assert_eq!(moved.envelope.id, second);
    settle(&one, moved, "1").await;
    assert_eq!(reply(&two).await.id, second);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancellation_progress_and_revisions_cross_hosts() {
    let redis = Redis::start().unwrap();
    let (one, two) = pair(&redis).await;
    let id = send(&one, call(one.incarnation(), "echo", "1")).await.unwrap();
    let delivery = receive_one(&two).await;
    assert_eq!(delivery.envelope.from, one.incarnation());
    let word = Progress { call: id, done: 1, total: None, message: None };
    two.progress(delivery.envelope.from, word.clone()).await.unwrap();
    assert!(matches!(event(&one).await, Event::Progress(told) if told == word));
    assert!(!take_back(&one, "echo", 0, id).await);
    assert!(matches!(event(&two).await, Event::Cancel(told) if told == id));
    assert_eq!(one.announced().await.unwrap(), 0);
    two.announce(9).await.unwrap();
    two.announce(8).await.unwrap();
    assert_eq!(one.announced().await.unwrap(), 9);
    for host in [&one, &two] {
        assert!(matches!(event(host).await, Event::Revision(9)));
        assert!(matches!(event(host).await, Event::Revision(8)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_record_is_taken_by_one_host() {
    let redis = Redis::start().unwrap();
    let (one, two) = pair(&redis).await;
    for seq in 1..=100 {
        one.audit_push(record(seq)).await.unwrap();
    }
    let mut seen = HashSet::new();
    let gather = async {
        while seen.len() < 100 {
            for host in [&one, &two] {
                for (token, record) in host.audit_take(7).await.unwrap() {
                    assert!(seen.insert(record.seq), "taken twice: {}", record.seq);
                    host.audit_done(vec![token]).await.unwrap();
                }
            }
        }
    };
    timeout(LIMIT, gather).await.unwrap();
    two.audit_push(record(101)).await.unwrap();
    assert_eq!(records(&one, 1).await[0].1.seq, 101);
}
