//! Where a value goes: into headers, to where it was granted for, in the call that asked. Nowhere else.

use super::scene::{Scene, VALUE, placeholder};
use crate::kit::{call, json};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use skep_core::Level;

#[tokio::test]
async fn a_value_goes_where_it_was_granted_for() {
    let scene = Scene::new().await;
    let answer = scene.send(format!("{}/", scene.bank.origin()), "Bearer {KEY}").await;
    assert_eq!(answer["status"], 200, "{answer}");
    let heard = scene.bank.heard_once();
    assert!(heard.contains(&format!("authorization: Bearer {VALUE}\r\n")), "{heard}");
    assert!(heard.contains("accept-encoding: identity\r\n"), "{heard}");
    assert_eq!(scene.asked(), 2, "for KEY and for UNSET, which the place may know too: once each");
}

#[tokio::test]
async fn basic_authentication_is_made_by_the_host() {
    let scene = Scene::new().await;
    let answer = scene.send(format!("{}/", scene.bank.origin()), "Basic {ann:KEY}").await;
    let expect = format!("authorization: Basic {}\r\n", BASE64_STANDARD.encode(format!("ann:{VALUE}")));
    let heard = scene.bank.heard_once();
    assert!(heard.contains(&expect), "{heard}");
    let seen = answer["body"].as_str().unwrap();
    assert!(seen.contains(&format!("authorization: Basic {}\r\n", placeholder(seen))), "{seen}");
}

#[tokio::test]
async fn no_value_and_no_request_goes_to_another_place() {
    let scene = Scene::new().await;
    let port = scene.bank.port;
    for elsewhere in
        [scene.thief.origin(), format!("http://localhost:{port}"), format!("https://127.0.0.1:{port}")]
    {
        for text in ["Bearer {KEY}", "Basic {ann:KEY}", "a {KEY} b {KEY}"] {
            let answer = scene.send(format!("{elsewhere}/"), text).await;
            assert_eq!(answer["error"], "HttpRequestDenied", "{elsewhere}: {answer}");
        }
    }
    assert_eq!((scene.thief.heard(), scene.bank.heard()), (vec![], vec![]));
    let input = json!({ "url": scene.thief.origin(), "headers": { "x-key": "{KEY}" } });
    let logs = scene.run("send", &input).await.logs;
    let told = logs.iter().find(|record| record.level == Level::Warn).expect("the log tells");
    for word in ["`KEY`", &scene.thief.origin(), &scene.bank.origin(), "skep grant tested --secret KEY="] {
        assert!(told.text.contains(word), "{told:?}");
    }
}

#[tokio::test]
async fn in_urls_and_bodies_a_placeholder_stays_one() {
    let scene = Scene::new().await;
    for to in [&scene.thief, &scene.bank] {
        let input = json!({
            "method": "POST", "url": format!("{}/path/{{KEY}}?key={{KEY}}", to.origin()), "body": "key={KEY}&basic={ann:KEY}",
        });
        let answer = json(&scene.run("send", &input).await.outcome);
        assert_eq!(answer["status"], 200, "{answer}");
        let heard = to.heard_once();
        assert_eq!(heard.matches("skep-secret-").count(), 4, "{heard}");
        assert!(!heard.contains("canary"), "{heard}");
    }
}

