//! What guests ask of their host beyond WASI: state, other skills, the log. And what they ask too much.

use crate::kit::host::{Host, skill_info};
use crate::kit::{Kit, call, fault, json, limits, permit};
use serde_json::{Value, json};
use skep_core::{FaultCode, Grants, Level, Limits, STATE_VALUE_BYTES_MAX};
use skep_sandbox::{Prepared, Report};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// `probe`, a host for it, and the skills that it may call.
struct Scene {
    kit: Kit,
    probe: Arc<Prepared>,
    host: Arc<Host>,
    grants: Grants,
}

impl Scene {
    async fn new(host: Host, callable: &[&str]) -> Self {
        let kit = Kit::new();
        let probe = kit.guest("probe").await;
        let skills = callable.iter().map(|name| name.parse().unwrap()).collect();
        Self { kit, probe, host: Arc::new(host), grants: Grants { skills, ..Grants::default() } }
    }

    async fn run(&self, tool: &str, input: Value, limits: &Limits) -> Report {
        let permit = permit(&self.grants, limits);
        let call = call(tool, &input.to_string());
        self.kit.sandbox.run(&self.probe, &permit, call, self.host.clone()).await
    }

    async fn ask(&self, tool: &str, input: Value) -> Value {
        json(&self.run(tool, input, &limits()).await.outcome)
    }

    /// One operation on the bucket `hot`.
    async fn state(&self, op: &str, more: Value) -> Value {
        let mut input = json!({ "op": op, "bucket": "hot" });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.ask("state", input).await
    }
}

#[tokio::test]
async fn state_is_kept_between_calls() {
    let scene = Scene::new(Host::default(), &[]).await;
    let state = async |op, more| scene.state(op, more).await["ok"].clone();
    assert_eq!(state("get", json!({ "key": "a" })).await, Value::Null);
    state("set", json!({ "key": "a", "value": "1" })).await;
    assert_eq!(state("get", json!({ "key": "a" })).await, "1");
    assert_eq!(state("exists", json!({ "key": "a" })).await, true);
    assert_eq!(state("increment", json!({ "key": "a", "delta": 41 })).await, 42);
    assert_eq!(state("increment", json!({ "key": "new", "delta": 1 })).await, 1);
    state("set", json!({ "key": "z", "value": "words" })).await;
    assert_eq!(state("keys", json!({})).await, json!({ "keys": ["a", "new", "z"], "pages": 2 }));
    state("delete", json!({ "key": "a" })).await;
    assert_eq!(state("exists", json!({ "key": "a" })).await, false);
    let grown = scene.state("increment", json!({ "key": "z", "delta": 1 })).await;
    assert_eq!(grown["error"], "the value is no whole number that can grow so much");
    let other = scene.ask("state", json!({ "op": "keys", "bucket": "durable" })).await;
    assert_eq!(other["ok"]["keys"], json!([]), "buckets are apart");
}

#[tokio::test]
async fn a_swap_applies_only_to_what_was_expected() {
    let scene = Scene::new(Host::default(), &[]).await;
    let swap = async |more| scene.state("swap", more).await["ok"].clone();
    assert_eq!(swap(json!({ "key": "a", "value": "1" })).await, true, "none was expected");
    assert_eq!(swap(json!({ "key": "a", "value": "2" })).await, false);
    assert_eq!(swap(json!({ "key": "a", "expected": "1", "value": "2" })).await, true);
    assert_eq!(swap(json!({ "key": "a", "expected": "2" })).await, true, "none is a value, too");
    assert!(scene.host.state.lock().unwrap().is_empty());
}

#[tokio::test]
async fn batches_go_key_by_key_and_are_bounded() {
    let scene = Scene::new(Host::default(), &[]).await;
    let many = async |op, keys: usize| {
        scene.ask("state_many", json!({ "op": op, "bucket": "hot", "keys": keys, "bytes": 9 })).await
    };
    assert_eq!(many("set", 1000).await, json!({ "ok": null }));
    assert_eq!(many("get", 1000).await, json!({ "ok": 1000 }));
    for op in ["set", "get", "delete"] {
        let refused = many(op, 1001).await;
        assert_eq!(refused["error"], "a batch may have 1000 keys at most: make several");
    }
    assert_eq!(many("delete", 999).await, json!({ "ok": null }));
    assert_eq!(many("get", 1000).await, json!({ "ok": 1 }));
    for n in 0..17 {
        let large = vec![b'x'; STATE_VALUE_BYTES_MAX].into();
        scene.host.state.lock().unwrap().insert(("hot", format!("k{n}")), large);
    }
    assert_eq!(many("get", 16).await, json!({ "ok": 16 }));
    let refused = many("get", 17).await;
    assert_eq!(refused["error"], "a batch may read 16777216 bytes at most: ask for fewer keys at once");
}

