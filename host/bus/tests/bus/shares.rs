//! Bounds: of a domain in entries and bytes, and of a skill among its neighbours.

use crate::fixture::{
    Kind, Rig, bounded, call, limits, on_both, receive, receive_nothing, receive_one, reply, send, settle,
    take_back,
};
use skep_bus::{Bound, Bus, BusError, BusLimits, Entry};
use skep_core::CallId;

on_both! {
    the_depth_of_a_domain_is_bounded;
    the_bytes_of_a_domain_are_bounded;
    a_domain_has_bounds_of_its_own;
    a_skill_waits_in_its_own_list_and_its_neighbours_pass;
    a_waiting_call_can_be_taken_back;
    a_raised_concurrency_lets_waiting_calls_go;
}

fn overloaded(sent: Result<CallId, BusError>, expected: Bound, value: u64) {
    assert_eq!(sent.unwrap_err(), BusError::Overloaded { bound: expected, limit: value });
}

async fn the_depth_of_a_domain_is_bounded(kind: Kind) {
    let rig = Rig::open(kind, BusLimits { depth_max: 3, ..limits() }).await;
    let bus = &*rig.bus;
    let entry = || call(bus.incarnation(), "echo", "1");
    for _ in 0..3 {
        send(bus, entry()).await.unwrap();
    }
    overloaded(send(bus, entry()).await, Bound::Depth, 3);
    let first = receive_one(bus).await;
    overloaded(send(bus, entry()).await, Bound::Depth, 3);
    settle(bus, first, "1").await;
    reply(bus).await;
    send(bus, entry()).await.unwrap();
    overloaded(send(bus, entry()).await, Bound::Depth, 3);
}

async fn the_bytes_of_a_domain_are_bounded(kind: Kind) {
    let rig = Rig::open(kind, BusLimits { depth_bytes_max: 250_000, ..limits() }).await;
    let bus = &*rig.bus;
    let entry = || call(bus.incarnation(), "echo", &"1".repeat(100_000));
    let first = send(bus, entry()).await.unwrap();
    send(bus, entry()).await.unwrap();
    overloaded(send(bus, entry()).await, Bound::Bytes, 250_000);
    assert!(take_back(bus, "echo", 0, first).await);
    send(bus, entry()).await.unwrap();
    for delivery in receive(bus, 2).await {
        settle(bus, delivery, "1").await;
        reply(bus).await;
    }
    for _ in 0..2 {
        send(bus, entry()).await.unwrap();
    }
    overloaded(send(bus, entry()).await, Bound::Bytes, 250_000);
}

async fn a_domain_has_bounds_of_its_own(kind: Kind) {
    let rig = Rig::open_domains(kind, BusLimits { depth_max: 1, ..limits() }, &["main", "other"]).await;
    let bus = &*rig.bus;
    let other = |mut entry: Entry| {
        entry.envelope.to.domain = "other".parse().unwrap();
        entry
    };
    let entry = || call(bus.incarnation(), "echo", "1");
    send(bus, entry()).await.unwrap();
    overloaded(send(bus, entry()).await, Bound::Depth, 1);
    send(bus, other(entry())).await.unwrap();
    overloaded(send(bus, other(entry())).await, Bound::Depth, 1);
    for delivery in receive(bus, 2).await {
        settle(bus, delivery, "1").await;
        reply(bus).await;
    }
}

async fn a_skill_waits_in_its_own_list_and_its_neighbours_pass(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    let busy = || bounded(call(bus.incarnation(), "busy", "1"), 2, 3);
    let mut order = Vec::new();
    for _ in 0..5 {
        order.push(send(bus, busy()).await.unwrap());
    }
    overloaded(send(bus, busy()).await, Bound::SkillWaiting, 3);
    let neighbour = send(bus, call(bus.incarnation(), "neighbour", "1")).await.unwrap();

    let mut running = receive(bus, 3).await;
    let ids: Vec<_> = running.iter().map(|delivery| delivery.envelope.id).collect();
    assert_eq!(ids, [order[0], order[1], neighbour]);
    receive_nothing(bus).await;

    // Each end moves one on, in order.
    for next in &order[2..] {
        settle(bus, running.remove(0), "1").await;
        reply(bus).await;
        let moved = receive_one(bus).await;
        assert_eq!(moved.envelope.id, *next);
        running.insert(1, moved);
    }
    for delivery in running {
        settle(bus, delivery, "1").await;
        reply(bus).await;
    }
    for _ in 0..5 {
        send(bus, busy()).await.unwrap();
    }
    overloaded(send(bus, busy()).await, Bound::SkillWaiting, 3);
}

async fn a_waiting_call_can_be_taken_back(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus: &dyn Bus = &*rig.bus;
    let busy = || bounded(call(bus.incarnation(), "busy", "1"), 1, 2);
    send(bus, busy()).await.unwrap();
    let gone = send(bus, busy()).await.unwrap();
    let kept = send(bus, busy()).await.unwrap();
    overloaded(send(bus, busy()).await, Bound::SkillWaiting, 2);
    assert!(take_back(bus, "busy", 0, gone).await);
    let last = send(bus, busy()).await.unwrap();
    settle(bus, receive_one(bus).await, "1").await;
    reply(bus).await;
    // The next one is in its lane now: it goes too, and the last one moves up.
    assert!(take_back(bus, "busy", 0, kept).await);
    assert_eq!(receive_one(bus).await.envelope.id, last);
}

async fn a_raised_concurrency_lets_waiting_calls_go(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    for concurrency in [1, 3, 3, 3] {
        send(bus, bounded(call(bus.incarnation(), "busy", "1"), concurrency, 9)).await.unwrap();
    }
    let running = receive(bus, 3).await;
    receive_nothing(bus).await;
    for delivery in running {
        settle(bus, delivery, "1").await;
        reply(bus).await;
    }
    receive_one(bus).await;
}
