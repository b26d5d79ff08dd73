//! Programs and core modules: existing command-line programs are skills, whatever they were built as.

use crate::deployment::{Deployment, skep};
use serde_json::{Value, json};
use skep_harness::eventually_blocking;
use std::path::Path;
use std::process::Output;
use std::time::Duration;

/// A program for WASI preview 1: prints its arguments, each ended by a zero, then what it reads, and
/// exits with 42.
const PREVIEW_1: &str = r#"(module
    (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (func $print (param $at i32) (param $length i32)
        (i32.store (i32.const 0) (local.get $at))
        (i32.store (i32.const 4) (local.get $length))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
    (func (export "_start")
        (drop (call $sizes (i32.const 16) (i32.const 20)))
        (drop (call $args (i32.const 1024) (i32.const 4096)))
        (call $print (i32.const 4096) (i32.load (i32.const 20)))
        (i32.store (i32.const 0) (i32.const 8192))
        (i32.store (i32.const 4) (i32.const 4096))
        (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
        (call $print (i32.const 8192) (i32.load (i32.const 8)))
        (call $exit (i32.const 42))))"#;

fn write_module(path: &Path) {
    std::fs::write(path, wat::parse_str(PREVIEW_1).unwrap()).unwrap();
}

/// Runs a command that needs no host.
fn alone(dir: &Path, args: &[&str]) -> Output {
    let mut command = skep();
    command.args(args).env("HOME", dir).env("XDG_CACHE_HOME", dir.join("cache"));
    command.current_dir(dir).output().unwrap()
}

#[track_caller]
fn answer(output: &[u8]) -> Value {
    serde_json::from_slice(output).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(output)))
}

#[test]
fn a_core_module_runs_with_nothing_installed() {
    let dir = tempfile::tempdir().unwrap();
    write_module(&dir.path().join("teller.wasm"));
    let input = json!({ "args": ["a", "b c"], "stdin": "read" }).to_string();
    let ran = alone(dir.path(), &["run", "teller.wasm", &input]);
    assert!(ran.status.success(), "{ran:?}");
    let expect = json!({ "stdout": "teller\0a\0b c\0read", "stderr": "", "exit_code": 42 });
    assert_eq!(answer(&ran.stdout), expect);
    let checked = alone(dir.path(), &["check", "teller.wasm"]);
    let said = String::from_utf8(checked.stdout).unwrap();
    for says in ["would be served (command:", "tool run(args?: [string]", "read environment variables"] {
        assert!(said.contains(says), "{said}");
    }
}

#[tokio::test]
async fn installed_programs_answer_like_any_skill() {
    let on = Deployment::embedded();
    let path = on.dir.path().join("teller.wasm");
    write_module(&path);
    let path = path.to_str().unwrap();
    on.skep(&["add", path]);
    let expect = json!({ "stdout": "teller\0x\0", "stderr": "", "exit_code": 42 });
    let called = on.skep(&["call", "teller", r#"{"args":["x"]}"#]);
    assert_eq!(answer(called.as_bytes()), expect);
    assert_eq!(*on.client().call("teller", "run", json!({ "args": ["x"] })).await.output(), expect);
    // What is stored and granted to is the component that the module became.
    let checked = answer(on.skep(&["check", path, "--json"]).as_bytes());
    let inspected = answer(on.skep(&["inspect", "teller", "--json"]).as_bytes());
    assert_eq!(inspected["versions"][0]["digest"], checked["digest"]);
    assert_eq!(inspected["shape"], "command");
    assert!(on.skep(&["add", path]).contains("was there already"));

    on.add_guest("program", "echo", &[]);
    let called = on.skep(&["call", "echo/run", r#"{"args":["exit-with-code","7"]}"#]);
    assert_eq!(answer(called.as_bytes())["exit_code"], 7);
}

#[test]
fn a_program_is_told_of_by_its_manifest() {
    let on = Deployment::embedded();
    let folder = on.folder("teller");
    write_module(&folder.join("teller.wasm"));
    let manifest = "[skill]\nname = \"teller\"\nversion = \"1.0.0\"\ncomponent = \"teller.wasm\"\n\
                    description = \"Tells what it was told\"\n";
    std::fs::write(folder.join("skill.toml"), manifest).unwrap();
    on.skep(&["add", folder.to_str().unwrap()]);
    let inspected = answer(on.skep(&["inspect", "teller", "--json"]).as_bytes());
    assert_eq!(inspected["tools"][0]["description"], "Tells what it was told");
}

#[test]
fn a_core_module_in_a_watched_folder_is_served() {
    let watched = tempfile::tempdir().unwrap();
    let on = Deployment::embedded_with(&["--watch", watched.path().to_str().unwrap()]);
    write_module(&watched.path().join("teller.wasm"));
    eventually_blocking(Duration::from_secs(60), || {
        let called = on.host().skep(&["call", "teller", "{}"]);
        String::from_utf8_lossy(&called.stdout).contains("\"exit_code\":42")
    });
}

#[test]
fn check_tells_all_that_is_wrong_and_all_that_is_known() {
    let dir = tempfile::tempdir().unwrap();
    let text = r#"(component
        (import "acme:db/sql@1.0.0" (instance (export "q" (func))))
        (import "acme:gpu/draw@2.0.0" (instance (export "d" (func))))
        (type (stream u8))
        (core module $m (func (export "twice") (param i32) (result i32) local.get 0))
        (core instance $i (instantiate $m))
        (func (export "twice") (param "n" u32) (result u32) (canon lift (core func $i "twice"))))"#;
    std::fs::write(dir.path().join("bad.wasm"), wat::parse_str(text).unwrap()).unwrap();
    let checked = alone(dir.path(), &["check", "bad.wasm"]);
    assert_eq!(checked.status.code(), Some(12), "{checked:?}");
    let said = String::from_utf8(checked.stdout).unwrap();
    for says in [
        "would be refused (typed:",
        "it uses the component-model async (WASI 0.3) proposal",
        "it imports `acme:db/sql@1.0.0`, which Skep does not serve",
        "it imports `acme:gpu/draw@2.0.0`, which Skep does not serve",
        "tool twice(n: integer) -> integer",
        "not served: acme:db/sql@1.0.0",
    ] {
        assert!(said.contains(says), "`{says}` is missing: {said}");
    }
    let checked = alone(dir.path(), &["check", "bad.wasm", "--json"]);
    assert_eq!(answer(&checked.stdout)["refusals"].as_array().unwrap().len(), 3);

    let glue = r#"(module (import "env" "abort" (func)) (func (export "_start")))"#;
    std::fs::write(dir.path().join("glue.wasm"), wat::parse_str(glue).unwrap()).unwrap();
    let checked = alone(dir.path(), &["check", "glue.wasm"]);
    assert_eq!(checked.status.code(), Some(12));
    assert!(String::from_utf8(checked.stderr).unwrap().contains("`env.abort`"));
}
