//! Hot load: a skill is replaced under fire, and no call notices but by its answer.

use crate::client::Client;
use crate::deployment::Deployment;
use serde_json::{Value, json};
use skep_harness::eventually;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const CALLS: u64 = 10_000;
const CONCURRENCY: usize = 32;
const REPLACEMENTS: u64 = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replaced_50_times_under_10_000_calls_embedded() {
    replaced_under_fire(&Deployment::embedded()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replaced_50_times_under_10_000_calls_fleet() {
    replaced_under_fire(&Deployment::fleet(2)).await;
}

/// Version `n` is the same guest with another number in its bytes, so each has a digest of its own.
fn write_version(folder: &Path, n: u64) {
    let manifest = format!("[skill]\nname = \"hot\"\nversion = \"1.0.{n}\"\ncomponent = \"hot.wasm\"\n");
    std::fs::write(folder.join("skill.toml"), manifest).unwrap();
    let mut guest = std::fs::read(skep_harness::guest("versioned")).unwrap();
    let mark = b"skep-version:";
    let at = guest.windows(mark.len()).position(|w| w == mark).expect("the guest's mark") + mark.len();
    guest[at..at + 6].copy_from_slice(format!("{n:06}").as_bytes());
    std::fs::write(folder.join("hot.wasm"), guest).unwrap();
}

async fn replaced_under_fire(on: &Deployment) {
    let folder = on.folder("hot");
    write_version(&folder, 0);
    on.skep(&["add", folder.to_str().unwrap()]);
    // `begun` is the newest version whose install has begun, `done` the newest whose install has ended.
    let (begun, done, called) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let clients: Vec<Client> = on.hosts.iter().map(|host| host.client()).collect();
    let callers = (0..CONCURRENCY).map(|n| {
        let client = &clients[n % clients.len()];
        let (begun, done, called) = (&begun, &done, &called);
        async move {
            // Until there were enough of both, so that every replacement happens under fire.
            while called.fetch_add(1, Ordering::SeqCst) < CALLS || done.load(Ordering::SeqCst) < REPLACEMENTS
            {
                let oldest = done.load(Ordering::SeqCst);
                let answer = client.call("hot", "version", json!({})).await.ok();
                let newest = begun.load(Ordering::SeqCst);
                check(&answer, oldest, newest);
            }
        }
    });
    let replace = async {
        for n in 1..=REPLACEMENTS {
            write_version(&folder, n);
            begun.store(n, Ordering::SeqCst);
            let (data, folder) = (on.host().data.clone(), folder.clone());
            let add =
                move || crate::deployment::skep().arg("add").arg(&folder).arg("--data").arg(&data).output();
            let output = tokio::task::spawn_blocking(add).await.unwrap().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            done.store(n, Ordering::SeqCst);
        }
    };
    tokio::join!(futures::future::join_all(callers), replace);
}

/// The answer must come from a version that was current at some time during the call.
#[track_caller]
fn check(answer: &Value, oldest: u64, newest: u64) {
    let said: u64 = answer["output"].as_str().and_then(|v| v.parse().ok()).expect("a version");
    assert!((oldest..=newest).contains(&said), "answered {said}, current were {oldest} to {newest}");
    assert_eq!(answer["version"], format!("1.0.{said}"));
}

#[tokio::test]
async fn a_watched_directory_is_served_and_a_broken_version_leaves_the_old_one() {
    let dir = tempfile::tempdir().unwrap();
    let watched = dir.path().join("skills");
    std::fs::create_dir(&watched).unwrap();
    let on = Deployment::embedded_with(&["--watch", watched.to_str().unwrap()]);
    let client = on.client();
    let put =
        |guest: &str| std::fs::copy(skep_harness::guest(guest), watched.join("versioned.wasm")).unwrap();
    let version = async || client.call("versioned", "version", json!({})).await;
    let patience = Duration::from_secs(30);

    put("versioned-1");
    eventually(patience, async || version().await.body["output"] == "1").await;
    put("versioned-2");
    eventually(patience, async || version().await.body["output"] == "2").await;
    std::fs::write(watched.join("versioned.wasm"), "broken").unwrap();
    eventually(patience, async || on.host().logged().contains("versioned.wasm")).await;
    assert_eq!(*version().await.output(), json!("2"));
    put("versioned-1");
    eventually(patience, async || version().await.body["output"] == "1").await;
}

#[tokio::test]
async fn a_version_that_asks_for_more_waits_for_approval() {
    let on = Deployment::embedded();
    let folder = on.folder("grow");
    let data = on.folder("given");
    let write = |version: &str, requests: &str| {
        let manifest = format!(
            "[skill]\nname = \"grow\"\nversion = \"{version}\"\ncomponent = \"grow.wasm\"\n[requests]\n{requests}\n"
        );
        std::fs::write(folder.join("skill.toml"), manifest).unwrap();
    };
    std::fs::copy(skep_harness::guest("probe"), folder.join("grow.wasm")).unwrap();
    write("1.0.0", "files = [{ path = \"/data\" }]");
    let folder_text = folder.to_str().unwrap();
    on.skep(&["add", folder_text, "--fs", &format!("{}:/data", data.display())]);
    write("1.1.0", "files = [{ path = \"/data\" }]");
    on.skep(&["add", folder_text]);
    let client = on.client();
    let current = async || client.call("grow", "counter", json!({})).await.ok()["version"].clone();
    assert_eq!(current().await, "1.1.0");
    write("2.0.0", "files = [{ path = \"/data\", access = \"rw\" }]");
    let more = format!("{}:/data:rw", data.display());
    assert!(!on.host().skep(&["add", folder_text, "--fs", &more]).status.success());
    assert_eq!(current().await, "1.1.0");
    let said = on.skep(&["add", folder_text]);
    assert!(said.contains("skep approve grow"), "{said}");
    assert_eq!(current().await, "1.1.0");
    on.skep(&["approve", "grow"]);
    assert_eq!(current().await, "2.0.0");
    // Where several wait, the operator says which.
    write("3.0.0", "files = [{ path = \"/other\" }]");
    on.skep(&["add", folder_text]);
    write("4.0.0", "files = [{ path = \"/more\" }]");
    on.skep(&["add", folder_text]);
    let which = on.host().skep(&["approve", "grow"]);
    assert!(String::from_utf8_lossy(&which.stderr).contains("skep approve grow@"), "{which:?}");
    on.skep(&["approve", "grow@3.0.0"]);
    assert_eq!(current().await, "3.0.0");
    // The same version with other content is another version.
    write("3.0.0", "files = [{ path = \"/data\", access = \"ro\" }]");
    assert!(!on.host().skep(&["add", folder_text]).status.success());
}
