//! `skep dev`: what is saved serves, on whose host, and with which grants.

use crate::authoring::Author;
use crate::deployment::{Deployment, check, said};
use skep_harness::eventually_blocking;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How long a tool may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

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
        // It is for other commands: a save must not replace what serves there.
        command.env("SKEP_HOST", "http://127.0.0.1:1");
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

#[test]
fn grants_of_dev_are_those_of_its_flags() {
    let author = Author::with_project("granted", "contract");
    author.edit("skill.toml", "[build]", "[requests]\nenv = [\"COLOUR\", \"SIZE\"]\n\n[build]");
    let data = author.project.join(".skep/dev");
    let data = data.to_str().unwrap();
    for (flags, held) in [(&["--env", "COLOUR=red"][..], "COLOUR"), (&["--env", "SIZE=9"], "SIZE"), (&[], "")]
    {
        let mut dev = Dev::start(&author, flags);
        dev.says("granted loaded in ");
        let grants = author.skep(&["grants", "granted", "--json", "--data", data]);
        check(&grants, 0, held);
        for other in ["COLOUR", "SIZE"] {
            assert_eq!(said(&grants).contains(other), other == held, "{flags:?}: {}", said(&grants));
        }
        dev.interrupt();
    }
}

#[test]
fn a_host_that_is_typed_is_used_and_may_go_away() {
    let mut on = Deployment::embedded();
    let author = Author::with_project("elsewhere", "typed");
    let host = format!("unix:{}", on.host().socket().display());
    let mut dev = Dev::start(&author, &["--host", &host, "--call", "greet name='Ann Lee'"]);
    dev.says(&format!("each save replaces the elsewhere that serves at {host}"));
    dev.says("\"Hello, Ann Lee!\"");
    on.hosts.remove(0).stop();
    dev.says("calls can't be shown for now: ");
    dev.interrupt();
}
