//! The split of free slots among the lanes.

use crate::fixture::{Kind, Rig, call, limits, on_both, on_lane, receive, send};
use skep_core::Lane;

on_both! {
    under_backlog_slots_are_split_8_3_1;
    what_a_lane_does_not_need_goes_to_the_others;
    even_a_single_slot_serves_every_lane;
}

async fn filled(kind: Kind, each: &[(Lane, usize)]) -> Rig {
    let rig = Rig::open(kind, limits()).await;
    for (lane, count) in each {
        for _ in 0..*count {
            send(&*rig.bus, on_lane(call(rig.bus.incarnation(), "echo", "1"), *lane)).await.unwrap();
        }
    }
    rig
}

/// How many of each lane come when `slots` are free.
async fn split(rig: &Rig, slots: usize) -> [usize; 3] {
    let deliveries = receive(&*rig.bus, slots).await;
    Lane::ALL.map(|lane| deliveries.iter().filter(|delivery| delivery.envelope.lane == lane).count())
}

async fn under_backlog_slots_are_split_8_3_1(kind: Kind) {
    let rig = filled(kind, &[(Lane::Lo, 40), (Lane::No, 40), (Lane::Hi, 40)]).await;
    assert_eq!(split(&rig, 12).await, [8, 3, 1]);
    assert_eq!(split(&rig, 24).await, [16, 6, 2]);
}

async fn what_a_lane_does_not_need_goes_to_the_others(kind: Kind) {
    let rig = filled(kind, &[(Lane::Lo, 40), (Lane::Hi, 2)]).await;
    assert_eq!(split(&rig, 12).await, [2, 0, 10]);
    assert_eq!(split(&rig, 12).await, [0, 0, 12]);
}

async fn even_a_single_slot_serves_every_lane(kind: Kind) {
    let rig = filled(kind, &[(Lane::Hi, 40), (Lane::No, 40), (Lane::Lo, 40)]).await;
    let mut total = [0; 3];
    for _ in 0..24 {
        for (sum, count) in total.iter_mut().zip(split(&rig, 1).await) {
            *sum += count;
        }
    }
    assert_eq!(total, [16, 6, 2]);
}
