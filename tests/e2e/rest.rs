//! The REST API as its own description tells it, held to that by schemathesis, a program of others.

use crate::deployment::Deployment;
use serde_json::{Value, json};
use skep_harness::{free_port, guest, repository};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
/// Fewest cases that are worth anything.
const CASES_MIN: usize = 2_000;

fn schemathesis() -> PathBuf {
    let path = repository().join("target/schemathesis/bin/schemathesis");
    assert!(path.is_file(), "{} is missing: `tests/setup.sh probes` installs it", path.display());
    path
}

/// Something of everything, so that requests find what they name.
async fn furnish(on: &Deployment) {
    let host = on.client();
    for skill in ["echo-typed", "versioned"] {
        let path = guest(skill);
        on.skep(&["add", path.to_str().expect("a path"), "--name", skill]);
    }
    let grant = json!({ "env": { "LANG": "C" } });
    host.send("POST", "/v1/skills/versioned/grants", Some(grant)).await.ok();
    host.send("PATCH", "/v1/skills/versioned/config", Some(json!({ "colour": "blue" }))).await.ok();
    let wish = json!({ "skill": "versioned", "grants": { "env": { "TZ": "UTC" } }, "why": "times" });
    host.send("POST", "/v1/requests", Some(wish)).await.ok();
    host.call("echo-typed", "greet", json!({ "name": "Ann" })).await.ok();
}

/// Runs every check of schemathesis, from a directory of its own; gives its report of what happened.
fn probe(address: &str, dir: &Path) -> String {
    let report = dir.join("report.ndjson");
    let log = std::fs::File::create(dir.join("schemathesis.log")).expect("a log file");
    let config = repository().join("tests/e2e/schemathesis.toml");
    let mut command = Command::new(schemathesis());
    command
        .current_dir(dir)
        .env("HYPOTHESIS_STORAGE_DIRECTORY", dir.join("hypothesis"))
        .arg("--config-file")
        .arg(config)
        .args(["run", &format!("http://{address}/openapi.json"), "--report", "ndjson"])
        .args(["-H", &format!("Authorization: Bearer {TOKEN}")])
        .arg("--report-ndjson-path")
        .arg(&report)
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a log file"))
        .stderr(log);
    let status = command.status().expect("schemathesis runs");
    let said = std::fs::read_to_string(dir.join("schemathesis.log")).expect("a log");
    assert!(status.success(), "schemathesis found something:\n{said}");
    std::fs::read_to_string(report).expect("a report")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_is_what_its_description_says() {
    let address = format!("127.0.0.1:{}", free_port());
    let on = Deployment::embedded_with(&["--listen", &address, "--token", TOKEN]);
    furnish(&on).await;
    let dir = on.dir.path().join("probe");
    std::fs::create_dir(&dir).expect("a directory");
    let report = tokio::task::spawn_blocking(move || probe(&address, &dir)).await.expect("a report");
    let statuses: Vec<_> = report.lines().flat_map(statuses).collect();
    let count = |hundreds: u64| statuses.iter().filter(|status| **status / 100 == hundreds).count();
    assert!(statuses.len() >= CASES_MIN, "only {} cases", statuses.len());
    // 504 is the answer to a call that was given no time.
    let failed = statuses.iter().filter(|status| **status >= 500 && **status != 504).count();
    assert_eq!(failed, 0, "{report}");
    // What was asked for was there, too.
    assert!(count(2) >= CASES_MIN / 10, "only {} of {} cases went well", count(2), statuses.len());
    let log = on.host().logged();
    assert!(!log.contains("a defect") && !log.contains("panicked"), "{log}");
}

/// The statuses of the answers that a line of the report tells of.
fn statuses(line: &str) -> Vec<u64> {
    let event: Value = serde_json::from_str(line).expect("JSON");
    let sent = event["ScenarioFinished"]["recorder"]["interactions"].as_object();
    let status = |case: &Value| case["response"]["status_code"].as_u64().expect("an answer");
    sent.into_iter().flat_map(|sent| sent.values()).map(status).collect()
}
