//! Files by capability, seen from outside: what a grant allows, what it refuses, and that nothing changes on disk.

use crate::deployment::Deployment;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

/// Every path below `dir` with its kind, size and time of change.
fn snapshot(dir: &Path) -> BTreeMap<String, String> {
    fn walk(dir: &Path, into: &mut BTreeMap<String, String>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let meta = path.symlink_metadata().unwrap();
            let text = format!("{:?} {} {:?}", meta.file_type(), meta.len(), meta.modified().unwrap());
            into.insert(path.display().to_string(), text);
            if meta.is_dir() {
                walk(&path, into);
            }
        }
    }
    let mut into = BTreeMap::new();
    walk(dir, &mut into);
    into
}

async fn fs(on: &Deployment, input: Value) -> Value {
    on.client().call("probe", "fs", input).await.output().clone()
}

#[tokio::test]
async fn read_only_is_read_only() {
    let on = Deployment::embedded();
    let outside = on.folder("outside");
    std::fs::write(outside.join("secret"), "secret").unwrap();
    let folder = on.folder("ro");
    std::fs::create_dir(folder.join("sub")).unwrap();
    std::fs::write(folder.join("a.txt"), "hello").unwrap();
    symlink(outside.join("secret"), folder.join("out")).unwrap();
    symlink("../../outside", folder.join("sub/up")).unwrap();
    symlink("a.txt", folder.join("in")).unwrap();
    on.add_guest("probe", "probe", &["--fs", &format!("{}:/data:ro", folder.display())]);
    let before = snapshot(on.dir.path().join("ro").as_path());

    assert_eq!(fs(&on, json!({ "op": "read", "path": "/data/a.txt" })).await["ok"], "hello");
    assert_eq!(fs(&on, json!({ "op": "read", "path": "/data/in" })).await["ok"], "hello");
    let listed = fs(&on, json!({ "op": "list", "path": "/data" })).await.to_string();
    assert!(listed.contains("a.txt") && listed.contains("sub"), "{listed}");
    let refused = [
        json!({ "op": "write", "path": "/data/a.txt", "data": "x" }),
        json!({ "op": "write", "path": "/data/new", "data": "x" }),
        json!({ "op": "append", "path": "/data/a.txt", "data": "x" }),
        json!({ "op": "create", "path": "/data/new" }),
        json!({ "op": "truncate", "path": "/data/a.txt" }),
        json!({ "op": "mkdir", "path": "/data/new" }),
        json!({ "op": "rename", "path": "/data/a.txt", "to": "/data/b.txt" }),
        json!({ "op": "unlink", "path": "/data/a.txt" }),
        json!({ "op": "rmdir", "path": "/data/sub" }),
        json!({ "op": "set-times", "path": "/data/a.txt" }),
        json!({ "op": "symlink", "path": "/data/new", "to": "a.txt" }),
        json!({ "op": "hardlink", "path": "/data/a.txt", "to": "/data/new" }),
        json!({ "op": "read", "path": "/data/../outside/secret" }),
        json!({ "op": "read", "path": outside.join("secret") }),
        json!({ "op": "read", "path": "/data/out" }),
        json!({ "op": "read", "path": "/data/sub/up/secret" }),
        json!({ "op": "list", "path": "/data/.." }),
        json!({ "op": "list", "path": "/" }),
        json!({ "op": "list", "path": "/data/sub/up" }),
    ];
    for input in refused {
        let answer = fs(&on, input.clone()).await;
        assert!(answer["error"].is_string(), "{input}: {answer}");
    }
    assert_eq!(snapshot(on.dir.path().join("ro").as_path()), before);
}

#[tokio::test]
async fn read_write_writes_inside_and_nowhere_else() {
    let on = Deployment::embedded();
    let folder = on.folder("rw");
    on.folder("beside");
    on.add_guest("probe", "probe", &["--fs", &format!("{}:/data:rw", folder.display())]);
    for input in [
        json!({ "op": "write", "path": "/data/new", "data": "x" }),
        json!({ "op": "mkdir", "path": "/data/sub" }),
        json!({ "op": "rename", "path": "/data/new", "to": "/data/sub/moved" }),
    ] {
        let answer = fs(&on, input.clone()).await;
        assert!(answer["error"].is_null(), "{input}: {answer}");
    }
    assert_eq!(std::fs::read_to_string(folder.join("sub/moved")).unwrap(), "x");
    for path in ["/data/../beside/x", "/beside/x", "/data/sub/../../beside/x"] {
        let answer = fs(&on, json!({ "op": "write", "path": path, "data": "x" })).await;
        assert!(answer["error"].is_string(), "{path}: {answer}");
    }
    assert!(snapshot(&on.folder("beside")).is_empty());
}

