//! Sessions: bounded, ended when they should be, and reached from every host of a fleet.

use crate::client::{Answer, Client};
use crate::deployment::Deployment;
use crate::fixture::{contract_of, renamed};
use serde_json::json;
use skep_harness::eventually;
use std::time::Duration;

/// Installs a skill that keeps sessions, within these limits.
fn install(on: &Deployment, limits: &str, flags: &[&str]) {
    let folder = renamed(&on.folder("kept"), &contract_of("rust"), "kept", |text| {
        let text = text.replacen("[skill]", "[skill]\nlifetime = \"session\"", 1);
        text.replacen("[limits]\n", &format!("[limits]\n{limits}\n"), 1)
    });
    on.skep(&[&["add", folder.to_str().unwrap()], flags].concat());
}

/// Counts in a session, or in a new one.
async fn count(client: &Client, session: Option<&str>) -> Answer {
    let header: Vec<_> = session.iter().map(|id| ("skep-session", *id)).collect();
    client.send_with("POST", "/v1/skills/kept/tools/count/call", Some(json!({})), &header).await
}

async fn begin(client: &Client) -> String {
    let first = count(client, None).await.ok();
    assert_eq!(first["output"], json!({ "count": 1 }));
    first["session"].as_str().expect("a session").to_owned()
}

async fn is_gone(client: &Client, session: &str) {
    let answer = count(client, Some(session)).await;
    assert_eq!((answer.status, answer.fault()), (410, "session_gone"));
}

#[tokio::test]
async fn the_one_that_rests_longest_gives_way() {
    let on = Deployment::embedded();
    install(&on, "sessions = 2", &[]);
    let client = on.client();
    let (first, second) = (begin(&client).await, begin(&client).await);
    assert_eq!(count(&client, Some(&first)).await.output()["count"], 2);
    let third = begin(&client).await;
    is_gone(&client, &second).await;
    for (session, expect) in [(&first, 3), (&third, 2)] {
        assert_eq!(count(&client, Some(session)).await.output()["count"], expect);
    }
}

#[tokio::test]
async fn one_that_rests_too_long_ends() {
    let on = Deployment::embedded();
    install(&on, "idle = \"1s\"", &[]);
    let client = on.client();
    let session = begin(&client).await;
    // Asking keeps it alive, so each round leaves it alone for longer than the one before.
    let mut rest = Duration::from_secs(2);
    eventually(Duration::from_secs(60), async || {
        tokio::time::sleep(rest).await;
        rest += Duration::from_secs(1);
        count(&client, Some(&session)).await.status == 410
    })
    .await;
}

#[tokio::test]
async fn a_revoke_ends_it_and_a_trap_does() {
    let on = Deployment::embedded();
    let data = on.folder("granted");
    install(&on, "", &["--fs", &format!("{}:/data", data.display())]);
    let client = on.client();
    let session = begin(&client).await;
    client.revoke("kept", "/data").await.ok();
    is_gone(&client, &session).await;
    let session = begin(&client).await;
    let path = "/v1/skills/kept/tools/crash/call";
    let crashed = client.send_with("POST", path, Some(json!({})), &[("skep-session", &session)]).await;
    assert_eq!(crashed.fault(), "trapped");
    is_gone(&client, &session).await;
}

#[tokio::test]
async fn only_skills_that_keep_sessions_take_one() {
    let on = Deployment::embedded();
    on.add_guest("echo-typed", "echo", &[]);
    let (path, input) = ("/v1/skills/echo/tools/add/call", Some(json!({ "a": 1, "b": 1 })));
    let id = format!("{}.{}", "0".repeat(32), "0".repeat(32));
    for (session, says) in [(id.as_str(), "keeps no sessions"), ("nonsense", "nonsense")] {
        let refused = on.client().send_with("POST", path, input.clone(), &[("skep-session", session)]).await;
        assert_eq!(refused.fault(), "invalid_input");
        assert!(refused.message().contains(says), "{refused:?}");
    }
}

#[tokio::test]
async fn every_host_reaches_a_session_until_its_holder_is_gone_mysql() {
    let mut on = Deployment::fleet(2);
    install(&on, "", &[]);
    let clients: Vec<_> = on.hosts.iter().map(|host| host.client()).collect();
    let held = one_on_each_host(&clients[0]).await;
    for session in &held {
        for expect in 2..8 {
            let answer = count(&clients[expect % 2], Some(session)).await;
            assert_eq!(*answer.output(), json!({ "count": expect }));
        }
    }
    on.hosts.remove(1).stop();
    let survivor = &clients[0];
    eventually(Duration::from_secs(60), async || {
        let mut gone = 0;
        for session in &held {
            gone += usize::from(count(survivor, Some(session)).await.body["code"] == "session_gone");
        }
        gone == 1
    })
    .await;
    begin(survivor).await;
}

/// A session held by each of two hosts. An id begins with the life of the host that holds it.
async fn one_on_each_host(client: &Client) -> Vec<String> {
    let holder = |session: &str| session.split_once('.').map(|(host, _)| host.to_owned());
    let first = begin(client).await;
    for _ in 0..200 {
        let next = begin(client).await;
        if holder(&next) != holder(&first) {
            return vec![first, next];
        }
    }
    panic!("one host took 200 sessions in a row");
}
