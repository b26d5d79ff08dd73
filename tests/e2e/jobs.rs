//! Jobs: submitted once, done whatever dies, and asked after by whoever submitted them.

use crate::client::Client;
use crate::deployment::{Deployment, Host, check, skep};
use crate::identity::{self, LISTEN};
use serde_json::{Value, json};
use skep_harness::eventually;
use std::time::Duration;

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

async fn submit(client: &Client, order: Value) -> String {
    let answer = client.send("POST", "/v1/jobs", Some(order)).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    answer.ok()["id"].as_str().unwrap().to_owned()
}

async fn job(client: &Client, id: &str) -> Value {
    client.get(&format!("/v1/jobs/{id}")).await.ok()
}

/// What happened to a job, once it is over; numbered without gaps.
async fn steps(client: &Client, id: &str) -> Vec<String> {
    let (mut steps, mut since) = (Vec::new(), 0);
    loop {
        let page = client.get(&format!("/v1/jobs/{id}/events?since={since}&wait=20s")).await.ok();
        for event in page["events"].as_array().unwrap() {
            since += 1;
            assert_eq!(event["seq"], since, "{page}");
            steps.push(event["step"].as_str().unwrap().to_owned());
        }
        if page["over"] == true {
            return steps;
        }
    }
}

async fn ended(client: &Client, id: &str) -> Value {
    steps(client, id).await;
    job(client, id).await
}

#[tokio::test]
async fn a_job_is_done_on_the_command_line_and_over_http() {
    let on = Deployment::embedded();
    on.add_guest("echo-typed", "echo", &[]);
    let id = on.skep(&["submit", "echo/greet", "name=Ada", "--key", "k1"]);
    let id = id.trim();
    assert_eq!(on.skep(&["submit", "echo/greet", "name=Ada", "--key", "k1"]).trim(), id, "the same work");
    check(&on.host().skep(&["submit", "echo/greet", "name=Bob", "--key", "k1"]), 18, "new key");
    assert_eq!(on.skep(&["submit", "echo/greet", "name=Eve", "--follow"]).trim(), "\"Hello, Eve!\"");
    assert!(on.skep(&["job", id, "--follow"]).contains("Hello, Ada!"));
    let shown = on.skep(&["job", id]);
    assert!(shown.contains("is done") && shown.contains("started (start 1)"), "{shown}");
    assert_eq!(on.skep(&["jobs", "--state", "done"]).lines().count(), 3, "a heading and two jobs");
    check(&on.host().skep(&["cancel", id]), 18, "it is over");
    let client = on.client();
    assert_eq!(steps(&client, id).await, ["accepted", "started", "done"]);
    assert_eq!(job(&client, id).await["idempotency_key"], "k1");
    let unknown = client.send("POST", "/v1/jobs", Some(json!({ "skill": "nobody" }))).await;
    assert_eq!((unknown.status, unknown.fault()), (404, "unknown_skill"));
    let bad = client.send("POST", "/v1/jobs", Some(json!({ "skill": "echo", "in": "1s", "at": 5 }))).await;
    assert_eq!((bad.status, bad.fault()), (400, "invalid_input"));
}

#[tokio::test]
async fn what_fails_is_tried_again_if_that_may_help_and_else_a_dead_letter() {
    let on = Deployment::embedded();
    on.add_guest("probe", "probe", &[]);
    let client = on.client();
    let trap =
        |idempotent| json!({ "skill": "probe", "tool": "panic", "attempts": 2, "idempotent": idempotent });
    let once = submit(&client, trap(false)).await;
    assert_eq!(steps(&client, &once).await, ["accepted", "started", "dead"]);
    let twice = submit(&client, trap(true)).await;
    assert_eq!(steps(&client, &twice).await, ["accepted", "started", "failed", "started", "dead"]);
    let dead = job(&client, &twice).await;
    assert_eq!(
        (&dead["state"], &dead["failures"], &dead["fault"]["code"]),
        (&json!("dead"), &json!(2), &json!("trapped"))
    );
    let letters = on.skep(&["jobs", "--dead"]);
    assert!(letters.contains(&once) && letters.contains(&twice) && letters.contains("trapped"), "{letters}");
    on.skep(&["retry", &once]);
    let steps = steps(&client, &once).await;
    assert_eq!(steps, ["accepted", "started", "dead", "retried", "started", "dead"]);
    let told = on.host().skep(&["job", &once, "--follow"]);
    check(&told, 21, "trapped");
    check(&told, 21, &format!("`skep retry {once}`"));
}