#[tokio::test]
async fn what_no_bucket_takes_never_leaves_the_sandbox() {
    let scene = Scene::new(Host::default(), &[]).await;
    let refused = async |op, more| scene.state(op, more).await["error"].clone();
    let key = "a key must have 1 to 512 bytes";
    for op in ["get", "set", "delete", "exists", "increment", "swap"] {
        assert_eq!(refused(op, json!({ "key": "k".repeat(513), "delta": 1 })).await, key, "{op}");
        assert_eq!(refused(op, json!({ "key": "", "delta": 1 })).await, key, "{op}");
    }
    let large = STATE_VALUE_BYTES_MAX + 1;
    for op in ["set", "swap"] {
        let words = refused(op, json!({ "key": "k", "bytes": large })).await;
        assert_eq!(words, "a value may have 1048576 bytes at most", "{op}");
    }
    assert_eq!(scene.host.state_asked.load(Ordering::Relaxed), 0);
    let unknown = scene.ask("state", json!({ "op": "keys", "bucket": "" })).await;
    assert_eq!(unknown, json!({ "error": "no-such-store" }));
    assert_eq!(refused("get", json!({ "key": "away" })).await, "the database is away");
}

#[tokio::test]
async fn open_buckets_are_bounded() {
    let scene = Scene::new(Host::default(), &[]).await;
    let opened = scene.ask("buckets", json!({ "count": 10_001 })).await;
    let words = "a skill may have 1024 buckets, files and streams open at once: drop some";
    assert_eq!(opened["error"], words);
    assert!(opened["open"].as_u64().is_some_and(|open| (1000..=1024).contains(&open)), "{opened}");
    assert_eq!(scene.ask("buckets", json!({ "count": 100 })).await, json!({ "ok": 100 }));
}

#[tokio::test]
async fn a_granted_skill_is_called_and_its_fault_is_told() {
    let scene = Scene::new(Host::default(), &["echo", "fails"]).await;
    let call = async |skill: &str, tool| {
        scene.ask("call", json!({ "skill": skill, "tool": tool, "input": "[1, 2]" })).await
    };
    assert_eq!(call("echo", "back").await, json!({ "ok": [1, 2] }));
    assert_eq!(call("fails", "x.y").await, json!({ "error": "tool_error", "message": "no luck" }));
    let without = scene.ask("call", json!({ "skill": "echo", "input": "7" })).await;
    assert_eq!(without, json!({ "ok": 7 }));
    let asked = ["echo/back [1, 2]", "fails/x.y [1, 2]", "echo/- 7"];
    assert_eq!(*scene.host.calls.lock().unwrap(), asked);
}

#[tokio::test]
async fn a_skill_that_is_not_granted_or_no_name_is_never_asked() {
    let scene = Scene::new(Host::default(), &["echo"]).await;
    let call = async |skill: &str, tool: &str| {
        scene.ask("call", json!({ "skill": skill, "tool": tool, "input": "1" })).await
    };
    let denied = call("vault", "open").await;
    assert_eq!(denied["error"], "denied");
    let message = denied["message"].as_str().unwrap();
    assert!(message.contains("`skep grant tested --skill vault`"), "{message}");
    let long = "e".repeat(1 << 18);
    for (skill, tool) in [("echo@1.0.0", "t"), ("../echo", "t"), ("", "t"), ("echo", "a b"), (&long, &long)] {
        let bad = call(skill, tool).await;
        assert_eq!(bad["error"], "invalid_input", "{bad}");
        assert!(bad["message"].as_str().unwrap().len() < 500, "{bad}");
    }
    assert!(scene.host.calls.lock().unwrap().is_empty());
}

