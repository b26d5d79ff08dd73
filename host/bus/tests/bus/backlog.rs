//! What waits is told in numbers, the same on either bus.

use crate::fixture::{Kind, Rig, bounded, call, limits, nested, on_lane, send, settle};
use skep_bus::{Backlog, Bus, Room};
use skep_core::Lane;
use std::time::Duration;

async fn main_backlog(bus: &dyn Bus) -> Backlog {
    let mut all = bus.backlog().await.unwrap();
    assert_eq!(all.len(), 1);
    all.remove(0)
}

fn queued(backlog: &Backlog) -> Vec<(&str, u64)> {
    let busy = backlog.queues.iter().filter(|queue| queue.calls > 0);
    busy.map(|queue| (&*queue.queue, queue.calls)).collect()
}

async fn what_waits_is_counted_until_it_is_taken(kind: Kind) {
    let rig = Rig::open(kind, limits()).await;
    let (bus, me) = (&*rig.bus, rig.bus.incarnation());
    let empty = main_backlog(bus).await;
    assert_eq!((empty.admitted, empty.audit, queued(&empty)), (0, 0, Vec::new()));
    assert_eq!(empty.queues.len(), 6);

    for lane in [Lane::Hi, Lane::No, Lane::No] {
        send(bus, on_lane(call(me, "echo", "{}"), lane)).await.unwrap();
    }
    send(bus, nested(call(me, "echo", "{}"), 2)).await.unwrap();
    // The second of these waits behind its skill, in no queue.
    for _ in 0..2 {
        send(bus, bounded(call(me, "narrow", "{}"), 1, 5)).await.unwrap();
    }
    let full = main_backlog(bus).await;
    assert_eq!((full.admitted, queued(&full)), (6, vec![("d2", 1), ("hi", 1), ("no", 3)]));
    let aged = async || {
        let queues = main_backlog(bus).await.queues;
        queues.iter().all(|queue| (queue.calls > 0) == (queue.oldest > Duration::ZERO))
    };
    skep_harness::eventually(Duration::from_secs(20), aged).await;

    let taken = bus.receive(Room::of(8)).await.unwrap();
    assert_eq!(taken.len(), 5);
    let running = main_backlog(bus).await;
    assert_eq!((running.admitted, queued(&running)), (6, Vec::new()));
    for delivery in taken {
        settle(bus, delivery, "1").await;
    }
    skep_harness::eventually(Duration::from_secs(20), async || {
        let left = main_backlog(bus).await;
        (left.admitted, left.audit, queued(&left)) == (1, 5, vec![("no", 1)])
    })
    .await;
}

#[tokio::test]
async fn in_memory() {
    what_waits_is_counted_until_it_is_taken(Kind::Memory).await;
}

#[tokio::test]
async fn over_redis() {
    what_waits_is_counted_until_it_is_taken(Kind::Redis).await;
}
