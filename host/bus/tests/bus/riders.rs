//! Calls on a place of their own skill that an ancestor holds: they take none and free none.

use crate::fixture::{
    Kind, Rig, bounded, call, host, interrupted, limits, nested, nothing_is_left, on_both, receive,
    receive_one, reply, riding, send, settle, settle_interrupted, short_lease, skill,
};
use skep_bus::{Bound, Bus, BusError, Entry};
use skep_core::{DomainName, Lane};
use skep_harness::Redis;

on_both! {
    a_rider_passes_a_saturated_skill_and_leaves_its_places_alone;
    a_rider_taken_back_frees_no_place;
    a_chain_through_a_skill_of_one_place_comes_to_its_end;
}

const FULL: BusError = BusError::Overloaded { bound: Bound::SkillWaiting, limit: 0 };

/// A call of a skill with `places` places and no list behind them.
fn only(bus: &dyn Bus, places: u32) -> Entry {
    bounded(call(bus.incarnation(), "only", "1"), places, 0)
}

async fn a_rider_passes_a_saturated_skill_and_leaves_its_places_alone(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    send(bus, only(bus, 1)).await.unwrap();
    let holder = receive_one(bus).await;
    let rider = send(bus, riding(nested(only(bus, 1), 2))).await.unwrap();
    assert_eq!(send(bus, only(bus, 1)).await.unwrap_err(), FULL);
    let delivery = receive_one(bus).await;
    assert_eq!(delivery.envelope.id, rider);
    settle(bus, delivery, "1").await;
    assert_eq!(reply(bus).await.id, rider);
    assert_eq!(send(bus, only(bus, 1)).await.unwrap_err(), FULL, "the place is its ancestor's still");
    settle(bus, holder, "1").await;
    reply(bus).await;
    send(bus, only(bus, 1)).await.unwrap();
    assert_eq!(send(bus, only(bus, 1)).await.unwrap_err(), FULL);
}

async fn a_rider_taken_back_frees_no_place(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    send(bus, only(bus, 1)).await.unwrap();
    let rider = send(bus, riding(nested(only(bus, 1), 1))).await.unwrap();
    assert!(bus.cancel(&DomainName::default(), &skill("only"), Lane::No, rider).await.unwrap());
    assert_eq!(send(bus, only(bus, 1)).await.unwrap_err(), FULL);
    settle(bus, receive_one(bus).await, "1").await;
    reply(bus).await;
    send(bus, only(bus, 1)).await.unwrap();
}

async fn a_chain_through_a_skill_of_one_place_comes_to_its_end(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let bus = &*rig.bus;
    let mut chain = Vec::new();
    for depth in 0..4 {
        let entry = nested(only(bus, 1), depth);
        send(bus, if depth > 0 { riding(entry) } else { entry }).await.unwrap();
        chain.push(receive_one(bus).await);
    }
    for delivery in chain.into_iter().rev() {
        let id = delivery.envelope.id;
        settle(bus, delivery, "1").await;
        assert_eq!(reply(bus).await.id, id);
    }
    send(bus, only(bus, 1)).await.unwrap();
    assert_eq!(send(bus, only(bus, 1)).await.unwrap_err(), FULL);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_riders_on_two_hosts_counts_for_nothing() {
    const PLACES: u32 = 4;
    let redis = Redis::start().unwrap();
    let (one, two) = (host(&redis, limits()).await, host(&redis, limits()).await);
    for _ in 0..PLACES {
        send(&one, only(&one, PLACES)).await.unwrap();
    }
    let holders = receive(&one, PLACES as usize).await;
    for n in 0..100 {
        send(&one, riding(nested(only(&one, PLACES), 1 + n % 3))).await.unwrap();
    }
    let serve = async |bus| {
        for delivery in receive(bus, 50).await {
            settle(bus, delivery, "1").await;
        }
    };
    tokio::join!(serve(&one), serve(&two));
    for _ in 0..100 {
        reply(&one).await;
    }
    assert_eq!(send(&one, only(&one, PLACES)).await.unwrap_err(), FULL);
    for delivery in holders {
        settle(&one, delivery, "1").await;
        reply(&one).await;
    }
    nothing_is_left(&redis).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rider_that_a_dead_host_ran_frees_no_place() {
    let redis = Redis::start().unwrap();
    let (doomed, survivor) = (host(&redis, short_lease()).await, host(&redis, short_lease()).await);
    send(&survivor, only(&survivor, 1)).await.unwrap();
    let holder = receive_one(&survivor).await;
    let rider = send(&survivor, riding(nested(only(&survivor, 1), 1))).await.unwrap();
    receive_one(&doomed).await;
    drop(doomed);
    settle_interrupted(&survivor, interrupted(&survivor).await).await;
    assert_eq!(reply(&survivor).await.id, rider);
    assert_eq!(send(&survivor, only(&survivor, 1)).await.unwrap_err(), FULL);
    settle(&survivor, holder, "1").await;
    reply(&survivor).await;
    nothing_is_left(&redis).await;
}
