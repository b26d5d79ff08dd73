//! The public conformance suite, server side, with every tool that it calls being a Wasm skill.

use super::{Served, TOKEN, installed, skill_of_fixture};
use serde_json::Value;
use skep_harness::repository;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

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
        let end = name.rfind("-20").expect("a time behind the name");
        let text = std::fs::read_to_string(folder.path().join("checks.json")).expect("checks");
        let checks: Vec<Value> = serde_json::from_str(&text).expect("checks");
        let verdict: &mut Verdict = verdicts.entry(name[..end].to_owned()).or_default();
        verdict.checks += checks.len();
        let failed = checks.iter().filter(|c| c["status"] == "FAILURE" || c["status"] == "WARNING");
        verdict.failed.extend(failed.map(|c| format!("{}: {}", c["id"], c["errorMessage"])));
    }
    verdicts
}

#[track_caller]
fn assert_all_pass(verdicts: &BTreeMap<String, Verdict>, scenarios: usize) {
    let failed: Vec<_> = verdicts.iter().filter(|(_, v)| !v.failed.is_empty() || v.checks == 0).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert_eq!(verdicts.len(), scenarios, "{:?}", verdicts.keys());
}

#[test]
fn the_stable_release_passes() {
    let served = serve();
    let verdicts = run("suite-stable", &served, &["--suite", "all"]);
    assert_all_pass(&verdicts, 32);
}
