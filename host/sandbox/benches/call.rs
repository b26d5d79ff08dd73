//! What a sandboxed call costs, all limits on, beside a bare instance of the same component.
//!
//! Both run in this process, on engines tuned alike, in turns, so that the ratio holds where times don't.
//! The bare side is what a careful program would write by hand: pool, pre-linked component, typed function.

#![allow(clippy::expect_used, reason = "a benchmark ends where it finds nothing")]

use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use skep_core::{CallId, Digest, Grants, Limits, Permit, Principal, Progress, Subject, UnixMs};
use skep_sandbox::{
    Call, CompileLimits, Compiler, NetworkSettings, Prepared, Sandbox, SandboxSettings, Services,
};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Linker, ResourceTable};
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

/// Calls of one side before the other has its turn.
const TURN_CALLS: u32 = 200;
/// Turns of each side.
const TURNS: usize = 101;
/// What the ratio should not be above.
const RATIO_MAX: f64 = 1.25;

/// The sandbox's side.
struct Skep {
    sandbox: Sandbox,
    skill: Arc<Prepared>,
    permit: Permit,
    services: Arc<dyn Services>,
    call: Call,
    _cache: tempfile::TempDir,
}

struct Nobody;

impl Services for Nobody {
    fn progress(&self, _progress: Progress) {}
    fn cancelled(&self) -> bool {
        false
    }
}

impl Skep {
    async fn new(component: Bytes) -> Self {
        let cache = tempfile::tempdir().expect("a temporary directory");
        let sandbox = Sandbox::new(SandboxSettings {
            slots: 16,
            sessions: 0,
            compiler: Compiler::InProcess,
            cache_dir: cache.path().into(),
            cache_key: [0; 32],
            ceiling: Limits::ceiling(),
            compile: CompileLimits::default(),
            network: NetworkSettings::default(),
        });
        let sandbox = sandbox.expect("a sandbox");
        let skill = sandbox.prepare(component).await.expect("the guest fits");
        let name = "call-floor".parse().expect("a name");
        let limits = Limits::default();
        let subject = Subject { skill: &name, digest: Digest::of(b""), requests: None, limits: &limits };
        let permit = Grants::default().permit(subject);
        let call = Call {
            id: CallId::fresh(),
            attempt: 1,
            deadline: UnixMs::now().after(Duration::from_secs(3600)),
            chain: vec![Principal::Operator("local".into())],
            idempotency_key: None,
            session: None,
            tool: "run".parse().expect("a name"),
            input: Bytes::from_static(br#"{"input":"hello"}"#),
            config: Arc::default(),
        };
        Self { sandbox, skill, permit, services: Arc::new(Nobody), call, _cache: cache }
    }

    async fn call(&self) {
        let (call, services) = (self.call.clone(), Arc::clone(&self.services));
        let report = self.sandbox.run(&self.skill, &self.permit, call, services).await;
        assert_eq!(&report.outcome.expect("an answer").as_bytes()[..], br#""hello""#);
    }
}

/// The bare side.
struct Bare {
    engine: Engine,
    pre: InstancePre<BareState>,
    run: ComponentExportIndex,
}

struct BareState {
    table: ResourceTable,
    wasi: WasiCtx,
}

impl WasiView for BareState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl Bare {
    fn new(component: &[u8]) -> wasmtime::Result<Self> {
        let mut pool = PoolingAllocationConfig::new();
        pool.linear_memory_keep_resident(2 << 20)
            .table_keep_resident(64 << 10)
            .pagemap_scan(Enabled::Auto)
            .max_memory_size(1 << 30)
            .total_memories(64)
            .total_tables(128);
        let mut config = Config::new();
        config
            .epoch_interruption(true)
            .async_stack_zeroing(true)
            .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        let engine = Engine::new(&config)?;
        let component = Component::new(&engine, component)?;
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        let run = component.get_export_index(None, "run").expect("the guest exports it");
        Ok(Self { pre: linker.instantiate_pre(&component)?, run, engine })
    }

    async fn call(&self) {
        let state = BareState { table: ResourceTable::new(), wasi: WasiCtx::builder().build() };
        let mut store = Store::new(&self.engine, state);
        store.set_epoch_deadline(1 << 32);
        let instance = self.pre.instantiate_async(&mut store).await.expect("an instance");
        let run = instance.get_typed_func::<(&str,), (Result<String, String>,)>(&mut store, self.run);
        let run = run.expect("of this type");
        let (answer,) = run.call_async(&mut store, ("hello",)).await.expect("an answer");
        assert_eq!(answer.as_deref(), Ok("hello"));
    }
}

fn bench(criterion: &mut Criterion) {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let component = Bytes::from(std::fs::read(skep_harness::guest("call-floor")).expect("readable"));
    let bare = Bare::new(&component).expect("the bare side");
    let skep = runtime.block_on(Skep::new(component));
    let mut group = criterion.benchmark_group("call");
    group.bench_function("bare", |b| b.to_async(&runtime).iter(|| bare.call()));
    group.bench_function("sandbox", |b| b.to_async(&runtime).iter(|| skep.call()));
    group.finish();
    print_ratio(&runtime, &bare, &skep);
}

/// Lets both sides take turns, and prints the median ratio of neighbouring turns.
fn print_ratio(runtime: &Runtime, bare: &Bare, skep: &Skep) {
    let mut ratios: Vec<f64> = runtime.block_on(async {
        let mut ratios = Vec::with_capacity(TURNS);
        for _ in 0..TURNS {
            let started = Instant::now();
            for _ in 0..TURN_CALLS {
                bare.call().await;
            }
            let bare_took = started.elapsed();
            let started = Instant::now();
            for _ in 0..TURN_CALLS {
                skep.call().await;
            }
            ratios.push(started.elapsed().as_secs_f64() / bare_took.as_secs_f64());
        }
        ratios
    });
    ratios.sort_by(f64::total_cmp);
    let at = |part: usize| ratios[(ratios.len() - 1) * part / 10];
    eprintln!(
        "sandbox / bare: {:.3} (median of {TURNS} turns; deciles {:.3} to {:.3}; target at most {RATIO_MAX})",
        at(5),
        at(1),
        at(9)
    );
}

criterion_group!(benches, bench);
criterion_main!(benches);
