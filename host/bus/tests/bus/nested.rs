//! Calls by skills: none waits behind calls of lesser depth, and a host gets what it has room for.

use crate::fixture::{
    Kind, LIMIT, Rig, bounded, call, limits, nested, on_both, on_lane, receive, receive_nothing, receive_one,
    reply, send, settle, take_back,
};
use skep_bus::{Bus, BusError, BusLimits, Delivery, Room};
use skep_core::{CALL_DEPTH_MAX, Lane};
use std::time::Duration;
use tokio::time::timeout;

on_both! {
    a_nested_call_overtakes_calls_of_lesser_depth;
    room_is_respected_at_every_depth;
    a_depth_without_room_waits;
    room_that_grows_while_a_host_waits_is_used_at_once;
    each_depth_has_places_and_a_list_of_its_own;
    two_chains_never_hold_what_the_other_needs;
    what_is_nested_too_deep_is_refused;
}

fn depths(deliveries: &[Delivery]) -> Vec<usize> {
    deliveries.iter().map(Delivery::depth).collect()
}

/// Sends `count` calls of each depth, the outermost first.
async fn filled(bus: &dyn Bus, count: usize) {
    for depth in 0..CALL_DEPTH_MAX {
        for _ in 0..count {
            send(bus, nested(call(bus.incarnation(), "echo", "1"), depth)).await.unwrap();
        }
    }
}

async fn a_nested_call_overtakes_calls_of_lesser_depth(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    for _ in 0..30 {
        send(bus, on_lane(call(bus.incarnation(), "echo", "1"), Lane::Hi)).await.unwrap();
    }
    for depth in 1..CALL_DEPTH_MAX {
        send(bus, on_lane(nested(call(bus.incarnation(), "echo", "1"), depth), Lane::Lo)).await.unwrap();
    }
    let taken = bus.receive(Room::of(2)).await.unwrap();
    assert_eq!(depths(&taken), [3, 2]);
    let taken = bus.receive(Room::of(2)).await.unwrap();
    assert_eq!(depths(&taken), [1, 0]);
}

async fn room_is_respected_at_every_depth(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    filled(bus, 5).await;
    let taken = bus.receive(Room { total: 6, depths: [1, 2, 0, 9] }).await.unwrap();
    assert_eq!(depths(&taken), [3, 3, 3, 3, 3, 1]);
    let taken = bus.receive(Room { total: 10, depths: [1, 2, 0, 9] }).await.unwrap();
    assert_eq!(depths(&taken), [1, 1, 0]);
    let taken = bus.receive(Room { total: 64, depths: [1, 0, 3, 9] }).await.unwrap();
    assert_eq!(depths(&taken), [2, 2, 2, 0]);
}

async fn a_depth_without_room_waits(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    send(bus, call(bus.incarnation(), "echo", "1")).await.unwrap();
    send(bus, nested(call(bus.incarnation(), "echo", "1"), 2)).await.unwrap();
    assert!(bus.receive(Room { total: 0, depths: [9; CALL_DEPTH_MAX] }).await.unwrap().is_empty());
    assert!(bus.receive(Room { total: 9, depths: [0, 9, 0, 9] }).await.unwrap().is_empty());
    assert_eq!(depths(&bus.receive(Room { total: 9, depths: [9, 9, 0, 9] }).await.unwrap()), [0]);
    assert_eq!(depths(&bus.receive(Room::of(9)).await.unwrap()), [2]);
    receive_nothing(bus).await;
}

async fn room_that_grows_while_a_host_waits_is_used_at_once(kind: Kind) {
    // Longer than any test may take.
    let rig = Rig::open(kind, BusLimits { receive_wait: LIMIT * 10, ..limits() }).await;
    let bus = &*rig.bus;
    let deep = Room { total: 1, depths: [0, 1, 1, 1] };
    for n in 0..20 {
        let id = send(bus, call(bus.incarnation(), "echo", "1")).await.unwrap();
        // However far the wait for deeper calls has come.
        let waited = timeout(Duration::from_millis(n), bus.receive(deep)).await;
        assert!(waited.is_err(), "{waited:?}");
        let taken = timeout(LIMIT, bus.receive(Room::of(1))).await.expect("no use of the room").unwrap();
        assert_eq!(taken[0].envelope.id, id);
        for delivery in taken {
            settle(bus, delivery, "1").await;
        }
        assert_eq!(reply(bus).await.id, id);
    }
}

async fn each_depth_has_places_and_a_list_of_its_own(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    let busy = |depth| nested(bounded(call(bus.incarnation(), "busy", "1"), 1, 1), depth);
    let full = BusError::Overloaded { bound: skep_bus::Bound::SkillWaiting, limit: 1 };
    let mut waiting = Vec::new();
    for depth in 0..CALL_DEPTH_MAX {
        send(bus, busy(depth)).await.unwrap();
        waiting.push(send(bus, busy(depth)).await.unwrap());
        assert_eq!(send(bus, busy(depth)).await.unwrap_err(), full);
    }
    let running = receive(bus, CALL_DEPTH_MAX).await;
    receive_nothing(bus).await;
    assert!(take_back(bus, "busy", 3, waiting[3]).await);
    for delivery in running {
        let depth = delivery.depth();
        settle(bus, delivery, "1").await;
        reply(bus).await;
        // An end moves on what waits at its own depth, and nothing else.
        if depth < 3 {
            assert_eq!(receive_one(bus).await.envelope.id, waiting[depth]);
        }
        receive_nothing(bus).await;
    }
}

async fn two_chains_never_hold_what_the_other_needs(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    let only = |skill, depth| nested(bounded(call(bus.incarnation(), skill, "1"), 1, 0), depth);
    let mut chains = Vec::new();
    // Each is called by the other, and by itself further down.
    for depth in 0..CALL_DEPTH_MAX {
        for skill in ["ping", "pong"] {
            send(bus, only(skill, depth)).await.unwrap();
            chains.push(receive_one(bus).await);
        }
    }
    for delivery in chains.into_iter().rev() {
        settle(bus, delivery, "1").await;
        reply(bus).await;
    }
    rig.nothing_is_left().await;
}

async fn what_is_nested_too_deep_is_refused(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    send(bus, nested(call(bus.incarnation(), "echo", "1"), CALL_DEPTH_MAX - 1)).await.unwrap();
    let refused = send(bus, nested(call(bus.incarnation(), "echo", "1"), CALL_DEPTH_MAX)).await.unwrap_err();
    assert_eq!(refused, BusError::TooDeep { depth: CALL_DEPTH_MAX });
    receive_one(bus).await;
    receive_nothing(bus).await;
}
