//! Every language, as somebody types it who starts from nothing; and the example skills, whose cases hold.

use crate::deployment::{authors_skep, check, said};
use skep_harness::repository;
use std::process::Command;

#[track_caller]
fn succeeds(command: &mut Command, says: &str) {
    check(&command.output().unwrap(), 0, says);
}

/// Makes, builds and tests a project of each shape.
fn from_nothing(language: &str, shapes: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    for shape in shapes {
        let name = format!("hello-{language}-{shape}");
        let skep = |args: &[&str]| {
            let mut command = authors_skep(dir.path());
            command.args(args);
            command
        };
        succeeds(&mut skep(&["new", language, &name, "--shape", shape]), "skep build");
        succeeds(&mut skep(&["build", &name]), shape);
        succeeds(&mut skep(&["test", &name, "--no-build"]), "cases passed");
    }
    for refused in ["contract", "typed", "command"].iter().filter(|shape| !shapes.contains(shape)) {
        let output =
            authors_skep(dir.path()).args(["new", language, "x", "--shape", refused]).output().unwrap();
        let said = said(&output);
        assert!(!output.status.success() && said.contains("componentize-"), "{said}");
    }
}

macro_rules! languages {
    ($($name:ident: $($shape:literal)*;)*) => {
        $(#[test] fn $name() { from_nothing(stringify!($name), &[$($shape),*]) })*
    };
}

languages! {
    rust: "contract" "typed" "command";
    python: "contract" "typed";
    js: "contract" "typed";
    ts: "contract" "typed";
    c: "contract" "typed" "command";
    go: "contract" "typed" "command";
    zig: "contract" "typed" "command";
}

#[test]
fn the_example_skills_pass_their_cases() {
    let dir = tempfile::tempdir().unwrap();
    let mut tested = 0;
    for entry in std::fs::read_dir(repository().join("plugins")).unwrap() {
        let project = entry.unwrap().path();
        if project.join("tests/cases.toml").exists() {
            let project = project.to_str().unwrap();
            succeeds(authors_skep(dir.path()).args(["test", "--no-build", project]), "cases passed");
            tested += 1;
        }
    }
    assert!(tested >= 11, "{tested} example skills have cases");
}
