//! Authoring: `skep new`, `build`, `test` and `dev`, as somebody types them who starts from nothing.

use crate::deployment::{authors_skep, check, said};
use serde_json::{Value, json};
use skep_harness::{eventually_blocking, repository};
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// How long a tool may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// A folder to work in, with a project to be made in it.
struct Author {
    dir: TempDir,
    project: PathBuf,
    name: &'static str,
}

impl Author {
    fn new(name: &'static str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let project = dir.path().join(name);
        Self { dir, project, name }
    }

    /// A project from the template of a shape.
    #[track_caller]
    fn with_project(name: &'static str, shape: &str) -> Self {
        let author = Self::new(name);
        check(&author.skep(&["new", "rust", name, "--shape", shape]), 0, "skep build");
        author
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = authors_skep(self.dir.path());
        command.args(args);
        command
    }

    fn skep(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    fn edit(&self, file: &str, from: &str, to: &str) {
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
    assert_eq!(report["passed"], 10);
    assert_eq!(fs::read_to_string(author.project.join("tests/data/a.txt")).unwrap(), "seen");
}

/// A running `skep dev`, ended with its owner.
struct Dev {
    child: Child,
    log: PathBuf,
}

impl Dev {
    fn start(author: &Author, args: &[&str]) -> Self {
        let log = author.dir.path().join("dev.log");
        let out = File::create(&log).unwrap();
        let mut command = author.command(&[&["dev", author.name], args].concat());
        let child =
            command.stdout(out.try_clone().unwrap()).stderr(out).stdin(Stdio::null()).spawn().unwrap();
        Self { child, log }
    }

    #[track_caller]
    fn says(&mut self, text: &str) {
        let read = || fs::read_to_string(&self.log).unwrap();
        eventually_blocking(PATIENCE, || {
            assert!(self.child.try_wait().unwrap().is_none(), "skep dev ended: {}", read());
            read().contains(text)
        });
    }

    #[track_caller]
    fn interrupt(mut self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        let mut status = None;
        eventually_blocking(PATIENCE, || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        assert_eq!(status.and_then(|status| status.code()), Some(0));
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn dev_loads_what_is_saved_and_outlives_mistakes() {
    let author = Author::with_project("dev-hello", "typed");
    let mut dev = Dev::start(&author, &["--call", "greet name=Ann"]);
    dev.says("\"Hello, Ann!\"");
    author.edit("src/lib.rs", "Hello", "Hi");
    dev.says("\"Hi, Ann!\"");
    author.edit("src/lib.rs", "Hi,", "Hi,\"");
    dev.says("could not compile");
    let data = author.project.join(".skep/dev");
    let call = || author.skep(&["call", "dev-hello", "name=Bob", "--data", data.to_str().unwrap()]);
    check(&call(), 0, "Hi, Bob!");
    dev.says(" greet ok (");
    author.edit("src/lib.rs", "Hi,\"", "Good day,");
    dev.says("\"Good day, Ann!\"");
    check(&call(), 0, "Good day, Bob!");
    let second = author.skep(&["dev", "dev-hello"]);
    check(&second, 2, "another host holds");
    dev.interrupt();
}
