//! End to end: a guest that uses nothing but its standard library, through the sandbox as the router does.

use super::tree::Tree;
use crate::kit::{Caller, Kit, call, fault, json, permit};
use serde_json::{Value, json};
use skep_core::{Access, FaultCode, FileRule, Grants, Limits, Outcome};
use skep_sandbox::Prepared;
use std::sync::Arc;

/// Calls the tool `fs` of the fixture guest.
async fn fs(kit: &Kit, probe: &Prepared, rules: &[FileRule], input: Value) -> Outcome {
    let grants = Grants { files: rules.to_vec(), ..Grants::default() };
    let (permit, call) = (permit(&grants, &Limits::default()), call("fs", &input.to_string()));
    kit.sandbox.run(probe, &permit, call, Arc::new(Caller::default())).await.outcome
}

/// Operation, path, second path or data, and what the guest's standard library makes of it.
type Row = (&'static str, &'static str, &'static str, &'static str);

const RO: &[Row] = &[
    ("read", "/data/a.txt", "", "alpha"),
    ("read", "/data/link1", "", "beta"),
    ("list", "/data/sub", "", "[\"b.txt\",\"deep\",\"link3\"]"),
    ("read", "/data/out", "", "PermissionDenied"),
    ("read", "/data/absolute", "", "PermissionDenied"),
    ("read", "/data/out-dir/secret.txt", "", "PermissionDenied"),
    ("read", "/data/missing", "", "NotFound"),
    ("read", "/data/pipe", "", "PermissionDenied"),
    ("list", "/data/out-dir", "", "PermissionDenied"),
    ("write", "/data/a.txt", "new", "ReadOnlyFilesystem"),
    ("append", "/data/a.txt", "new", "ReadOnlyFilesystem"),
    ("create", "/data/new.txt", "", "ReadOnlyFilesystem"),
    ("truncate", "/data/a.txt", "", "ReadOnlyFilesystem"),
    ("mkdir", "/data/new", "", "ReadOnlyFilesystem"),
    ("rename", "/data/a.txt", "/data/b.txt", "ReadOnlyFilesystem"),
    ("unlink", "/data/a.txt", "", "ReadOnlyFilesystem"),
    ("rmdir", "/data/empty", "", "ReadOnlyFilesystem"),
    ("set-times", "/data/a.txt", "", "ReadOnlyFilesystem"),
    ("symlink", "/data/new", "a.txt", "ReadOnlyFilesystem"),
    ("hardlink", "/data/a.txt", "/data/new", "ReadOnlyFilesystem"),
];

/// One after the other on one tree.
const RW: &[Row] = &[
    ("write", "/data/new.txt", "one", "ok"),
    ("append", "/data/new.txt", " two", "ok"),
    ("read", "/data/new.txt", "", "one two"),
    ("truncate", "/data/new.txt", "", "ok"),
    ("read", "/data/new.txt", "", ""),
    ("create", "/data/new.txt", "", "AlreadyExists"),
    ("set-times", "/data/new.txt", "", "ok"),
    ("mkdir", "/data/dir", "", "ok"),
    ("rename", "/data/new.txt", "/data/dir/moved.txt", "ok"),
    ("symlink", "/data/link", "dir/moved.txt", "ok"),
    ("write", "/data/link", "three", "ok"),
    ("read", "/data/dir/moved.txt", "", "three"),
    ("hardlink", "/data/dir/moved.txt", "/data/second", "ok"),
    ("unlink", "/data/dir/moved.txt", "", "ok"),
    ("rmdir", "/data/dir", "", "ok"),
    ("read", "/data/second", "", "three"),
    ("symlink", "/data/up", "../outside", "PermissionDenied"),
    ("write", "/data/out", "x", "PermissionDenied"),
    ("write", "/data/out-dir/new.txt", "x", "PermissionDenied"),
    ("write", "/data/pipe", "x", "PermissionDenied"),
    ("unlink", "/data/sub/link3", "", "ok"),
];

const ONE_FILE: &[Row] = &[
    ("list", "/data", "", "[\"a.csv\"]"),
    ("read", "/data/a.csv", "", "alpha"),
    ("read", "/data/a.txt", "", "NotFound"),
    ("write", "/data/a.csv", "x", "ReadOnlyFilesystem"),
    ("unlink", "/data/a.csv", "", "ReadOnlyFilesystem"),
];

const NOTHING: &[Row] = &[("read", "/data/a.txt", "", "NotFound"), ("list", "/", "", "NotFound")];

async fn check(kit: &Kit, probe: &Prepared, rules: &[FileRule], rows: &[Row]) {
    for (op, path, other, expect) in rows {
        let input = json!({ "op": op, "path": path, "to": other, "data": other });
        let told = json(&fs(kit, probe, rules, input).await);
        let told = match (&told["ok"], &told["error"]) {
            (_, Value::String(kind)) => kind.clone(),
            (Value::Null, _) => "ok".to_owned(),
            (Value::String(text), _) => text.clone(),
            (other, _) => other.to_string(),
        };
        assert_eq!(told, *expect, "{op} {path} {other}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_reads_writes_and_is_refused_as_granted() {
    let (kit, tree) = (Kit::new(), Tree::new());
    let probe = kit.guest("probe").await;
    let before = tree.picture("");
    check(&kit, &probe, &[tree.rule("root", "/data", Access::Ro)], RO).await;
    check(&kit, &probe, &[tree.rule("root/a.txt", "/data/a.csv", Access::Ro)], ONE_FILE).await;
    check(&kit, &probe, &[], NOTHING).await;
    let stat = json!({ "op": "stat", "path": "/data" });
    let lost = fs(&kit, &probe, &[tree.rule("root/lost", "/data", Access::Ro)], stat).await;
    assert!(fault(&lost, FaultCode::Unavailable).contains("`/data`"));
    assert_eq!(tree.picture(""), before);
    let outside = tree.picture("outside");
    check(&kit, &probe, &[tree.rule("root", "/data", Access::Rw)], RW).await;
    assert_eq!(tree.picture("outside"), outside);
}
