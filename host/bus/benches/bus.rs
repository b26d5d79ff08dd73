//! What the bus costs: accept, deliver, settle and answer, one at a time and 64 in flight, next to a bare loop of the
//! same Redis commands without bounds, seals, leases and audit.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use futures::StreamExt;
use redis::streams::StreamReadReply;
use skep_bus::{Bus, BusLimits, Entry, MemoryBus, RedisBus, RedisSettings, Room};
use skep_core::{
    AuditRecord, CallId, DomainName, Envelope, Incarnation, Lane, Output, Principal, Reply, Target, UnixMs,
    Usage,
};
use skep_harness::Redis;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

const IN_FLIGHT: [usize; 2] = [1, 64];
const PAYLOAD: &str = r#"{"text":"a payload of a usual size, some sixty bytes"}"#;

fn entry(from: Incarnation) -> Entry {
    let skill = "echo".parse().expect("a name");
    let envelope = Envelope {
        id: CallId::fresh(),
        trace: None,
        from,
        to: Target { domain: DomainName::default(), skill, version: None, tool: None },
        lane: Lane::No,
        accepted: UnixMs::now(),
        deadline: UnixMs::now().after(Duration::from_secs(30)),
        run_ms: None,
        attempt: 1,
        job: None,
        idempotency_key: None,
        session: None,
        trial: false,
        chain: vec![Principal::Operator("bench".to_owned())],
        revision: 1,
    };
    Entry { envelope, payload: PAYLOAD.into(), concurrency: 1000, waiting: 1000, charges: Vec::new() }
}

fn reply(id: CallId) -> Reply {
    let (outcome, usage) = (Ok(Output::json(PAYLOAD)), Usage::default());
    Reply { usage, ..Reply::unserved(id, outcome) }
}