#[tokio::test]
async fn a_job_waits_for_its_time_and_can_be_taken_back_before_and_after() {
    let on = Deployment::embedded();
    on.add_guest("probe", "probe", &[]);
    let client = on.client();
    let later = submit(&client, json!({ "skill": "probe", "tool": "context", "in": "1h" })).await;
    let soon = submit(&client, json!({ "skill": "probe", "tool": "context", "in": "500ms" })).await;
    let runs =
        submit(&client, json!({ "skill": "probe", "tool": "wait_cancel", "input": { "ms_max": 60_000 } }))
            .await;
    let soon = ended(&client, &soon).await;
    assert!(soon["ended"].as_u64() > soon["due"].as_u64(), "{soon}");
    let told = &soon["output"];
    assert_eq!((&told["attempt"], &told["idempotency_key"]), (&json!(1), &soon["id"]));
    assert_eq!(job(&client, &later).await["state"], "waiting");
    assert!(on.skep(&["cancel", &later]).contains("cancelled"));
    eventually(PATIENCE, async || job(&client, &runs).await["state"] == "running").await;
    on.skep(&["cancel", &runs]);
    assert_eq!(steps(&client, &runs).await, ["accepted", "started", "cancelling", "cancelled"]);
}

#[tokio::test]
async fn one_attempt_takes_no_longer_than_it_may() {
    let on = Deployment::embedded();
    on.add_guest("probe", "probe", &[]);
    let client = on.client();
    let sleep = json!({ "skill": "probe", "tool": "sleep", "input": { "ms": 25_000 }, "timeout": "300ms" });
    let id = submit(&client, sleep).await;
    let over = ended(&client, &id).await;
    assert_eq!((&over["state"], &over["fault"]["code"]), (&json!("dead"), &json!("deadline")), "{over}");
    let page = client.get(&format!("/v1/jobs/{id}/events")).await.ok();
    let at = |n: usize| page["events"][n]["at"].as_u64().unwrap();
    assert!(at(2) - at(1) < 20_000, "{page}");
}

#[tokio::test]
async fn jobs_that_take_long_wait_for_each_other_without_losing_time() {
    let on = Deployment::embedded();
    let folder = on.folder("narrow");
    std::fs::copy(skep_harness::guest("probe"), folder.join("probe.wasm")).unwrap();
    let manifest = "[skill]\nname = \"narrow\"\nversion = \"1.0.0\"\ncomponent = \"probe.wasm\"\n\
                    [limits]\nconcurrency = 1\nwall = \"3s\"\ninput = \"9MiB\"\n";
    std::fs::write(folder.join("skill.toml"), manifest).unwrap();
    on.skep(&["add", folder.to_str().unwrap()]);
    let client = on.client();
    let mut ids = Vec::new();
    for _ in 0..3 {
        let order = json!({ "skill": "narrow", "tool": "sleep", "input": { "ms": 2_000 } });
        ids.push(submit(&client, order).await);
    }
    // What is too large is refused without those that it came with.
    let long =
        json!({ "skill": "narrow", "tool": "sleep", "input": { "ms": 1, "more": "x".repeat(8 << 20) } });
    let refused = client.send("POST", "/v1/jobs", Some(long)).await;
    assert_eq!((refused.status, refused.fault()), (400, "invalid_input"), "{:?}", refused.body);
    for id in &ids {
        let over = ended(&client, id).await;
        assert_eq!(over["state"], "done", "{over}");
    }
}

#[tokio::test]
async fn a_host_that_must_compile_a_skill_first_does_not_take_that_from_its_jobs() {
    let mut on = Deployment::fleet_with(1, &["--slots", "2"]);
    on.add_guest("probe", "probe", &[]);
    let client = on.client();
    // Compiling it takes longer than it may run.
    let brief = json!({
        "skill": "probe", "tool": "sleep", "input": { "ms": 50 }, "timeout": "600ms", "in": "4s",
    });
    let mut ids = Vec::new();
    for _ in 0..32 {
        ids.push(submit(&client, brief.clone()).await);
    }
    let (redis, maria) = on.servers.as_ref().unwrap();
    let (key, redis, mysql) = (on.dir.path().join("key"), redis.url(), maria.url());
    let key = key.to_str().unwrap();
    let flags = ["--redis", &redis, "--mysql", &mysql, "--key-file", key, "--slots", "8"];
    let cold = Host::start(&on.dir.path().join("cold"), &flags);
    on.hosts.push(cold);
    for id in &ids {
        let over = ended(&client, id).await;
        assert_eq!((&over["state"], &over["failures"]), (&json!("done"), &json!(0)), "{over}");
    }
    let none = json!({ "skill": "probe", "tool": "sleep", "input": { "ms": 1 }, "timeout": "0s" });
    let refused = client.send("POST", "/v1/jobs", Some(none)).await;
    assert_eq!((refused.status, refused.fault()), (400, "invalid_input"), "{:?}", refused.body);
}

