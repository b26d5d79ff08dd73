//! Components and core modules of other projects, from registries: each installs, or is refused with its reason.
//! `tests/toolchain/foreign.sh` fetches them.

use crate::deployment::Deployment;
use serde_json::{Value, json};

fn fetched(file: &str) -> String {
    let path = skep_harness::repository().join("target/foreign").join(file);
    assert!(path.is_file(), "{} is missing: `tests/toolchain/foreign.sh` fetches it", path.display());
    path.display().to_string()
}

/// Adds a program, and gives what it answers to one input.
fn runs(file: &str, input: &Value) -> Value {
    let on = Deployment::embedded();
    on.skep(&["add", &fetched(file), "--name", "foreign"]);
    let inspected: Value = serde_json::from_str(&on.skep(&["inspect", "foreign", "--json"])).unwrap();
    assert_eq!((&inspected["shape"], &inspected["tools"][0]["name"]), (&json!("command"), &json!("run")));
    serde_json::from_str(&on.skep(&["call", "foreign", &input.to_string()])).unwrap()
}

#[test]
fn esbuild_of_npm_minifies_javascript() {
    let input = json!({ "args": ["--minify"], "stdin": "let  answer = 6 * 7;\nconsole.log( answer );\n" });
    assert_eq!(runs("esbuild.wasm", &input)["stdout"], "let answer=42;console.log(answer);\n");
}

/// StarlingMonkey: SpiderMonkey, the JavaScript engine of Firefox, as a core module that carries its WIT.
#[test]
fn a_javascript_engine_of_npm_runs_javascript() {
    let input = json!({ "args": ["-e", "console.log([3, 1, 2].toSorted().map(n => n ** 2).join())"] });
    assert_eq!(runs("starlingmonkey.wasm", &input)["stdout"], "1,4,9\n");
}

/// A tool of chip designers, which finds the settings of a clock: 12 MHz in, 48 MHz out.
#[test]
fn a_hardware_tool_of_pypi_computes() {
    let answer = runs("icepll.wasm", &json!({ "args": ["-i", "12", "-o", "48"] }));
    let said = answer["stdout"].as_str().unwrap();
    assert!(said.contains("F_PLLOUT:   48.000 MHz (achieved)") && said.contains("DIVF: 63"), "{said}");
}

#[test]
fn what_can_not_run_is_refused_with_its_reason() {
    let on = Deployment::embedded();
    for (file, says) in [
        ("nextpnr.wasm", "the exceptions proposal"),
        ("quickjs.wasm", "`env.host_interrupt`"),
        ("wasm-tools.core.wasm", "`_start`"),
        ("wasm-tools.core2.wasm", "wasi:filesystem/types@0.2.12.filesystem-error-code"),
        ("wasi-cli.wasm", "offers no tool"),
        ("adapter.wasm", "env::memory"),
    ] {
        let added = on.host().skep(&["add", &fetched(file), "--name", "foreign"]);
        let said = String::from_utf8_lossy(&added.stderr);
        assert_eq!(added.status.code(), Some(12), "{file}: {said}");
        assert!(said.contains(says), "{file}: {said}");
    }
}