fn record() -> AuditRecord {
    let body = format!(r#"{{"action":"call","filler":"{}"}}"#, "x".repeat(400));
    AuditRecord { host: Incarnation::fresh(), seq: 1, prev: "0".repeat(64), mac: "0".repeat(64), body }
}

/// Settles whatever comes, and keeps the relay empty, as a host does.
fn serve(bus: Arc<dyn Bus>) -> [JoinHandle<()>; 2] {
    let drained = bus.clone();
    let serving = tokio::spawn(async move {
        while let Ok(deliveries) = bus.receive(Room::of(64)).await {
            for delivery in deliveries {
                let reply = reply(delivery.envelope.id);
                bus.settle(delivery, reply, record()).await.expect("settled");
            }
        }
    });
    let draining = tokio::spawn(async move {
        while let Ok(records) = drained.audit_take(256).await {
            // What a database takes to commit; more records gather meanwhile.
            tokio::time::sleep(Duration::from_millis(2)).await;
            drained.audit_done(records.into_iter().map(|(token, _)| token).collect()).await.expect("done");
        }
    });
    [serving, draining]
}

/// Runs `count` sends, each once the one `in_flight` places before it has been answered.
async fn send_all<F: Future<Output = ()>>(
    answered: &Semaphore,
    count: usize,
    in_flight: usize,
    send: impl Fn() -> F,
) {
    let sends = futures::stream::iter(0..count).map(|_| async {
        answered.acquire().await.expect("open").forget();
        send().await;
    });
    sends.buffer_unordered(in_flight).collect::<()>().await;
}

/// Sends `count` calls, never more than `in_flight` unanswered.
async fn calls(bus: &Arc<dyn Bus>, count: usize, in_flight: usize) {
    let answered = Semaphore::new(in_flight);
    let sending = send_all(&answered, count, in_flight, || async {
        bus.send(entry(bus.incarnation())).await.expect("sent");
    });
    let reading = async {
        for _ in 0..count {
            black_box(bus.event().await.expect("an event"));
            answered.add_permits(1);
        }
    };
    tokio::join!(sending, reading);
}

fn bench_bus(criterion: &mut Criterion, runtime: &Runtime, name: &str, bus: &Arc<dyn Bus>) {
    let serving = runtime.block_on(async { serve(bus.clone()) });
    let mut group = criterion.benchmark_group(name);
    for in_flight in IN_FLIGHT {
        let count = if in_flight == 1 { 1 } else { in_flight * 16 };
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(format!("{in_flight} in flight"), |bencher| {
            bencher.to_async(runtime).iter(|| calls(bus, count, in_flight));
        });
    }
    group.finish();
    for task in serving {
        task.abort();
    }
}

/// The bare loop's other half: reads, acknowledges and answers in one pipeline a batch.
async fn bare_server(client: redis::Client) {
    let unlimited = redis::AsyncConnectionConfig::new().set_response_timeout(None);
    let mut line = client.get_multiplexed_async_connection_with_config(&unlimited).await.expect("connected");
    loop {
        let mut read = redis::cmd("XREADGROUP");
        read.arg("GROUP").arg("g").arg("c").arg("COUNT").arg(64).arg("BLOCK").arg(1000);
        read.arg("STREAMS").arg("in").arg(">");
        let read: Option<StreamReadReply> = read.query_async(&mut line).await.expect("read");
        let mut pipe = redis::pipe();
        let mut ids = Vec::new();
        for entry in read.into_iter().flat_map(|read| read.keys).flat_map(|key| key.ids) {
            pipe.cmd("XADD").arg("out").arg("*").arg("p").arg(PAYLOAD);
            ids.push(entry.id);
        }
        if !ids.is_empty() {
            pipe.cmd("XACK").arg("in").arg("g").arg(&ids).cmd("XDEL").arg("in").arg(&ids);
            pipe.exec_async(&mut line).await.expect("answered");
        }
    }
}

/// The bare loop's callers.
async fn bare_calls(
    lines: &[redis::aio::MultiplexedConnection; 2],
    last: &mut String,
    count: usize,
    in_flight: usize,
) {
    let [sender, reader] = lines;
    let answered = Semaphore::new(in_flight);
    let sending = send_all(&answered, count, in_flight, || async {
        let mut add = redis::cmd("XADD");
        add.arg("in").arg("*").arg("p").arg(PAYLOAD);
        add.exec_async(&mut sender.clone()).await.expect("sent");
    });
    let reading = async {
        let mut left = count;
        while left > 0 {
            let mut read = redis::cmd("XREAD");
            read.arg("COUNT").arg(64).arg("BLOCK").arg(1000).arg("STREAMS").arg("out").arg(&*last);
            let read: Option<StreamReadReply> = read.query_async(&mut reader.clone()).await.expect("read");
            for entry in read.into_iter().flat_map(|read| read.keys).flat_map(|key| key.ids) {
                *last = entry.id;
                left -= 1;
                answered.add_permits(1);
            }
        }
    };
    tokio::join!(sending, reading);
}

fn bench_bare(criterion: &mut Criterion, runtime: &Runtime, url: &str) {
    let client = redis::Client::open(url).expect("an address");
    let (lines, server) = runtime.block_on(async {
        let unlimited = redis::AsyncConnectionConfig::new().set_response_timeout(None);
        let sender =
            client.get_multiplexed_async_connection_with_config(&unlimited).await.expect("connected");
        let reader =
            client.get_multiplexed_async_connection_with_config(&unlimited).await.expect("connected");
        let mut create = redis::cmd("XGROUP");
        create.arg("CREATE").arg("in").arg("g").arg("0").arg("MKSTREAM");
        create.exec_async(&mut sender.clone()).await.expect("created");
        ([sender, reader], tokio::spawn(bare_server(client)))
    });
    let last = std::cell::RefCell::new("0-0".to_owned());
    let mut group = criterion.benchmark_group("bare loop");
    for in_flight in IN_FLIGHT {
        let count = if in_flight == 1 { 1 } else { in_flight * 16 };
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(format!("{in_flight} in flight"), |bencher| {
            bencher.iter(|| runtime.block_on(bare_calls(&lines, &mut last.borrow_mut(), count, in_flight)));
        });
    }
    group.finish();
    server.abort();
}

fn bench(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let memory: Arc<dyn Bus> = Arc::new(MemoryBus::open(vec![DomainName::default()], BusLimits::default()));
    bench_bus(criterion, &runtime, "memory bus", &memory);

    let server = Redis::start().expect("a Redis");
    let settings = RedisSettings {
        url: server.url(),
        domains: vec![DomainName::default()],
        mac_key: [1; 32],
        limits: BusLimits::default(),
    };
    let fleet: Arc<dyn Bus> = Arc::new(runtime.block_on(RedisBus::open(settings)).expect("a bus"));
    bench_bus(criterion, &runtime, "redis bus", &fleet);
    runtime.block_on(fleet.close());

    let server = Redis::start().expect("a Redis");
    bench_bare(criterion, &runtime, &server.url());
}

criterion_group!(benches, bench);
criterion_main!(benches);
