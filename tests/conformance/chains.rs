//! Chains of skills that call each other: bounded, and no slot is left behind.

use crate::client::Client;
use crate::deployment::Deployment;
use crate::fixture::{contract_of, renamed};
use futures::future::join_all;
use serde_json::{Value, json};

/// How many calls the skills may run at once here.
const CONCURRENCY: usize = 8;

/// Two skills that may call each other and themselves, and may run so many calls at once.
fn install(on: &Deployment, concurrency: usize) {
    let names = ["chain-a", "chain-b"];
    for name in names {
        let folder = renamed(&on.folder(name), &contract_of("rust"), name, |text| {
            let limits = format!("[limits]\nconcurrency = {concurrency}\n");
            let skills = "skills = [\"chain-a\", \"chain-b\"]";
            text.replace("skills = [\"fixture-peer\"]", skills).replacen("[limits]\n", &limits, 1)
        });
        let grants = names.iter().flat_map(|callee| ["--skill", callee]);
        let args: Vec<_> = ["add", folder.to_str().unwrap()].into_iter().chain(grants).collect();
        on.skep(&args);
    }
}

/// The input of a call that goes through these skills, one calling the next.
fn through(skills: &[&str], tool: &str, input: Value) -> (String, Value) {
    let innermost = (tool.to_owned(), input);
    skills.iter().rev().fold(innermost, |(tool, input), skill| {
        ("call".to_owned(), json!({ "skill": skill, "tool": tool, "input": input }))
    })
}

/// As many slots as one skill may use, on one host and on two: one that is lost is missed.
fn on_each() -> [Deployment; 2] {
    let [all, half] = [CONCURRENCY, CONCURRENCY / 2].map(|slots| slots.to_string());
    [Deployment::embedded_with(&["--slots", &all]), Deployment::fleet_with(2, &["--slots", &half])]
}

#[tokio::test]
async fn chains_are_bounded_and_leave_nothing_behind_mysql() {
    for on in on_each() {
        install(&on, CONCURRENCY);
        let client = on.client();
        let three = ["chain-b", "chain-a", "chain-b"];
        for _ in 0..3 {
            let (tool, input) = through(&three, "add", json!({ "a": 2, "b": 3 }));
            let answer = client.call("chain-a", &tool, input).await;
            assert_eq!(answer.output()["output"]["output"]["output"], json!({ "sum": 5 }));
        }
        let endless: Vec<_> = three.iter().cycle().take(9).copied().collect();
        let chains = (0..4 * CONCURRENCY).map(|_| async {
            let (tool, input) = through(&endless, "add", json!({ "a": 2, "b": 3 }));
            let refused = client.call("chain-a", &tool, input).await;
            assert_eq!(refused.fault(), "tool_error");
            assert!(refused.message().contains("denied: skills may call skills 4 deep"), "{refused:?}");
        });
        join_all(chains).await;
        all_slots_are_free(&client).await;
    }
}

/// As many parents as there are slots, and many more, each waiting for a child of another or of its own skill.
#[tokio::test]
async fn parents_that_wait_all_finish_mysql() {
    for on in on_each() {
        install(&on, CONCURRENCY);
        for child in ["chain-b", "chain-a"] {
            let client = on.client();
            let parents = (0..200).map(|n| {
                let (tool, input) = through(&[child], "add", json!({ "a": n, "b": 1 }));
                let client = client.clone();
                async move {
                    let answer = client.call("chain-a", &tool, input).await;
                    assert_eq!(*answer.output(), json!({ "output": { "sum": n + 1 } }));
                }
            });
            join_all(parents).await;
            all_slots_are_free(&client).await;
        }
    }
}

/// Each skill has one place, which a call holds while it waits for the other skill.
#[tokio::test]
async fn skills_that_call_each_other_never_wait_for_each_other_mysql() {
    for on in on_each() {
        install(&on, 1);
        let client = on.client();
        let chains = (0..32).map(|n| {
            let (first, second) = if n % 2 == 0 { ("chain-a", "chain-b") } else { ("chain-b", "chain-a") };
            let (tool, input) = through(&[second, first], "add", json!({ "a": n, "b": 1 }));
            let client = client.clone();
            async move {
                let answer = client.call(first, &tool, input).await;
                assert_eq!(answer.output()["output"]["output"], json!({ "sum": n + 1 }));
            }
        });
        join_all(chains).await;
    }
}

/// Each slot sleeps at the same time as all others: one that is lost would make this take twice as long as the
/// callers wait.
async fn all_slots_are_free(client: &Client) {
    let path = "/v1/skills/chain-a/tools/sleep/call";
    let sleepers = (0..CONCURRENCY).map(|_| async {
        let body = Some(json!({ "ms": 1500 }));
        client.send_with("POST", path, body, &[("skep-timeout", "2900ms")]).await.ok();
    });
    join_all(sleepers).await;
}
