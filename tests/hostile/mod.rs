//! Guests that try to break the host, run by the real binary: each ends in its own fault code, the next call
//! works, and the host's memory stays bounded.

mod guests;

use crate::deployment::Deployment;
use serde_json::{Value, json};
use std::path::Path;

/// The limits that all of these guests run under.
const LIMITS: &str =
    "[limits]\nmemory = \"16MiB\"\ncpu = \"400ms\"\nwall = \"3s\"\noutput = \"64KiB\"\nlog = \"4KiB\"\n";
/// What the host may hold on top of what it held before, whatever the guests do.
const GROWTH_MAX: u64 = 256 << 20;

/// A host with a well-behaved skill, with `probe`, and with the guests of `guests.rs`, all under [`LIMITS`].
fn host() -> Deployment {
    // Its guests fail more often than any host would let them.
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("skep.toml");
    std::fs::write(&config, "[breaker]\nfailures = 0\n").unwrap();
    let on = Deployment::embedded_with(&["--config", config.to_str().unwrap()]);
    on.add_guest("echo-typed", "echo", &[]);
    install(&on, "probe", &std::fs::read(skep_harness::guest("probe")).unwrap());
    on
}

fn install(on: &Deployment, name: &str, component: &[u8]) {
    let folder = on.folder(name);
    std::fs::write(folder.join("guest.wasm"), component).unwrap();
    let manifest =
        format!("[skill]\nname = \"{name}\"\nversion = \"1.0.0\"\ncomponent = \"guest.wasm\"\n{LIMITS}");
    std::fs::write(folder.join("skill.toml"), manifest).unwrap();
    on.skep(&["add", folder.to_str().unwrap()]);
}

/// Runs a guest several times: each time the same fault, and the neighbour still answers.
async fn check(on: &Deployment, skill: &str, tool: &str, input: Value, code: &str) {
    let client = on.client();
    let before = on.host().resident();
    for _ in 0..3 {
        let answer = client.call(skill, tool, input.clone()).await;
        assert_eq!(answer.fault(), code, "{skill}/{tool}: {answer:?}");
        let neighbour = client.call("echo", "add", json!({ "a": 1, "b": 1 })).await;
        assert_eq!(*neighbour.output(), json!(2));
    }
    let grown = on.host().resident().saturating_sub(before);
    assert!(grown < GROWTH_MAX, "{skill}/{tool} left {grown} bytes behind");
}

#[tokio::test]
async fn time_is_bounded() {
    let on = host();
    check(&on, "probe", "spin", json!({}), "limit_cpu").await;
    check(&on, "probe", "sleep", json!({ "ms": 3_600_000 }), "deadline").await;
    install(&on, "start-loop", &guests::start_loop());
    check(&on, "start-loop", "go", json!({}), "limit_cpu").await;
}

#[tokio::test]
async fn memory_is_bounded_however_it_is_taken() {
    let on = host();
    // A guest that minds refusals goes on with what it has.
    let given = on.client().call("probe", "alloc", json!({ "mib": 1024 })).await.ok();
    assert!(given["output"]["mib"].as_u64().is_some_and(|mib| mib < 16), "{given}");
    for (name, guest) in [
        ("memory-bomb", guests::memory_bomb()),
        ("many-memories", guests::many_memories()),
        ("many-instances", guests::many_instances()),
        ("table-bomb", guests::table_bomb()),
    ] {
        install(&on, name, &guest);
        check(&on, name, "go", json!({}), "limit_memory").await;
    }
}

#[tokio::test]
async fn a_guest_that_breaks_is_told_from_one_that_fails() {
    let on = host();
    check(&on, "probe", "recurse", json!({}), "trapped").await;
    check(&on, "probe", "panic", json!({ "message": "on purpose" }), "trapped").await;
    check(&on, "probe", "exit", json!({ "code": 1 }), "trapped").await;
    install(&on, "stack-bomb", &guests::stack_bomb());
    check(&on, "stack-bomb", "go", json!({}), "trapped").await;
    check(&on, "echo", "fail", json!({ "msg": "on purpose" }), "tool_error").await;
}

#[tokio::test]
async fn output_and_input_are_bounded() {
    let on = host();
    check(&on, "probe", "output", json!({ "bytes": 200 << 10 }), "limit_output").await;
    check(&on, "probe", "config", json!({ "key": "x".repeat(2 << 20) }), "invalid_input").await;
}

#[tokio::test]
async fn a_flood_of_logs_is_cut_and_is_no_fault() {
    let on = host();
    let answer = on.client().call("probe", "log", json!({ "lines": 1_000, "bytes": 100 })).await.ok();
    let logs = answer["logs"].as_array().unwrap();
    let bytes: usize = logs.iter().map(|l| l["text"].as_str().unwrap().len()).sum();
    assert!(bytes <= 8 << 10, "{bytes} bytes of log were kept");
    assert!(logs.last().unwrap()["text"].as_str().unwrap().contains("cut"), "{}", logs.last().unwrap());
    assert!(logs.iter().all(|l| l["call"] == answer["id"]));
}

#[tokio::test]
async fn a_hundred_bombs_at_once_leave_the_host_as_it_was() {
    let on = host();
    install(&on, "memory-bomb", &guests::memory_bomb());
    let client = on.client();
    let before = on.host().resident();
    let bombs = (0..100).map(|n| {
        let client = client.clone();
        async move {
            let (skill, tool) = if n % 2 == 0 { ("memory-bomb", "go") } else { ("probe", "spin") };
            client.call(skill, tool, json!({})).await.fault().to_owned()
        }
    });
    for code in futures::future::join_all(bombs).await {
        assert!(["limit_memory", "limit_cpu", "deadline"].contains(&code.as_str()), "{code}");
    }
    let grown = on.host().resident().saturating_sub(before);
    assert!(grown < 4 * GROWTH_MAX, "{grown} bytes were left behind");
    assert_eq!(*client.call("echo", "add", json!({ "a": 1, "b": 1 })).await.output(), json!(2));
}

/// The artefact of a component is only as good as its seal.
#[test]
fn the_private_directories_stay_private() {
    use std::os::unix::fs::PermissionsExt;
    let on = host();
    let artefacts: &Path = &on.host().data.join("artefacts");
    assert_eq!(std::fs::metadata(artefacts).unwrap().permissions().mode() & 0o777, 0o700);
}
