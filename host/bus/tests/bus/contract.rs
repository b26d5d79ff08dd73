//! Calls out and replies back, cancelling, notices, and the end of a bus.

use crate::fixture::{
    Kind, Rig, answer, call, event, limits, on_both, receive, receive_nothing, receive_one, record, reply,
    send, settle, take_back,
};
use bytes::Bytes;
use skep_bus::{BusError, BusLimits, Entry, Event, Room};
use skep_core::{
    CallId, Fault, FaultCode, Incarnation, Level, LogRecord, Progress, Reply, SessionId, UnixMs, Usage,
};
use std::collections::HashSet;

on_both! {
    a_call_goes_out_and_its_reply_comes_back_whole;
    replies_find_their_calls_in_any_order;
    a_slow_call_delays_nobody;
    the_largest_input_and_result_pass_and_larger_ones_do_not;
    a_call_that_has_not_started_can_be_taken_back;
    a_call_that_has_started_is_told_to_stop;
    progress_and_revisions_arrive;
    a_call_is_sent_once;
    a_call_is_known_until_it_is_over;
    an_unknown_domain_is_named;
    a_dropped_receive_loses_nothing;
    a_closed_bus_says_so;
}

async fn a_call_goes_out_and_its_reply_comes_back_whole(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    bus.ping().await.unwrap();
    let entry = call(bus.incarnation(), "echo", r#"{"say":"\u0000 ü"}"#);
    send(bus, entry.clone()).await.unwrap();
    let delivery = receive_one(bus).await;
    assert_eq!(delivery.envelope, entry.envelope);
    assert_eq!(delivery.payload, entry.payload);
    let log = LogRecord {
        call: entry.envelope.id,
        at: UnixMs(5),
        level: Level::Warn,
        source: "stderr".to_owned(),
        text: "mind \"this\"\n".to_owned(),
    };
    let sent = Reply {
        id: entry.envelope.id,
        outcome: Err(Fault::tool_error("no")),
        logs: vec![log],
        usage: Usage { wall_us: 1, cpu_ticks: 2, memory_peak: 3 },
        served_by: Some(bus.incarnation()),
        digest: Some(skep_core::Digest::of(b"x")),
        version: Some("1.2.3".parse().unwrap()),
        session: Some(SessionId::fresh(bus.incarnation())),
        rate: None,
    };
    bus.settle(delivery, sent.clone(), record(1)).await.unwrap();
    assert_eq!(reply(bus).await, sent);
    receive_nothing(bus).await;
}

async fn replies_find_their_calls_in_any_order(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    let mut waiting = HashSet::new();
    for n in 0..200 {
        waiting.insert(send(bus, call(bus.incarnation(), "echo", &n.to_string())).await.unwrap());
    }
    let mut deliveries = receive(bus, 200).await;
    deliveries.reverse();
    for delivery in deliveries {
        let text = String::from_utf8(delivery.payload.to_vec()).unwrap();
        settle(bus, delivery, &text).await;
    }
    for _ in 0..200 {
        let reply = reply(bus).await;
        assert!(waiting.remove(&reply.id), "answered twice: {}", reply.id);
    }
}

async fn a_slow_call_delays_nobody(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    let slow = send(bus, call(bus.incarnation(), "slow", "1")).await.unwrap();
    let held = receive_one(bus).await;
    for n in 0..50 {
        let quick = send(bus, call(bus.incarnation(), "quick", &n.to_string())).await.unwrap();
        settle(bus, receive_one(bus).await, "2").await;
        assert_eq!(reply(bus).await.id, quick);
    }
    settle(bus, held, "3").await;
    assert_eq!(reply(bus).await.id, slow);
}

async fn the_largest_input_and_result_pass_and_larger_ones_do_not(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    let max = BusLimits::default().payload_bytes_max as usize;
    let mut entry = call(bus.incarnation(), "echo", "");
    entry.payload = Bytes::from(vec![b'1'; max + 1]);
    let refused = send(bus, entry.clone()).await.unwrap_err();
    assert_eq!(refused, BusError::TooLarge { part: "input", bytes: max as u64 + 1, limit: max as u64 });
    entry.payload.truncate(max);
    send(bus, entry.clone()).await.unwrap();
    let delivery = receive_one(bus).await;
    assert!(delivery.payload == entry.payload);
    settle(bus, delivery, &"2".repeat(max)).await;
    assert_eq!(reply(bus).await.outcome.unwrap().as_bytes().len(), max);

    send(bus, call(bus.incarnation(), "echo", "")).await.unwrap();
    settle(bus, receive_one(bus).await, &"2".repeat(max + 1)).await;
    assert_eq!(reply(bus).await.outcome.unwrap_err().code, FaultCode::LimitOutput);
}

async fn a_call_that_has_not_started_can_be_taken_back(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    let gone = send(bus, call(bus.incarnation(), "echo", "1")).await.unwrap();
    let kept = send(bus, call(bus.incarnation(), "echo", "2")).await.unwrap();
    assert!(take_back(bus, "echo", 0, gone).await);
    assert!(!take_back(bus, "echo", 0, gone).await, "it is gone already");
    assert!(!take_back(bus, "echo", 0, CallId::fresh()).await);
    assert_eq!(receive_one(bus).await.envelope.id, kept);
    receive_nothing(bus).await;
}

async fn a_call_that_has_started_is_told_to_stop(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    let id = send(bus, call(bus.incarnation(), "echo", "1")).await.unwrap();
    let delivery = receive_one(bus).await;
    assert!(!bus.cancel(&delivery.envelope).await.unwrap());
    assert!(matches!(event(bus).await, Event::Cancel(told) if told == id));
    let cancelled = Reply { outcome: Err(Fault::cancelled("the caller has gone")), ..answer(id, "") };
    bus.settle(delivery, cancelled, record(1)).await.unwrap();
    assert_eq!(reply(bus).await.outcome.unwrap_err().code, FaultCode::Cancelled);
}

async fn progress_and_revisions_arrive(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    let word = Progress { call: CallId::fresh(), done: 3, total: Some(4), message: Some("rows".to_owned()) };
    bus.progress(Incarnation::fresh(), word.clone()).await.unwrap();
    bus.progress(bus.incarnation(), word.clone()).await.unwrap();
    assert!(matches!(event(bus).await, Event::Progress(told) if told == word));
    bus.announce(41).await.unwrap();
    bus.announce(42).await.unwrap();
    assert!(matches!(event(bus).await, Event::Revision(41)));
    assert!(matches!(event(bus).await, Event::Revision(42)));
}

async fn a_call_is_sent_once(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    let entry = call(bus.incarnation(), "echo", "1");
    send(bus, entry.clone()).await.unwrap();
    assert_eq!(send(bus, entry.clone()).await.unwrap_err(), BusError::Duplicate(entry.envelope.id));
    assert_eq!(receive(bus, 1).await.len(), 1);
    receive_nothing(bus).await;
}

async fn a_call_is_known_until_it_is_over(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    let domain = &"main".parse().unwrap();
    let narrow = |n: &str| Entry { concurrency: 1, ..call(bus.incarnation(), "echo", n) };
    let (first, second) = (narrow("1"), narrow("2"));
    let (runs, waits, never) = (first.envelope.id, second.envelope.id, CallId::fresh());
    send(bus, first).await.unwrap();
    send(bus, second).await.unwrap();
    let delivery = receive_one(bus).await;
    let asked = [runs, never, waits];
    assert_eq!(bus.unknown(domain, &asked).await.unwrap(), [never]);
    settle(bus, delivery, "1").await;
    assert_eq!(reply(bus).await.id, runs);
    assert_eq!(bus.unknown(domain, &asked).await.unwrap(), [runs, never]);
    assert_eq!(bus.unknown(domain, &[]).await.unwrap(), []);
    if let Some(mut server) = rig.connection().await {
        let () = ::redis::cmd("FLUSHALL").query_async(&mut server).await.unwrap();
        assert_eq!(bus.unknown(domain, &[waits]).await.unwrap(), [waits]);
    }
}

async fn an_unknown_domain_is_named(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    let mut entry = call(bus.incarnation(), "echo", "1");
    entry.envelope.to.domain = "elsewhere".parse().unwrap();
    assert_eq!(send(bus, entry).await.unwrap_err(), BusError::UnknownDomain("elsewhere".parse().unwrap()));
}

async fn a_dropped_receive_loses_nothing(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    for n in 0..100 {
        // Polled once, so that a read may be on its way, then dropped.
        tokio::select! {
            biased;
            early = bus.receive(Room::of(1)) => assert!(early.unwrap().is_empty()),
            () = std::future::ready(()) => {}
        }
        let id = send(bus, call(bus.incarnation(), "echo", &n.to_string())).await.unwrap();
        let delivery = receive_one(bus).await;
        assert_eq!(delivery.envelope.id, id);
        settle(bus, delivery, "1").await;
        assert_eq!(reply(bus).await.id, id);
    }
}

async fn a_closed_bus_says_so(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    send(bus, call(bus.incarnation(), "echo", "1")).await.unwrap();
    let delivery = receive_one(bus).await;
    bus.close().await;
    bus.close().await;
    assert_eq!(send(bus, call(bus.incarnation(), "echo", "1")).await.unwrap_err(), BusError::Closed);
    assert_eq!(bus.receive(Room::of(1)).await.unwrap_err(), BusError::Closed);
    assert_eq!(bus.event().await.unwrap_err(), BusError::Closed);
    let late = answer(delivery.envelope.id, "1");
    assert_eq!(bus.settle(delivery, late, record(1)).await.unwrap_err(), BusError::Closed);
}