#[tokio::test]
async fn only_what_may_be_called_is_found() {
    let skills = vec![skill_info("vault", "not yours"), skill_info("echo", "says it again")];
    let scene = Scene::new(Host { skills: skills.clone(), ..Host::default() }, &["echo", "other"]).await;
    let found = scene.ask("find", json!({ "capability": "csv" })).await;
    let echo = json!({
        "name": "echo", "version": "1.2.3", "description": "says it again", "capabilities": ["csv.read"],
        "tools": [],
    });
    assert_eq!(found, json!([echo]));
    let long = scene.ask("find", json!({ "capability": "c".repeat(257) })).await;
    assert_eq!(long["error"], "invalid_input");
    let alone = Scene::new(Host { skills, ..Host::default() }, &[]).await;
    assert_eq!(alone.ask("find", json!({ "capability": "" })).await, json!([]));
    assert_eq!(alone.host.finds.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn what_is_found_is_bounded() {
    let names: Vec<String> = (0..200).map(|n| format!("skill-{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for (bytes, expect) in [(10, 100), (500 << 10, 8)] {
        let skills = names.iter().map(|name| skill_info(name, &"x".repeat(bytes))).collect();
        let scene = Scene::new(Host { skills, ..Host::default() }, &names).await;
        let ample = Limits { output: "16MiB".parse().unwrap(), ..Limits::default() };
        let report = scene.run("find", json!({ "capability": "" }), &ample).await;
        assert_eq!(json(&report.outcome).as_array().unwrap().len(), expect);
    }
}

#[tokio::test]
async fn waiting_for_another_skill_takes_wall_time_and_no_processor_time() {
    let scene = Scene::new(Host::default(), &["slow"]).await;
    let limits = Limits { cpu: "100ms".parse().unwrap(), ..limits() };
    let report = scene.run("call", json!({ "skill": "slow", "input": "1" }), &limits).await;
    assert_eq!(json(&report.outcome), json!({ "ok": 1 }));
    assert!(report.usage.wall_us >= 500_000 && report.usage.cpu_ticks < 10, "{:?}", report.usage);
    assert_eq!(scene.host.dropped.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn who_stops_waiting_gives_the_other_call_up() {
    let scene = Arc::new(Scene::new(Host::default(), &["never"]).await);
    let input = json!({ "skill": "never", "input": "1" });
    let given_up = || scene.host.dropped.load(Ordering::Relaxed);
    let short = Limits { wall: "200ms".parse().unwrap(), ..limits() };
    let report = scene.run("call", input.clone(), &short).await;
    fault(&report.outcome, FaultCode::Deadline);
    assert_eq!(given_up(), 1);

    let waiting = {
        let (scene, input) = (Arc::clone(&scene), input.clone());
        tokio::spawn(async move { scene.run("call", input, &limits()).await })
    };
    while scene.host.calls.lock().unwrap().len() < 2 {
        tokio::task::yield_now().await;
    }
    waiting.abort();
    assert!(waiting.await.unwrap_err().is_cancelled());
    assert_eq!(given_up(), 2);

    scene.host.gone.store(true, Ordering::Relaxed);
    fault(&scene.run("call", input, &limits()).await.outcome, FaultCode::Cancelled);
    assert_eq!(given_up(), 3);
}

#[tokio::test]
async fn asking_for_ever_is_charged_and_can_be_stopped() {
    let skills = vec![skill_info("echo", "says it again")];
    let scene = Scene::new(Host { skills, ..Host::default() }, &["echo"]).await;
    for what in ["log", "find", "state"] {
        let report = scene.run("endless", json!({ "what": what }), &limits()).await;
        fault(&report.outcome, FaultCode::LimitCpu);
        assert!((30..90).contains(&report.usage.cpu_ticks), "{what}: {:?}", report.usage);
    }
    let patient = Limits { cpu: "60s".parse().unwrap(), ..limits() };
    scene.host.gone.store(true, Ordering::Relaxed);
    for what in ["log", "find", "state"] {
        let report = scene.run("endless", json!({ "what": what }), &patient).await;
        fault(&report.outcome, FaultCode::Cancelled);
    }
}

#[tokio::test]
async fn messages_become_records_with_their_level_and_a_flood_is_cut() {
    let scene = Scene::new(Host::default(), &[]).await;
    let say = async |level: &str, context: &str, times: u64| {
        let input = json!({ "level": level, "context": context, "message": "so it is", "times": times });
        let report = scene.run("say", input, &Limits::default()).await;
        assert_eq!(json(&report.outcome), json!({ "ok": times }), "a flood is no fault");
        report.logs
    };
    for (said, level) in [
        ("trace", Level::Trace),
        ("debug", Level::Debug),
        ("info", Level::Info),
        ("warn", Level::Warn),
        ("error", Level::Error),
        ("critical", Level::Error),
    ] {
        let [record] = &say(said, "rows", 1).await[..] else { panic!("one record") };
        assert_eq!((record.level, &*record.source, &*record.text), (level, "rows", "so it is"));
    }
    assert_eq!(say("info", "skep", 1).await[0].source, "log", "the host's name is its own");
    let flood = say("info", &"c".repeat(1 << 10), 5_000).await;
    let bytes: usize = flood.iter().map(|record| record.text.len() + record.source.len()).sum();
    assert!(bytes <= 64 << 10, "{bytes}");
    let last = flood.last().unwrap();
    assert_eq!((&*last.source, last.level), ("skep", Level::Warn));
    assert!(last.text.starts_with("log cut here"), "{}", last.text);
}
