//! What a whole host bears: MCP clients over HTTP against `skep serve` on a private Redis and MariaDB, next to a
//! hand-written loop over the same Redis (no HTTP, admission, seals, leases, revision or audit); then ten times
//! as many on a skill that takes few. Prints rows for a table. SKEP_LOAD_SECONDS says how long each part takes.
#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub, clippy::print_stdout)]
#![allow(missing_docs, reason = "a program of measures has no readers of its own")]

#[path = "../e2e/client.rs"]
#[allow(dead_code, reason = "shared with the end-to-end tests")]
mod client;
#[path = "../e2e/deployment.rs"]
#[allow(dead_code, reason = "shared with the end-to-end tests")]
mod deployment;
#[path = "../../host/router/benches/lane/floor.rs"]
mod floor;
mod mcp;
mod tally;

use deployment::{Deployment, Host};
use floor::Floor;
use mcp::Client;
use skep_core::Limits;
use skep_sandbox::{CompileLimits, Compiler, NetworkSettings, Sandbox, SandboxSettings};
use std::time::{Duration, Instant};
use tally::Tally;

/// Clients that call at once.
const CLIENTS: usize = 32;
/// As many times that in the overload.
const OVERLOAD: usize = 10;
/// How many of the overloaded skill's calls run at once, and how many wait.
const NARROW: (u32, u32) = (4, 8);
/// Calls of each client before anything is measured, and after the overload.
const FEW: usize = 20;
/// How long each part takes where nothing else is said.
const SECONDS: u64 = 30;
/// By how much memory may grow in the overload. A leak of a kilobyte a call would be more.
const GROWTH_MAX: u64 = 256 << 20;
/// How often memory is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// What is called, and the calls' input.
const GUEST: &str = "call-floor";
const INPUT: &str = r#"{"input":"a payload of a usual size, some sixty bytes"}"#;

fn main() {
    let seconds = std::env::var("SKEP_LOAD_SECONDS").map_or(SECONDS, |text| text.parse().expect("seconds"));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(measure(Duration::from_secs(seconds)));
}

async fn measure(each: Duration) {
    let (at, token) = (format!("127.0.0.1:{}", skep_harness::free_port()), "t".repeat(32));
    let on = Deployment::fleet_with(1, &["--listen", &at, "--token", &token]);
    on.add_guest(GUEST, "plain", &[]);
    add_narrow(&on);
    // Nobody holds all of a host's sessions, so the clients are as many callers, ten of each in the overload.
    let keys: Vec<String> = (0..CLIENTS).map(|_| key(&on)).collect();
    let open = async |skill: &'static str, count: usize| {
        let clients = (0..count).map(|n| Client::open(&at, &keys[n % CLIENTS], skill));
        futures::future::join_all(clients).await
    };
    println!("| {} | calls/s | p50 | p99 | refused/s | resident |", title(each));
    println!("| --- | --- | --- | --- | --- | --- |");
    let rate = floor(&on, each).await;
    println!("| hand-written loop, {CLIENTS} in flight | {rate:.0} | | | | |");

    let plain = open("plain", CLIENTS).await;
    few(&plain).await;
    let tally = under_load(&plain, each).await;
    assert!(tally.refused.is_empty() && tally.wrong.is_empty(), "{:?} {:?}", tally.refused, tally.wrong);
    println!("| MCP, {CLIENTS} clients | {} | {} |", tally.row(each), mib(on.host().resident()));

    let narrow = open("narrow", CLIENTS * OVERLOAD).await;
    let before = on.host().resident();
    let (tally, peak) = watched(on.host(), under_load(&narrow, each)).await;
    assert!(tally.wrong.is_empty(), "not a typed refusal: {:?}", tally.wrong);
    assert!(tally.refused.keys().eq(["overloaded"]), "{:?}", tally.refused);
    assert!(peak < before + GROWTH_MAX, "memory grew from {} to {}", mib(before), mib(peak));
    let (clients, (running, waiting)) = (CLIENTS * OVERLOAD, NARROW);
    let label = format!("MCP, {clients} clients, of whose calls {running} run and {waiting} wait");
    println!("| {label} | {} | {} before, {} at most |", tally.row(each), mib(before), mib(peak));

    // As many as it takes at once: none is refused any more.
    few(&narrow[..(running + waiting) as usize]).await;
    let tally = under_load(&plain, each).await;
    assert!(tally.refused.is_empty() && tally.wrong.is_empty(), "{:?} {:?}", tally.refused, tally.wrong);
    println!("| MCP, {CLIENTS} clients, after that | {} | {} |", tally.row(each), mib(on.host().resident()));
}