#[tokio::test]
async fn what_is_not_granted_not_set_or_away_is_told() {
    let scene = Scene::new().await;
    let withheld = async |text: &str| {
        let answer = scene.send(scene.bank.origin(), text).await;
        answer["withheld"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    };
    let told = withheld("{FOREIGN}").await;
    assert!(told.starts_with("denied: ") && told.contains("--secret FOREIGN=https://HOST"), "{told}");
    assert!(withheld("{no name}").await.starts_with("denied: "));
    assert!(withheld("{UNSET}").await.starts_with("not set: "));
    assert!(withheld("{a:b:KEY}").await.starts_with("denied: "));
    scene.host.secrets_away.store(true, std::sync::atomic::Ordering::Relaxed);
    assert!(withheld("{KEY}").await.starts_with("unavailable: the database is away"));
    // What can't be scrubbed isn't asked for.
    let answer = scene.send(scene.bank.origin(), "none").await;
    assert_eq!(answer["error"], "HttpRequestDenied");
    assert_eq!(scene.send(scene.thief.origin(), "none").await["status"], 200);
    assert_eq!(scene.bank.heard(), Vec::<String>::new());
}

#[tokio::test]
async fn a_placeholder_holds_for_its_call_alone() {
    let scene = Scene::new().await;
    let mut session = scene.kit.sandbox.open(&scene.courier, &scene.permit).unwrap();
    let mut run = async |text: &str| -> Value {
        let input = json!({ "url": scene.bank.origin(), "headers": { "authorization": text } });
        json(&session.run(call("send", &input.to_string()), &scene.permit, scene.host.clone()).await.outcome)
    };
    assert_eq!(run("{KEY}").await["status"], 200);
    assert_eq!(run("{kept}").await["error"], "HttpRequestDenied", "of the call before");
    assert_eq!(run("{KEY}").await["status"], 200);
    assert_eq!(scene.bank.heard().len(), 2);
    let made_up = format!("skep-secret-{}", "0".repeat(32));
    assert_eq!(run(&made_up).await["error"], "HttpRequestDenied");
    assert_eq!(run("skep-secret-of-bees").await["status"], 200, "no placeholder");
}

#[tokio::test]
async fn what_a_guest_prints_and_logs_is_a_placeholder() {
    let scene = Scene::new().await;
    let report = scene.run("say", &json!({ "text": "{KEY} {KEY} {ann:KEY}" })).await;
    let said = json(&report.outcome)["said"].as_str().unwrap().to_owned();
    let words: Vec<_> = said.split(' ').collect();
    assert!(words.iter().all(|word| word.len() == 44 && placeholder(word) == *word), "{said}");
    assert_eq!((words[0] == words[1], words[0] == words[2]), (true, false));
    assert_eq!(report.logs.iter().filter(|record| record.text == said).count(), 2);
    let again = json(&scene.run("say", &json!({ "text": "{KEY}" })).await.outcome);
    assert_ne!(again["said"], words[0], "another call, another placeholder");
}

#[tokio::test]
async fn headers_hold_secrets_only_up_to_a_bound() {
    let scene = Scene::new().await;
    scene.host.secrets.lock().unwrap().insert("KEY".to_owned(), "x".repeat(8192));
    assert_eq!(scene.send(scene.bank.origin(), &"{KEY} ".repeat(4)).await["status"], 200);
    assert_eq!(scene.send(scene.bank.origin(), &"{KEY} ".repeat(9)).await["error"], "HttpRequestDenied");
    let users: String = (0..65).map(|user| format!("{{u{user}:KEY}}")).collect();
    let told = scene.send(scene.bank.origin(), &users).await;
    assert!(told["withheld"].as_str().unwrap().contains("64 placeholders"), "{told}");
}

#[tokio::test]
async fn a_program_finds_placeholders_in_its_environment() {
    let scene = Scene::new().await;
    let program = scene.kit.guest("program").await;
    let run = async |input: Value| {
        let call = call("run", &input.to_string());
        scene.kit.sandbox.run(&program, &scene.permit, call, scene.host.clone()).await.outcome
    };
    let printed = json(&run(json!({ "args": ["env"] })).await)["stdout"].as_str().unwrap().to_owned();
    let key = printed.lines().find_map(|line| line.strip_prefix("KEY=")).expect("KEY is set");
    assert_eq!(placeholder(key), key);
    assert!(!printed.contains("FOREIGN") && !printed.contains("canary"), "{printed}");
    assert_eq!(scene.asked(), 0, "no value is fetched before one is sent");
    let refused = run(json!({ "args": ["env"], "env": { "KEY": "mine" } })).await.unwrap_err();
    assert!(refused.message.contains("`KEY` was set by the operator"), "{refused}");
}
