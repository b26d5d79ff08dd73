//! Authoring: `skep new`, `build` and `test`, as somebody types them who starts from nothing.

use crate::deployment::{authors_skep, check, said};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// A folder to work in, with a project to be made in it.
pub struct Author {
    pub dir: TempDir,
    pub project: PathBuf,
    pub name: &'static str,
}

impl Author {
    pub fn new(name: &'static str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let project = dir.path().join(name);
        Self { dir, project, name }
    }

    /// A project from the template of a shape.
    #[track_caller]
    pub fn with_project(name: &'static str, shape: &str) -> Self {
        let author = Self::new(name);
        check(&author.skep(&["new", "rust", name, "--shape", shape]), 0, "skep build");
        author
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = authors_skep(self.dir.path());
        command.args(args);
        command
    }

    pub fn skep(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    pub fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.project.join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(&path, text.replace(from, to)).unwrap();
    }

    /// Builds, passes its cases, and fails them after a change that they are about.
    #[track_caller]
    fn builds_and_tests(&self, source: &str) {
        check(&self.skep(&["build", self.name]), 0, "KB");
        check(&self.skep(&["test", self.name]), 0, "cases passed");
        self.edit(source, "whom shall I greet?", "who?");
        let failed = self.skep(&["test", self.name]);
        check(&failed, 1, "FAIL  greets nobody");
        check(&failed, 1, "ok    greets by name");
        check(&failed, 1, "who?");
        let report: Value =
            serde_json::from_slice(&self.skep(&["test", self.name, "--json"]).stdout).unwrap();
        assert_eq!(report["failed"], 1, "{report}");
    }
}

#[test]
fn a_typed_skill_from_nothing() {
    let author = Author::with_project("typed-hello", "typed");
    author.builds_and_tests("src/lib.rs");
    // The comments of the WIT are what callers read.
    check(&author.skep(&["build", "typed-hello"]), 0, "Greets somebody.");
}

#[test]
fn a_contract_skill_from_nothing() {
    Author::with_project("contract-hello", "contract").builds_and_tests("src/lib.rs");
}

#[test]
fn a_project_is_never_written_over() {
    let author = Author::new("mine");
    fs::create_dir(&author.project).unwrap();
    fs::write(author.project.join("notes.txt"), "").unwrap();
    check(&author.skep(&["new", "rust", "mine"]), 2, "`mine` isn't empty");
    assert_eq!(fs::read_dir(&author.project).unwrap().count(), 1);
    check(&author.skep(&["new", "cobol", "mine", "--dir", "other"]), 2, "rust");
    check(&author.skep(&["build", "mine"]), 2, "skep new");
}

#[test]
fn what_is_missing_is_told_with_the_way_to_get_it() {
    let author = Author::with_project("lacking", "typed");
    let build = |cargo: &Path| author.command(&["build", "lacking"]).env("CARGO", cargo).output().unwrap();
    check(&build(Path::new("/nowhere/cargo")), 1, "cargo is missing");
    let cargo = author.dir.path().join("cargo");
    let script = "#!/bin/sh\necho '= note: the `wasm32-wasip2` target may not be installed' >&2\nexit 101\n";
    fs::write(&cargo, script).unwrap();
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
    check(&build(&cargo), 1, "rustup target add wasm32-wasip2");
    fs::write(&cargo, "#!/bin/sh\necho 'error: expected `;`' >&2\nexit 101\n").unwrap();
    let broken = build(&cargo);
    check(&broken, 1, "error: expected `;`");
    check(&broken, 1, "cargo build --release --target wasm32-wasip2");
    author.edit("wit/world.wit", "string, string", "string, strin");
    check(&build(&cargo), 1, "world.wit:8:");
}

