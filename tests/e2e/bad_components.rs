//! Components that can't be skills are refused by name of the problem, and the host stays up.

use crate::deployment::Deployment;
use serde_json::json;

/// What a bad component is, its bytes, and a word of the refusal.
fn bad_components() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let good = std::fs::read(skep_harness::guest("echo-typed")).unwrap();
    let wat = |text: &str| wat::parse_str(text).unwrap();
    vec![
        ("empty", Vec::new(), "empty"),
        ("text", b"#!/bin/sh\necho hello\n".to_vec(), "no webassembly"),
        ("truncated", good[..good.len() / 2].to_vec(), "cut off"),
        ("core-module", wat("(module (func (export \"f\")))"), "core module"),
        ("zeros", vec![0; 60 << 20], "no webassembly"),
        (
            "unknown-import",
            with_tool("(import \"acme:db/query@1.0.0\" (instance (export \"q\" (func))))", ""),
            "acme:db/query",
        ),
        ("async", with_tool("(type (stream u8))", ""), "async"),
        ("no-tools", wat("(component)"), "tool"),
        ("huge-function", huge_function(), "function"),
    ]
}

/// A component with one good tool, `go`, and whatever is wrong beside it.
fn with_tool(beside: &str, in_module: &str) -> Vec<u8> {
    let text = format!(
        "(component {beside}
           (core module $m {in_module} (func (export \"go\") (result i32) (i32.const 0)))
           (core instance $i (instantiate $m))
           (func (export \"go\") (result u32) (canon lift (core func $i \"go\"))))"
    );
    wat::parse_str(text).unwrap()
}

/// One function with more code than a compiler should be asked to take.
fn huge_function() -> Vec<u8> {
    let body = "(drop (i32.add (i32.const 1) (i32.const 2)))".repeat(1_500_000);
    with_tool("", &format!("(func {body})"))
}

#[tokio::test]
async fn bad_components_are_refused_and_the_host_stays_up() {
    let on = Deployment::embedded();
    on.add_guest("echo-typed", "echo", &[]);
    for (name, bytes, says) in bad_components() {
        let path = on.dir.path().join(format!("{name}.wasm"));
        std::fs::write(&path, bytes).unwrap();
        for command in ["check", "add"] {
            let output = on.host().skep(&[command, path.to_str().unwrap()]);
            let said = String::from_utf8_lossy(&output.stderr).to_lowercase();
            assert!(!output.status.success(), "{command} {name} was accepted");
            assert!(said.contains(says), "{command} {name}: {said}");
        }
        assert_eq!(*on.client().call("echo", "add", json!({ "a": 1, "b": 1 })).await.output(), json!(2));
    }
    let sparse = on.dir.path().join("sparse.wasm");
    std::fs::File::create(&sparse).unwrap().set_len(100 << 20).unwrap();
    let output = on.host().skep(&["add", sparse.to_str().unwrap()]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("104857600"), "{output:?}");
    assert!(!on.skep(&["list"]).contains("zeros"));
}

#[tokio::test]
async fn a_forged_artefact_is_not_run() {
    let on = Deployment::embedded();
    on.add_guest("versioned-1", "versioned", &[]);
    on.client().call("versioned", "version", json!({})).await.ok();
    let data = on.host().data.clone();
    let artefacts: Vec<_> = walkdir::WalkDir::new(&data)
        .into_iter()
        .map(|e| e.unwrap().into_path())
        .filter(|p| p.is_file() && p.parent().unwrap().ends_with("artefacts"))
        .collect();
    assert!(!artefacts.is_empty(), "no artefact below {}", data.display());
    let mut on = on;
    on.hosts.remove(0).stop();
    for path in artefacts {
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0xff;
        std::fs::write(&path, bytes).unwrap();
    }
    on.hosts.push(crate::deployment::Host::start(&data, &[]));
    assert_eq!(*on.client().call("versioned", "version", json!({})).await.output(), json!("1"));
    assert!(on.host().logged().contains("artefact"), "{}", on.host().logged());
}