#[tokio::test]
async fn a_job_outlives_the_host_that_ran_it_and_the_absence_of_any() {
    let mut on = Deployment::embedded();
    on.add_guest("probe", "probe", &[]);
    let slow = json!({ "skill": "probe", "tool": "progress", "input": { "steps": 20, "ms": 100 } });
    let id = submit(&on.client(), slow).await;
    let client = on.client();
    eventually(PATIENCE, async || job(&client, &id).await["state"] == "running").await;
    let data = on.host().data.clone();
    // Dropped, a host is killed.
    drop(on.hosts.remove(0));
    let submitted = skep().args(["submit", "probe/context", "--data"]).arg(&data).output().unwrap();
    check(&submitted, 0, "");
    let accepted = String::from_utf8(submitted.stdout).unwrap();
    on.hosts.push(Host::start(&data, &[]));
    let client = on.client();
    assert_eq!(steps(&client, &id).await, ["accepted", "started", "interrupted", "started", "done"]);
    let over = job(&client, &id).await;
    assert_eq!((&over["attempt"], &over["interruptions"]), (&json!(2), &json!(1)));
    assert_eq!(ended(&client, accepted.trim()).await["state"], "done");
    assert!(on.skep(&["audit", "--verify"]).contains("records"));
}

#[tokio::test]
async fn hosts_share_jobs_and_take_over_those_of_the_dead() {
    // With so few slots neither can take them all.
    let mut on = Deployment::fleet_with(2, &["--slots", "4"]);
    on.add_guest("probe", "probe", &[]);
    let client = on.client();
    let slow = json!({ "skill": "probe", "tool": "progress", "input": { "steps": 30, "ms": 100 } });
    let mut ids = Vec::new();
    for _ in 0..24 {
        ids.push(submit(&client, slow.clone()).await);
    }
    eventually(PATIENCE, async || {
        let running = client.get("/v1/jobs?state=running&limit=100").await.ok();
        let jobs = running["jobs"].as_array().unwrap();
        let hosts: std::collections::HashSet<_> =
            jobs.iter().filter_map(|job| job["host"].as_str()).collect();
        hosts.len() == 2
    })
    .await;
    drop(on.hosts.remove(1));
    let mut interrupted = 0;
    for id in &ids {
        let steps = steps(&client, id).await;
        assert_eq!(steps.last().unwrap(), "done", "{steps:?}");
        assert_eq!(steps.iter().filter(|step| *step == "done").count(), 1);
        interrupted += steps.iter().filter(|step| *step == "interrupted").count();
    }
    assert!(interrupted > 0, "the dead host had some");
}

#[tokio::test]
async fn callers_see_their_own_jobs_only_and_a_revoked_key_runs_none() {
    let on = Deployment::embedded_with(&LISTEN);
    on.add_guest("probe", "probe", &[]);
    let made: Value = serde_json::from_str(&on.skep(&["key", "create", "ci", "--json"])).unwrap();
    let (key, id) = (made["key"].as_str().unwrap(), made["info"]["id"].as_str().unwrap());
    let client = on.client();
    let order = |wait: &str| json!({ "skill": "probe", "tool": "context", "in": wait });
    let foreign = submit(&client, order("1ms")).await;
    let own = identity::send(on.host(), key, "POST", "/v1/jobs", Some(order("2s"))).await.ok();
    let at = |path: &str| format!("/v1/jobs/{foreign}{path}");
    for (method, path) in
        [("GET", at("")), ("GET", at("/events")), ("POST", at("/cancel")), ("POST", at("/retry"))]
    {
        assert_eq!(identity::send(on.host(), key, method, &path, None).await.status, 404, "{method} {path}");
    }
    let listed = identity::send(on.host(), key, "GET", "/v1/jobs", None).await.ok();
    assert_eq!((listed["jobs"].as_array().unwrap().len(), &listed["jobs"][0]["id"]), (1, &own["id"]));
    on.skep(&["key", "revoke", id]);
    let refused = ended(&client, own["id"].as_str().unwrap()).await;
    assert_eq!((&refused["state"], &refused["fault"]["code"]), (&json!("dead"), &json!("denied")));
    // So do keys that end by themselves.
    let key = on.skep(&["key", "create", "short", "--expires", "5s"]);
    let own = identity::send(on.host(), key.trim(), "POST", "/v1/jobs", Some(order("6s"))).await.ok();
    let refused = ended(&client, own["id"].as_str().unwrap()).await;
    let message = refused["fault"]["message"].as_str().unwrap();
    assert!(refused["state"] == "dead" && message.contains("expired"), "{refused}");
}