#[test]
fn cases_stand_on_their_own_grants_and_configuration() {
    let author = Author::new("probe");
    fs::create_dir_all(author.project.join("tests/data")).unwrap();
    fs::copy(skep_harness::guest("probe"), author.project.join("probe.wasm")).unwrap();
    fs::write(author.project.join("tests/data/a.txt"), "seen").unwrap();
    let manifest = "[skill]\nname = \"probe\"\nversion = \"0.1.0\"\ncomponent = \"probe.wasm\"\n\
        [requests]\nfiles = [{ path = \"/data\", access = \"rw\" }]\nenv = [\"COLOUR\"]\nskills = [\"echo\"]\n\
        [config]\nunit = \"m\"\n[build]\nlanguage = \"rust\"\nshape = \"contract\"\n";
    fs::write(author.project.join("skill.toml"), manifest).unwrap();
    let echo = author.dir.path().join("echo");
    fs::create_dir(&echo).unwrap();
    fs::copy(skep_harness::guest("echo-typed"), echo.join("echo.wasm")).unwrap();
    let manifest = "[skill]\nname = \"echo\"\nversion = \"0.1.0\"\ncomponent = \"echo.wasm\"\n";
    fs::write(echo.join("skill.toml"), manifest).unwrap();
    fs::write(author.project.join("tests/cases.toml"), include_str!("cases.toml")).unwrap();
    let ran = author.skep(&["test", "probe", "--no-build", "--json"]);
    let report: Value = serde_json::from_slice(&ran.stdout).unwrap_or_else(|_| panic!("{}", said(&ran)));
    let failed = report["cases"].as_array().unwrap().iter().filter(|case| case["passed"] == json!(false));
    assert_eq!(failed.collect::<Vec<_>>(), Vec::<&Value>::new());
    assert_eq!(report["passed"], 14);
    assert_eq!(fs::read_to_string(author.project.join("tests/data/a.txt")).unwrap(), "seen");
}

#[test]
fn what_would_be_refused_takes_no_ones_place() {
    let author = Author::with_project("kept", "command");
    let (good, bad) = (author.project.join("kept.wasm"), author.dir.path().join("bad.wasm"));
    check(&author.skep(&["check", "kept"]), 10, "isn't built yet: `skep build kept` makes it");
    fs::write(&good, "the last one").unwrap();
    fs::write(&bad, wat::parse_str("(component)").unwrap()).unwrap();
    let cargo = author.dir.path().join("cargo");
    let said = json!({
        "reason": "compiler-artifact",
        "manifest_path": author.project.join("Cargo.toml"),
        "filenames": [bad],
    });
    fs::write(&cargo, format!("#!/bin/sh\necho '{said}'\n")).unwrap();
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
    for command in ["build", "test"] {
        check(&author.command(&[command, "kept"]).env("CARGO", &cargo).output().unwrap(), 12, "tool");
        assert_eq!(fs::read(&good).unwrap(), b"the last one", "skep {command}");
    }
}

#[test]
fn a_toolchain_that_is_not_where_it_is_said_to_be() {
    let author = Author::new("c-hello");
    check(&author.skep(&["new", "c", "c-hello"]), 0, "skep build");
    let built = author.command(&["build", "c-hello"]).env("WASI_SDK_PATH", "/nowhere").output().unwrap();
    check(&built, 1, "`/nowhere/bin/clang` is missing: WASI_SDK_PATH says");
}

#[test]
fn what_can_be_made_and_what_comes_first_is_told() {
    let author = Author::new("first");
    for says in ["rust, python, js, ts, go, c, zig", "[default: contract]"] {
        check(&author.skep(&["new", "--help"]), 0, says);
    }
    for (language, first) in [("ts", "npm install"), ("python", "-m venv .venv")] {
        check(&author.skep(&["new", language, language]), 0, first);
        let readme = fs::read_to_string(author.dir.path().join(language).join("README.md")).unwrap();
        assert!(readme.contains(first), "{readme}");
    }
    fs::write(author.dir.path().join("file"), "").unwrap();
    let wrong = author.skep(&["new", "rust", "x", "--dir", "file/x"]);
    assert_eq!(said(&wrong).matches("Not a directory").count(), 1, "{}", said(&wrong));
}

#[test]
fn a_place_that_would_be_ignored_is_refused() {
    let author = Author::new("elsewhere");
    check(&author.skep(&["new", "rust", "elsewhere"]), 0, "skep build");
    for flags in [["dev", "elsewhere", "--data", "x"], ["test", "elsewhere", "--data", "x"]] {
        check(&author.skep(&flags), 2, "leave out --data");
    }
    check(&author.skep(&["test", "elsewhere", "--host", "unix:x"]), 2, "--host");
}
