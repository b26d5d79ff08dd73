//! What a call costs from accept to reply over Redis, one at a time and 64 in flight, next to a floor: a
//! hand-written loop of the same parts (XADD, XREADGROUP, the same sandbox call, one pipeline of XACK, XDEL
//! and replies a batch) without admission, seals, leases, revision and audit.
#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub)]

mod floor;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use floor::Floor;
use skep_bus::{BusLimits, RedisBus, RedisSettings};
use skep_core::{Allowance, BreakerRules, DomainName, Lane, Limits, Principal, Ratio, Target};
use skep_harness::Redis;
use skep_registry::{AddOptions, Registry, RegistrySettings, Source};
use skep_router::{CallRequest, JobBounds, JobSettings, Operator, Parts, Quotas, Router, RouterSettings};
use skep_sandbox::{CompileLimits, Compiler, NetworkSettings, Sandbox, SandboxSettings};
use skep_store::{Store, StoreUrl};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;

const IN_FLIGHT: [usize; 2] = [1, 64];
const INPUT: &str = r#"{"input":"a payload of a usual size, some sixty bytes"}"#;
const SLOTS: u32 = 64;

fn sandbox(cache_dir: &Path) -> Sandbox {
    let settings = SandboxSettings {
        slots: SLOTS,
        sessions: 0,
        compiler: Compiler::InProcess,
        cache_dir: cache_dir.join("artefacts"),
        cache_key: [1; 32],
        ceiling: Limits::ceiling(),
        compile: CompileLimits::default(),
        network: NetworkSettings::default(),
    };
    Sandbox::new(settings).expect("a sandbox")
}

async fn router(dir: &Path, url: String, sandbox: Sandbox) -> Router {
    let domains = vec![DomainName::default()];
    let settings = RedisSettings { url, domains, mac_key: [2; 32], limits: BusLimits::default() };
    let bus = Arc::new(RedisBus::open(settings).await.expect("a bus"));
    let store = Store::open(&StoreUrl::Sqlite(dir.join("skep.db"))).await.expect("a store");
    let registry_settings = RegistrySettings { ceiling: Limits::ceiling(), forbidden_roots: Vec::new() };
    let registry = Registry::new(store.clone(), sandbox.clone(), registry_settings);
    registry.revisions().refresh().await.expect("a revision");
    let settings = RouterSettings {
        breaker: BreakerRules::default(),
        slots: SLOTS as usize,
        waiting_max: 1024,
        traced: Ratio::NONE,
        quotas: Quotas::default(),
        jobs: JobSettings { runs: true, bounds: JobBounds::default() },
        audit_key: [3; 32],
        secrets_key: [4; 32],
        drain: Duration::from_secs(5),
    };
    let router = Router::start(Parts { bus, registry, sandbox, store }, Limits::ceiling(), settings);
    let by = Operator { chain: operator(), domain: DomainName::default() };
    let source = Source::read(&skep_harness::guest("call-floor")).expect("the guest");
    router.add(&by, source, AddOptions::default()).await.expect("installed");
    router
}

fn operator() -> Vec<Principal> {
    vec![Principal::Operator("bench".to_owned())]
}

async fn call(router: &Router) {
    let skill = "call-floor".parse().expect("a name");
    let request = CallRequest {
        to: Target { domain: DomainName::default(), skill, version: None, tool: None },
        input: Bytes::from_static(INPUT.as_bytes()),
        chain: operator(),
        allowance: Allowance::Unmetered,
        timeout: None,
        lane: Lane::No,
        idempotency_key: None,
        job: None,
        session: None,
        trace: None,
        progress: None,
    };
    router.call(request).await.outcome.expect("a result");
}

/// Each of `in_flight` callers makes its share of `count` calls, one after the other.
async fn calls(router: &Router, count: usize, in_flight: usize) {
    let caller = async || {
        for _ in 0..count / in_flight {
            call(router).await;
        }
    };
    futures::future::join_all((0..in_flight).map(|_| caller())).await;
}

fn bench(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let dir = tempfile::tempdir().expect("a directory");
    let server = Redis::start().expect("a Redis");
    let sandbox = sandbox(dir.path());
    let router = runtime.block_on(router(dir.path(), server.url(), sandbox.clone()));
    let floor_server = Redis::start().expect("a Redis");
    let floor = runtime.block_on(Floor::start(floor_server.url(), sandbox));
    for in_flight in IN_FLIGHT {
        let count = if in_flight == 1 { 1 } else { in_flight * 16 };
        let mut group = criterion.benchmark_group(format!("{in_flight} in flight"));
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function("floor", |b| b.iter(|| runtime.block_on(floor.calls(count, in_flight))));
        group.bench_function("lane", |b| b.iter(|| runtime.block_on(calls(&router, count, in_flight))));
        group.finish();
    }
    floor.stop();
    runtime.block_on(router.drain());
}

criterion_group!(benches, bench);
criterion_main!(benches);
