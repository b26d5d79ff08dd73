//! Programs never made for Skep, ripgrep and the uutils coreutils from crates.io, run as skills unmodified.
//! `tests/toolchain/programs.sh` builds them.

use crate::deployment::Deployment;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

fn program(file: &str) -> PathBuf {
    let path = skep_harness::repository().join("target/programs").join(file);
    assert!(path.is_file(), "{} is missing: `tests/toolchain/programs.sh` builds it", path.display());
    path
}

/// A host with a program on it, and a folder that isn't granted yet.
fn host(file: &str, name: &str) -> (Deployment, PathBuf) {
    let on = Deployment::embedded();
    let folder = on.folder("notes");
    std::fs::write(folder.join("fruit.txt"), "pear\napple\nfig\napple\n").unwrap();
    std::fs::write(folder.join("tree.txt"), "oak\n").unwrap();
    on.skep(&["add", program(file).to_str().unwrap(), "--name", name]);
    (on, folder)
}

fn grant(on: &Deployment, name: &str, folder: &Path, access: &str) {
    on.skep(&["grant", name, "--fs", &format!("{}:/notes:{access}", folder.display())]);
}

async fn run(on: &Deployment, name: &str, input: Value) -> Value {
    on.client().call(name, "run", input).await.output().clone()
}

#[track_caller]
fn check(answer: &Value, exit_code: i32, stdout: &str) {
    assert_eq!(answer["exit_code"], exit_code, "{answer}");
    assert_eq!(answer["stdout"], stdout, "{answer}");
}

#[track_caller]
fn check_refused(answer: &Value, exit_code: i32, says: &str) {
    check(answer, exit_code, "");
    assert!(answer["stderr"].as_str().unwrap().contains(says), "{answer}");
}

#[tokio::test]
async fn ripgrep_searches_what_was_granted_and_ends_with_its_own_codes() {
    let (on, folder) = host("rg.wasm", "rg");
    let search = |args: &[&str]| run(&on, "rg", json!({ "args": args }));
    check_refused(&search(&["apple", "/notes"]).await, 2, "/notes");
    grant(&on, "rg", &folder, "ro");
    let found = "/notes/fruit.txt:2:apple\n/notes/fruit.txt:4:apple\n";
    check(&search(&["-n", "apple", "/notes"]).await, 0, found);
    check(
        &search(&["--sort", "path", "--count-matches", "^.", "/notes"]).await,
        0,
        "/notes/fruit.txt:4\n/notes/tree.txt:1\n",
    );
    check(&search(&["cherry", "/notes"]).await, 1, "");
    check_refused(&search(&["(", "/notes"]).await, 2, "unclosed group");
    check_refused(&search(&["apple", "/notes/../../etc"]).await, 2, "/notes/../../etc");
    let piped = run(&on, "rg", json!({ "args": ["-o", "b+", "-"], "stdin": "abbba\ncb\n" })).await;
    check(&piped, 0, "bbb\nb\n");
}

#[tokio::test]
async fn coreutils_work_on_what_was_granted() {
    let (on, folder) = host("coreutils.wasm", "coreutils");
    let tool = |args: &[&str]| run(&on, "coreutils", json!({ "args": args }));
    check_refused(&tool(&["cat", "/notes/fruit.txt"]).await, 1, "No such file or directory");
    check_refused(&tool(&["ls", "/notes"]).await, 1, "/notes");
    grant(&on, "coreutils", &folder, "ro");
    check(&tool(&["sort", "-u", "/notes/fruit.txt"]).await, 0, "apple\nfig\npear\n");
    check(&tool(&["ls", "/notes"]).await, 0, "fruit.txt\ntree.txt\n");
    check(&tool(&["seq", "3"]).await, 0, "1\n2\n3\n");
    check(&tool(&["false"]).await, 1, "");
    let sum = "98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4  -\n";
    check(&run(&on, "coreutils", json!({ "args": ["sha256sum"], "stdin": "hi\n" })).await, 0, sum);
    check_refused(&tool(&["rm", "/notes/tree.txt"]).await, 1, "tree.txt");
    check_refused(&tool(&["cp", "/notes/tree.txt", "/notes/copy"]).await, 1, "copy");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 2);
    grant(&on, "coreutils", &folder, "rw");
    check(&tool(&["cp", "/notes/tree.txt", "/notes/copy"]).await, 0, "");
    check(&tool(&["rm", "/notes/tree.txt"]).await, 0, "");
    assert_eq!(std::fs::read_to_string(folder.join("copy")).unwrap(), "oak\n");
    assert!(!folder.join("tree.txt").exists());
}

#[tokio::test]
async fn their_variables_are_the_callers_and_the_operators() {
    let (on, _) = host("coreutils.wasm", "coreutils");
    let printenv = |env: Value| json!({ "args": ["printenv", "WHO"], "env": env });
    check(&run(&on, "coreutils", printenv(json!({ "WHO": "caller" }))).await, 0, "caller\n");
    check(&run(&on, "coreutils", printenv(json!({}))).await, 1, "");
    on.skep(&["grant", "coreutils", "--env", "WHO=operator"]);
    check(&run(&on, "coreutils", printenv(json!({}))).await, 0, "operator\n");
}
