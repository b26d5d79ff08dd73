//! Audit records on their way to the database.

use crate::fixture::{
    Kind, Rig, answer, call, limits, on_both, receive_one, record, records, reply, send, settle,
};
use skep_bus::{BusError, BusLimits};
use std::time::Duration;

on_both! {
    records_arrive_whole_and_are_forgotten_when_done;
    records_left_behind_are_handed_out_again;
    with_the_database_away_new_calls_are_refused_and_running_ones_settle;
}

async fn records_arrive_whole_and_are_forgotten_when_done(kind: Kind) {
    let rig = Rig::open(kind, BusLimits { audit_retry: Duration::from_secs(1), ..limits() }).await;
    let bus = &*rig.bus;
    let (pushed, settled) = (record(1), record(2));
    bus.audit_push(pushed.clone()).await.unwrap();
    let id = send(bus, call(bus.incarnation(), "echo", "1")).await.unwrap();
    bus.settle(receive_one(bus).await, answer(id, "1"), settled.clone()).await.unwrap();
    reply(bus).await;
    let mut seen = Vec::new();
    for (token, record) in records(bus, 2).await {
        seen.push(record);
        bus.audit_done(vec![token]).await.unwrap();
    }
    assert_eq!(seen, [pushed, settled]);
    // Past the time after which what isn't done comes again.
    for _ in 0..25 {
        assert!(bus.audit_take(10).await.unwrap().is_empty());
    }
    bus.audit_done(Vec::new()).await.unwrap();
}

async fn records_left_behind_are_handed_out_again(kind: Kind) {
    let rig = Rig::open(kind, BusLimits { audit_retry: Duration::from_secs(1), ..limits() }).await;
    let bus = &*rig.bus;
    for seq in 1..=30 {
        bus.audit_push(record(seq)).await.unwrap();
    }
    let first = records(bus, 30).await;
    assert!(bus.audit_take(30).await.unwrap().is_empty());
    let tokens: Vec<_> = first.into_iter().map(|(token, _)| token).collect();
    bus.audit_done(tokens[..10].to_vec()).await.unwrap();
    let mut again: Vec<_> = records(bus, 20).await.into_iter().map(|(_, record)| record.seq).collect();
    again.sort_unstable();
    assert_eq!(again, (11..=30).collect::<Vec<_>>());
}

async fn with_the_database_away_new_calls_are_refused_and_running_ones_settle(kind: Kind) {
    let rig = Rig::open(kind, BusLimits { audit_depth_max: 4, ..limits() }).await;
    let bus = &*rig.bus;
    let entry = || call(bus.incarnation(), "echo", "1");
    for _ in 0..2 {
        send(bus, entry()).await.unwrap();
    }
    bus.audit_push(record(1)).await.unwrap();
    bus.audit_push(record(2)).await.unwrap();
    // Two records wait, and two places are kept for the calls.
    let full = BusError::AuditFull { limit: 4 };
    assert_eq!(send(bus, entry()).await.unwrap_err(), full);
    assert_eq!(bus.audit_push(record(3)).await.unwrap_err(), full);
    for _ in 0..2 {
        settle(bus, receive_one(bus).await, "1").await;
        reply(bus).await;
    }
    assert_eq!(send(bus, entry()).await.unwrap_err(), full);
    let tokens = records(bus, 4).await.into_iter().map(|(token, _)| token).collect();
    bus.audit_done(tokens).await.unwrap();
    send(bus, entry()).await.unwrap();
}
