//! The public conformance suite, server side, with every tool that it calls being a Wasm skill.

use super::{Served, TOKEN, installed, skill_of_fixture};
use crate::client::Client;
use serde_json::{Value, json};
use skep_api::types::Base64Bytes;
use skep_harness::repository;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// Characters of the time behind a scenario's name, as in `-2026-07-28T10-20-30-456Z`.
const TIME_CHARS: usize = 25;

/// What came of a scenario: the checks that it made, and those that failed.
#[derive(Debug, Default)]
struct Verdict {
    checks: usize,
    failed: Vec<String>,
}

fn serve() -> Served {
    let served = Served::with("");
    for manifest in ["test", "json"] {
        let folder = skill_of_fixture(served.deployment.dir.path(), manifest);
        served.deployment.skep(&["add", folder.to_str().expect("a path")]);
    }
    served
}

/// Runs a release of the suite; gives each scenario's verdict.
fn run(suite: &str, served: &Served, flags: &[&str]) -> BTreeMap<String, Verdict> {
    let results = served.deployment.folder("results");
    let package = installed("node_modules").join(suite);
    let output = Command::new(installed("node_modules/.bin/node"))
        .arg(repository().join("tests/e2e/mcp/suite.mjs"))
        .args([package.to_str().expect("a path"), TOKEN, "server", "--url", &served.url(), "-o"])
        .arg(&results)
        .args(flags)
        .output()
        .expect("node runs");
    let verdicts = read(&results);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!verdicts.is_empty(), "the suite ran nothing: {said}");
    verdicts
}

/// A folder a scenario: `server-NAME-TIME`.
fn read(results: &Path) -> BTreeMap<String, Verdict> {
    let mut verdicts = BTreeMap::new();
    for folder in std::fs::read_dir(results).expect("results") {
        let folder = folder.expect("a folder");
        let name = folder.file_name().into_string().expect("a name");
        let name = name.trim_start_matches("server-");
        let end = name.len().checked_sub(TIME_CHARS).expect("a time behind the name");
        let text = std::fs::read_to_string(folder.path().join("checks.json")).expect("checks");
        let checks: Vec<Value> = serde_json::from_str(&text).expect("checks");
        let verdict: &mut Verdict = verdicts.entry(name[..end].to_owned()).or_default();
        verdict.checks += checks.len();
        let failed = checks.iter().filter(|c| c["status"] == "FAILURE" || c["status"] == "WARNING");
        verdict.failed.extend(failed.map(|c| format!("{}: {}", c["id"], c["errorMessage"])));
    }
    verdicts
}

/// Whether all of so many scenarios pass.
#[track_caller]
fn assert_pass(verdicts: &BTreeMap<String, Verdict>, scenarios: usize) {
    let failed: Vec<_> = verdicts.iter().filter(|(_, v)| !v.failed.is_empty() || v.checks == 0).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert_eq!(verdicts.len(), scenarios, "{:?}", verdicts.keys());
}

/// Replaces a prompt and a tool, again and again, so that whoever listens has something to hear. What they are called
/// stays, as the suite wants lists to be the same twice.
async fn replace(client: Client) {
    let component = |name: &str| {
        let bytes = std::fs::read(skep_harness::guest(name)).expect("a component");
        Base64Bytes(bytes.into())
    };
    let components = [component("versioned-1"), component("versioned-2")];
    for component in components.iter().cycle() {
        for (name, more) in [("prompt", "[tools.version]\nprompt = true\n"), ("tool", "")] {
            let manifest = format!(
                "[skill]\nname = \"{name}\"\nversion = \"1.0.0\"\ncomponent = \"guest.wasm\"\n{more}"
            );
            let body = json!({ "component": component, "manifest": manifest, "replace": true });
            client.send("POST", "/v1/skills", Some(body)).await.ok();
        }
    }
}

#[test]
fn the_stable_release_passes() {
    let served = serve();
    let verdicts = run("suite-stable", &served, &["--suite", "all"]);
    assert_pass(&verdicts, 32);
}

#[test]
fn the_revision_with_sessions_passes_by_the_newer_release() {
    let served = serve();
    let verdicts = run("suite-next", &served, &["--suite", "all", "--spec-version", "2025-11-25"]);
    assert_pass(&verdicts, 33);
}

/// With the extension for tasks, which the suite runs along.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_stateless_revision_requires_passes() {
    let served = serve();
    let replacing = tokio::spawn(replace(served.deployment.client()));
    let verdicts =
        tokio::task::block_in_place(|| run("suite-next", &served, &["--requirements", "2026-07-28"]));
    replacing.abort();
    assert_pass(&verdicts, 50);
}

#[test]
fn the_extension_for_skills_passes() {
    let served = serve();
    let skill = repository().join("target/skills/csv-report");
    served.deployment.skep(&["add", skill.to_str().expect("a path")]);
    for scenario in ["sep-2640-skills-enumeration", "sep-2640-skills-manifest"] {
        run("suite-next", &served, &["--scenario", scenario]);
    }
    let verdicts = run("suite-next", &served, &["--scenario", "sep-2640-skills-directory"]);
    assert_pass(&verdicts, 3);
}
