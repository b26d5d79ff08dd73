//! Who can write to Redis is no host.

use crate::fixture::{
    LIMIT, answer, call, event, host, limits, raw, receive_nothing, receive_one, record, records, reply,
    send, settle,
};
use redis::aio::MultiplexedConnection;
use redis::streams::StreamRangeReply;
use skep_bus::{Bus, Event, RedisBus, Room};
use skep_core::Incarnation;
use skep_harness::{Redis, eventually};

async fn add(raw: &mut MultiplexedConnection, key: &str, fields: &[(&str, Vec<u8>)]) {
    let mut command = redis::cmd("XADD");
    command.arg(format!("{{skep:main}}:{key}")).arg("*");
    for (name, value) in fields {
        command.arg(*name).arg(value);
    }
    let _: String = command.query_async(raw).await.unwrap();
}

/// The fields of the only entry in a stream.
async fn fields(raw: &mut MultiplexedConnection, key: &str) -> Vec<(&'static str, Vec<u8>)> {
    let mut command = redis::cmd("XRANGE");
    command.arg(format!("{{skep:main}}:{key}")).arg("-").arg("+");
    let found: StreamRangeReply = command.query_async(raw).await.unwrap();
    let entry = &found.ids[0];
    ["h", "p", "m"].map(|name| (name, entry.get::<Vec<u8>>(name).unwrap())).to_vec()
}

async fn length(raw: &mut MultiplexedConnection, key: &str) -> usize {
    redis::cmd("XLEN").arg(format!("{{skep:main}}:{key}")).query_async(raw).await.unwrap()
}

async fn all_set_aside(bus: &RedisBus, raw: &mut MultiplexedConnection, count: usize) {
    eventually(LIMIT, async || {
        let _ = bus.receive(Room::of(10)).await.map(|got| assert!(got.is_empty(), "delivered: {got:?}"));
        bus.forged() == count as u64 && length(raw, "dlq").await == count
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forged_calls_are_set_aside_and_counted_against_nobody() {
    let redis = Redis::start().unwrap();
    let bus = host(&redis, limits()).await;
    let mut raw = raw(&redis).await;
    let id = send(&bus, call(bus.incarnation(), "echo", "[1]")).await.unwrap();
    let genuine = fields(&mut raw, "no").await;
    let with = |at: usize, value: &[u8]| {
        let mut changed = genuine.clone();
        changed[at].1 = value.to_vec();
        changed
    };
    let header = String::from_utf8(genuine[0].1.clone()).unwrap();
    let risen = header.replace("operator:test", "operator:root");
    assert_ne!(risen, header);
    settle(&bus, receive_one(&bus).await, "1").await;
    assert_eq!(reply(&bus).await.id, id);

    add(&mut raw, "no", &with(0, risen.as_bytes())).await;
    add(&mut raw, "no", &with(1, b"[2]")).await;
    add(&mut raw, "no", &with(2, b"")).await;
    let mine = format!("to:{}", bus.incarnation());
    for queue in ["hi", "d1", &mine] {
        add(&mut raw, queue, &genuine).await;
    }
    add(&mut raw, "lo", &[("unknown", b"x".to_vec())]).await;
    all_set_aside(&bus, &mut raw, 7).await;
    for queue in ["hi", "no", "lo", "d1", &mine] {
        assert_eq!(length(&mut raw, queue).await, 0);
    }
    let depth: i64 =
        redis::cmd("HGET").arg("{skep:main}:state").arg("depth").query_async(&mut raw).await.unwrap();
    assert_eq!(depth, 0);
    receive_nothing(&bus).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forged_replies_and_notices_reach_nobody() {
    let redis = Redis::start().unwrap();
    let (bus, other) = (host(&redis, limits()).await, host(&redis, limits()).await);
    let mut raw = raw(&redis).await;
    let mailbox = format!("host:{}", bus.incarnation());
    let id = send(&bus, call(bus.incarnation(), "echo", "1")).await.unwrap();
    let header = format!(r#"{{"id":"{id}","usage":{{"wall_us":0,"cpu_ticks":0,"memory_peak":0}}}}"#);
    let unsealed = [("k", b"reply".to_vec()), ("h", header.into_bytes()), ("p", b"9".to_vec())];
    add(&mut raw, &mailbox, &unsealed).await;
    add(&mut raw, &mailbox, &[("k", b"cancel".to_vec()), ("h", format!("\"{id}\"").into_bytes())]).await;
    add(&mut raw, "notices", &[("k", b"revision".to_vec()), ("h", b"99".to_vec())]).await;
    // A reply sealed for one host is none for another.
    let stray = Incarnation::fresh();
    send(&other, call(stray, "echo", "2")).await.unwrap();
    for delivery in crate::fixture::receive(&other, 2).await {
        let reply = answer(delivery.envelope.id, "1");
        if delivery.envelope.id != id {
            other.settle(delivery, reply, record(1)).await.unwrap();
        }
    }
    eventually(LIMIT, async || length(&mut raw, &format!("host:{stray}")).await == 1).await;
    let mut moved = fields(&mut raw, &format!("host:{stray}")).await;
    moved.push(("k", b"reply".to_vec()));
    add(&mut raw, &mailbox, &moved).await;
    // Whoever reads the forged notice first sets it aside.
    eventually(LIMIT, async || bus.forged() >= 3 && bus.forged() + other.forged() >= 4).await;
    bus.announce(3).await.unwrap();
    assert!(matches!(event(&bus).await, Event::Revision(3)), "nothing came before it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forged_audit_records_are_not_taken() {
    let redis = Redis::start().unwrap();
    let bus = host(&redis, limits()).await;
    let mut raw = raw(&redis).await;
    bus.audit_push(record(1)).await.unwrap();
    let mut changed = fields(&mut raw, "audit").await;
    changed[1].1 = b"{}".to_vec();
    add(&mut raw, "audit", &changed).await;
    bus.audit_push(record(2)).await.unwrap();
    let taken = records(&bus, 2).await;
    assert_eq!(taken.iter().map(|(_, record)| record.seq).collect::<Vec<_>>(), [1, 2]);
    assert!(bus.audit_take(10).await.unwrap().is_empty());
    assert_eq!((bus.forged(), length(&mut raw, "dlq").await), (1, 1));
}
