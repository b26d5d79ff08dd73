//! State as a whole deployment keeps it: bounded, shared by the hosts of a fleet, gone with its skill.

use crate::client::Client;
use crate::deployment::Deployment;
use crate::fixture::{contract_of, renamed};
use futures::future::join_all;
use serde_json::{Value, json};

fn install(on: &Deployment, limits: &str) {
    let folder = renamed(&on.folder("keeper"), &contract_of("rust"), "keeper", |text| {
        text.replacen("[limits]\n", &format!("[limits]\n{limits}\n"), 1)
    });
    on.skep(&["add", folder.to_str().unwrap()]);
}

async fn state(client: &Client, bucket: &str, op: Value) -> crate::client::Answer {
    let mut input = json!({ "bucket": bucket });
    input.as_object_mut().unwrap().extend(op.as_object().unwrap().clone());
    client.call("keeper", "state", input).await
}

#[tokio::test]
async fn a_bucket_holds_no_more_than_it_may_and_goes_with_its_skill_mysql() {
    for on in [Deployment::embedded(), Deployment::fleet(2)] {
        install(&on, "state = \"1KiB\"\nstate_keys = 2");
        let client = on.client();
        for bucket in ["hot", "durable"] {
            let set = async |key: &str, bytes: usize| {
                state(&client, bucket, json!({ "op": "set", "key": key, "value": "x".repeat(bytes) })).await
            };
            set("a", 10).await.ok();
            set("b", 10).await.ok();
            for (key, bytes, says) in [("c", 1, "state_keys"), ("a", 2000, "`state`")] {
                let full = set(key, bytes).await;
                assert_eq!(full.fault(), "tool_error");
                assert!(full.message().contains(says), "{full:?}");
            }
            state(&client, bucket, json!({ "op": "delete", "key": "b" })).await.ok();
            set("c", 900).await.ok();
        }
        on.skep(&["remove", "keeper"]);
        install(&on, "state_keys = 2");
        for bucket in ["hot", "durable"] {
            assert_eq!(
                *state(&client, bucket, json!({ "op": "keys" })).await.output(),
                json!({ "keys": [] })
            );
        }
    }
}

/// Increments and swaps from both hosts at once: none is lost, each swap has one winner.
#[tokio::test]
async fn hosts_share_state_and_no_change_is_lost_mysql() {
    let on = Deployment::fleet(2);
    install(&on, "");
    let clients: Vec<_> = on.hosts.iter().map(|host| host.client()).collect();
    for bucket in ["hot", "durable"] {
        let steps =
            (0..40).map(|n| {
                let client = &clients[n % 2];
                async move {
                    state(client, bucket, json!({ "op": "increment", "key": "n", "delta": 1 })).await.ok()
                }
            });
        join_all(steps).await;
        let swaps = (0..8).map(|n| {
            let op = json!({ "op": "swap", "key": "s", "expected": null, "value": n.to_string() });
            let client = &clients[n % 2];
            async move { state(client, bucket, op).await.output()["applied"] == true }
        });
        assert_eq!(join_all(swaps).await.into_iter().filter(|won| *won).count(), 1);
        for client in &clients {
            let read = state(client, bucket, json!({ "op": "get", "key": "n" })).await;
            assert_eq!(*read.output(), json!({ "value": "40" }), "{bucket}");
        }
    }
}
