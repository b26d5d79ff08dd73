//! Several hosts, one Redis, one MariaDB: served by either, seen by all, obeyed by all.

use crate::deployment::Deployment;
use serde_json::json;
use skep_harness::eventually;
use std::collections::HashSet;
use std::time::Duration;

#[tokio::test]
async fn a_call_accepted_by_one_host_is_served_by_either() {
    let on = Deployment::fleet(2);
    on.add_guest("echo-typed", "echo", &[]);
    let client = on.client();
    let mut served_by = HashSet::new();
    for _ in 0..20 {
        let burst = (0..16).map(|n| {
            let client = client.clone();
            async move { client.call("echo", "add", json!({ "a": n, "b": 1 })).await }
        });
        for answer in futures::future::join_all(burst).await {
            served_by.insert(answer.ok()["served_by"].as_str().expect("a host").to_owned());
        }
        if served_by.len() == 2 {
            return;
        }
    }
    panic!("320 calls were all served by {served_by:?}");
}

#[tokio::test]
async fn a_revoke_on_one_host_is_obeyed_by_the_other_at_once() {
    let on = Deployment::fleet(2);
    let folder = on.folder("shared");
    std::fs::write(folder.join("a.txt"), "seen").unwrap();
    let grant = format!("{}:/data", folder.display());
    on.add_guest("probe", "probe", &["--fs", &grant]);
    let (one, two) = (on.hosts[0].client(), on.hosts[1].client());
    let read = json!({ "op": "read", "path": "/data/a.txt" });
    assert_eq!(two.call("probe", "fs", read.clone()).await.output()["ok"], "seen");
    let mut running = two.stream("probe", "progress", json!({ "steps": 300, "ms": 100 })).await;
    running.line().await.expect("a progress report");

    one.revoke("probe", "/data").await.ok();
    // Whichever host serves them, calls accepted after the revoke see none of it.
    for client in [&one, &two, &one, &two] {
        let answer = client.call("probe", "fs", read.clone()).await;
        assert!(answer.output()["error"].is_string(), "{answer:?}");
    }
    // The call that held the grant was stopped.
    let mut last = json!(null);
    while let Some(line) = running.line().await {
        last = line;
    }
    assert_eq!(last["fault"]["code"], "cancelled", "{last}");
}

#[tokio::test]
async fn every_host_sees_a_hot_load_and_a_removal() {
    let on = Deployment::fleet(2);
    on.add_guest("versioned-1", "versioned", &[]);
    let two = on.hosts[1].client();
    assert_eq!(*two.call("versioned", "version", json!({})).await.output(), json!("1"));
    on.add_guest("versioned-2", "versioned", &[]);
    assert_eq!(*two.call("versioned", "version", json!({})).await.output(), json!("2"));
    on.skep(&["remove", "versioned"]);
    eventually(Duration::from_secs(5), async || {
        two.call("versioned", "version", json!({})).await.status == 404
    })
    .await;
}

#[tokio::test]
async fn when_a_host_dies_its_calls_end_as_interrupted() {
    let mut on = Deployment::fleet(2);
    on.add_guest("probe", "probe", &[]);
    let client = on.client();
    // So many that some of them run on the second host; each has begun once it reports.
    let begin = || async {
        let mut call = client.stream("probe", "progress", json!({ "steps": 100, "ms": 100 })).await;
        call.line().await.expect("a progress report");
        call
    };
    let calls = futures::future::join_all((0..40).map(|_| begin())).await;
    drop(on.hosts.remove(1));
    let mut ends = std::collections::BTreeMap::new();
    for mut call in calls {
        let mut last = json!(null);
        while let Some(line) = call.line().await {
            last = line;
        }
        let fault = last["fault"]["code"].as_str();
        let end = if last["result"].is_object() { "ok" } else { fault.expect("a fault") };
        *ends.entry(end.to_owned()).or_insert(0) += 1;
    }
    let known = ends.keys().all(|end| ["ok", "interrupted"].contains(&end.as_str()));
    assert!(known && ends.contains_key("interrupted"), "{ends:?}");
    client.call("probe", "counter", json!({})).await.ok();
}

#[tokio::test]
async fn one_shared_part_without_the_other_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    for flags in [["--redis", "redis://127.0.0.1:1"], ["--mysql", "mysql://root@127.0.0.1:1/skep"]] {
        let mut command = crate::deployment::skep();
        let output = command.arg("serve").arg("--data").arg(&data).args(flags).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("--redis") && said.contains("--mysql"), "{said}");
    }
}
