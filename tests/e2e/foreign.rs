//! Components and core modules of other projects, from registries: each installs, or is refused with its reason.
//! `tests/toolchain/foreign.sh` fetches them.

use crate::deployment::Deployment;
use serde_json::{Value, json};

fn fetched(file: &str) -> String {
    let path = skep_harness::repository().join("target/foreign").join(file);
    assert!(path.is_file(), "{} is missing: `tests/toolchain/foreign.sh` fetches it", path.display());
    path.display().to_string()
}

#[test]
fn esbuild_of_npm_installs_lists_its_tool_and_runs() {
    let on = Deployment::embedded();
    on.skep(&["add", &fetched("esbuild.wasm"), "--name", "esbuild"]);
    let inspected: Value = serde_json::from_str(&on.skep(&["inspect", "esbuild", "--json"])).unwrap();
    assert_eq!(inspected["shape"], "command");
    assert_eq!(inspected["tools"][0]["name"], "run");
    let input = json!({ "args": ["--minify"], "stdin": "let  answer = 6 * 7;\nconsole.log( answer );\n" });
    let answer: Value = serde_json::from_str(&on.skep(&["call", "esbuild", &input.to_string()])).unwrap();
    assert_eq!(answer["stdout"], "let answer=42;console.log(answer);\n");
}

#[test]
fn what_can_not_run_is_refused_with_its_reason() {
    let on = Deployment::embedded();
    for (file, says) in [
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