#[tokio::test]
async fn one_file_is_one_file() {
    let on = Deployment::embedded();
    let folder = on.folder("one");
    std::fs::write(folder.join("a.txt"), "a").unwrap();
    std::fs::write(folder.join("b.txt"), "b").unwrap();
    on.add_guest("probe", "probe", &["--fs", &format!("{}:/data/a.txt", folder.join("a.txt").display())]);
    assert_eq!(fs(&on, json!({ "op": "read", "path": "/data/a.txt" })).await["ok"], "a");
    let listed = fs(&on, json!({ "op": "list", "path": "/data" })).await.to_string();
    assert!(listed.contains("a.txt") && !listed.contains("b.txt"), "{listed}");
    for path in ["/data/b.txt", "/data/../b.txt"] {
        assert!(fs(&on, json!({ "op": "read", "path": path })).await["error"].is_string(), "{path}");
    }
    let write = fs(&on, json!({ "op": "write", "path": "/data/a.txt", "data": "x" })).await;
    assert!(write["error"].is_string(), "{write}");
    assert_eq!(std::fs::read_to_string(folder.join("a.txt")).unwrap(), "a");
}

#[tokio::test]
async fn a_fifo_hangs_nothing() {
    let on = Deployment::embedded();
    let folder = on.folder("fifo");
    assert!(Command::new("mkfifo").arg(folder.join("pipe")).status().unwrap().success());
    std::fs::write(folder.join("a.txt"), "a").unwrap();
    on.add_guest("probe", "probe", &["--fs", &format!("{}:/data:rw", folder.display())]);
    let tries = (0..40).map(|n| {
        let op = if n % 2 == 0 { "read" } else { "write" };
        fs(&on, json!({ "op": op, "path": "/data/pipe", "data": "x" }))
    });
    for answer in futures::future::join_all(tries).await {
        assert!(answer["error"].is_string(), "{answer}");
    }
    assert_eq!(fs(&on, json!({ "op": "read", "path": "/data/a.txt" })).await["ok"], "a");
    let root = format!("{}:/pipe", folder.join("pipe").display());
    assert!(!on.host().skep(&["grant", "probe", "--fs", &root]).status.success());
}

#[tokio::test]
async fn what_belongs_to_the_host_cannot_be_granted() {
    let on = Deployment::embedded();
    on.add_guest("probe", "probe", &[]);
    let data = on.host().data.clone();
    let roots =
        [data.clone(), data.parent().unwrap().to_owned(), "/".into(), "/proc/self".into(), "/dev".into()];
    for root in roots {
        let output = on.host().skep(&["grant", "probe", "--fs", &format!("{}:/x", root.display())]);
        assert!(!output.status.success(), "{} was granted", root.display());
    }
    let link = on.dir.path().join("link");
    symlink(&data, &link).unwrap();
    assert!(!on.host().skep(&["grant", "probe", "--fs", &format!("{}:/x", link.display())]).status.success());
    assert!(!on.host().skep(&["grant", "probe", "--fs", "/no/such/folder:/x"]).status.success());
}

#[tokio::test]
async fn the_environment_is_what_was_granted() {
    let on = Deployment::embedded();
    on.add_guest("probe", "probe", &["--env", "COLOUR=blue"]);
    let env = on.client().call("probe", "env", json!({})).await.output().to_string();
    assert!(env.contains("COLOUR") && env.contains("blue"), "{env}");
    assert!(!env.contains("PATH") && !env.contains("HOME"), "{env}");
}

#[tokio::test]
async fn the_network_is_denied_unless_granted() {
    let on = Deployment::embedded();
    on.add_guest("probe", "probe", &[]);
    let http = on.client().call("probe", "http", json!({ "url": "http://127.0.0.1:9/" })).await;
    assert!(http.output().to_string().to_lowercase().contains("denied"), "{http:?}");
    let tcp = on.client().call("probe", "tcp", json!({ "address": "127.0.0.1:9" })).await;
    assert!(tcp.output()["error"].is_string(), "{tcp:?}");
}
