//! What starting costs in each language: compiling, a call in a fresh instance, the memory of one kept.
//!
//! Runs the typed fixtures of the conformance suite, the same tool in every language, and prints a table.

#![allow(clippy::expect_used, clippy::print_stdout, reason = "a benchmark ends where it finds nothing")]

use bytes::Bytes;
use skep_core::{CallId, Digest, Grants, Limits, Permit, Principal, Progress, Subject, UnixMs};
use skep_sandbox::{
    Call, CompileLimits, Compiler, NetworkSettings, Prepared, Sandbox, SandboxSettings, Services,
};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Calls whose median is told.
const CALLS: usize = 201;
/// Instances that are kept at once.
const KEPT: u32 = 16;

struct Nobody;

impl Services for Nobody {
    fn progress(&self, _progress: Progress) {}
    fn cancelled(&self) -> bool {
        false
    }
}

fn sandbox(cache_dir: PathBuf) -> Sandbox {
    let settings = SandboxSettings {
        slots: 4,
        sessions: KEPT,
        compiler: Compiler::InProcess,
        cache_dir,
        cache_key: [0; 32],
        ceiling: Limits::ceiling(),
        compile: CompileLimits::default(),
        network: NetworkSettings::default(),
    };
    Sandbox::new(settings).expect("a sandbox")
}

fn permit() -> Permit {
    let name = "language".parse().expect("a name");
    let limits = Limits::default();
    let subject = Subject { skill: &name, digest: Digest::of(b""), requests: None, limits: &limits };
    Grants::default().permit(subject)
}

fn call() -> Call {
    Call {
        id: CallId::fresh(),
        attempt: 1,
        deadline: UnixMs::now().after(Duration::from_secs(30)),
        chain: vec![Principal::Operator("local".to_owned())],
        idempotency_key: None,
        session: None,
        tool: "greet".parse().expect("a tool"),
        input: Bytes::from_static(br#"{"name":"Ann"}"#),
        config: Arc::default(),
    }
}

/// The median time of a call in a fresh instance, the first one left out.
async fn fresh(sandbox: &Sandbox, skill: &Prepared, permit: &Permit) -> Duration {
    let mut times = Vec::with_capacity(CALLS);
    for _ in 0..=CALLS {
        let began = Instant::now();
        let report = sandbox.run(skill, permit, call(), Arc::new(Nobody)).await;
        times.push(began.elapsed());
        report.outcome.expect("an answer");
    }
    times.remove(0);
    times.sort_unstable();
    times[CALLS / 2]
}

/// What one instance that was called and is kept adds to the memory of this process, and a call in it.
async fn kept(sandbox: &Sandbox, skill: &Arc<Prepared>, permit: &Permit) -> (u64, Duration) {
    let before = resident();
    let mut sessions = Vec::new();
    for _ in 0..KEPT {
        let mut session = sandbox.open(skill, permit).expect("room");
        session.run(call(), permit, Arc::new(Nobody)).await.outcome.expect("an answer");
        sessions.push(session);
    }
    let each = resident().saturating_sub(before) / u64::from(KEPT);
    let mut times = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        let began = Instant::now();
        sessions[0].run(call(), permit, Arc::new(Nobody)).await.outcome.expect("an answer");
        times.push(began.elapsed());
    }
    times.sort_unstable();
    (each, times[CALLS / 2])
}

/// Resident memory of this process, in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("a status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
    line.trim().trim_end_matches(" kB").parse().expect("kB")
}

fn component(language: &str) -> Bytes {
    let file = format!("target/conformance/{language}/typed/fixture_{language}_typed.wasm");
    let path = skep_harness::repository().join(file);
    std::fs::read(&path).unwrap_or_else(|_| panic!("{} is missing: run `make guests`", path.display())).into()
}

async fn row(language: &str) {
    let cache = tempfile::tempdir().expect("a temporary directory");
    let (sandbox, permit, bytes) = (sandbox(cache.path().into()), permit(), component(language));
    let (size, began) = (bytes.len() / 1024, Instant::now());
    let skill = sandbox.prepare(bytes).await.expect("it fits");
    let compile = began.elapsed();
    let fresh = fresh(&sandbox, &skill, &permit).await;
    let (memory, again) = kept(&sandbox, &skill, &permit).await;
    let us = |time: Duration| time.as_secs_f64() * 1e6;
    println!(
        "| {language} | {size} KiB | {:.2} s | {:.0} us | {:.0} us | {memory} KiB |",
        compile.as_secs_f64(),
        us(fresh),
        us(again),
    );
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    println!(
        "| language | size | compile, once | call, fresh instance | call in a session | memory of a session |"
    );
    println!("| --- | --- | --- | --- | --- | --- |");
    for language in ["rust", "c", "zig", "go", "js", "ts", "python"] {
        runtime.block_on(row(language));
    }
}