fn title(each: Duration) -> String {
    let build = if cfg!(debug_assertions) { "development build" } else { "release build" };
    format!("{each:?} each, {build}")
}

/// A caller's key.
fn key(on: &Deployment) -> String {
    let made = on.skep(&["key", "create", "load", "--json"]);
    let made: serde_json::Value = serde_json::from_str(&made).expect("JSON");
    made["key"].as_str().expect("a key").to_owned()
}

/// A skill of few places; all else past them is refused.
fn add_narrow(on: &Deployment) {
    let (folder, (concurrency, waiting)) = (on.folder("narrow"), NARROW);
    std::fs::copy(skep_harness::guest(GUEST), folder.join("narrow.wasm")).expect("a copy");
    let manifest = format!(
        "[skill]\nname = \"narrow\"\nversion = \"1.0.0\"\ncomponent = \"narrow.wasm\"\n\
         [limits]\nconcurrency = {concurrency}\nwaiting = {waiting}\n"
    );
    std::fs::write(folder.join("skill.toml"), manifest).expect("a manifest");
    on.skep(&["add", folder.to_str().expect("a path")]);
}

/// Calls that must all be answered.
async fn few(clients: &[Client]) {
    let calls = clients.iter().map(|client| async {
        for _ in 0..FEW {
            let answer = client.call(INPUT).await;
            assert_eq!(answer, mcp::Answer::Done);
        }
    });
    futures::future::join_all(calls).await;
}

/// Each client calls, one call after the other, until the time is over.
async fn under_load(clients: &[Client], time: Duration) -> Tally {
    let until = Instant::now() + time;
    let each = clients.iter().cloned().map(|client| {
        tokio::spawn(async move {
            let mut tally = Tally::default();
            while Instant::now() < until {
                let begun = Instant::now();
                let answer = client.call(INPUT).await;
                tally.note(answer, begun.elapsed());
            }
            tally
        })
    });
    let tallies = futures::future::join_all(each).await;
    tallies.into_iter().fold(Tally::default(), |all, tally| all.with(tally.expect("a client")))
}

/// What came of it, and the most resident memory that the host had meanwhile.
async fn watched<T>(host: &Host, work: impl Future<Output = T>) -> (T, u64) {
    let (mut peak, mut look) = (0, tokio::time::interval(LOOK_EVERY));
    tokio::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return (done, peak),
            _ = look.tick() => peak = peak.max(host.resident()),
        }
    }
}

/// Calls a second of the hand-written loop over the deployment's own Redis.
async fn floor(on: &Deployment, time: Duration) -> f64 {
    let (redis, _) = on.servers.as_ref().expect("servers");
    let skep = std::path::PathBuf::from(env!("CARGO_BIN_EXE_skep"));
    let sandbox = Sandbox::new(SandboxSettings {
        slots: CLIENTS as u32,
        sessions: 0,
        compiler: Compiler::Process(vec![skep.into_os_string(), "compile".into()]),
        cache_dir: on.folder("artefacts"),
        cache_key: [1; 32],
        ceiling: Limits::ceiling(),
        compile: CompileLimits::default(),
        network: NetworkSettings::default(),
    });
    let floor = Floor::start(redis.url(), sandbox.expect("a sandbox")).await;
    let batch = CLIENTS * FEW;
    floor.calls(batch, CLIENTS).await;
    let (begun, mut calls) = (Instant::now(), 0);
    while begun.elapsed() < time {
        floor.calls(batch, CLIENTS).await;
        calls += batch;
    }
    floor.stop();
    calls as f64 / begun.elapsed().as_secs_f64()
}

fn mib(bytes: u64) -> String {
    format!("{} MiB", bytes >> 20)
}
