//! Deployments: one embedded host, or several that share a private Redis and a private MariaDB.

use crate::client::Client;
use skep_harness::{MariaDb, Redis, eventually_blocking};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// How long a host may take to be ready, or to stop.
const PATIENCE: Duration = Duration::from_secs(60);

/// The binary under test.
pub fn skep() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_skep"));
    command.env_clear().stdin(Stdio::null());
    for keep in ["PATH", "HOME", "LANG"] {
        if let Some(value) = std::env::var_os(keep) {
            command.env(keep, value);
        }
    }
    command
}

/// The binary as an author of skills runs it in `dir`: with the toolchains of all languages, and with what
/// Rust projects depend on built once for all tests (each project's own name keeps them apart).
pub fn authors_skep(dir: &Path) -> Command {
    let (languages, cargo) = ("target/languages/bin", "target/guest-toolchain/cargo");
    let [languages, cargo] = [languages, cargo].map(|path| skep_harness::repository().join(path));
    for part in [&languages, &cargo] {
        assert!(part.exists(), "{} is missing: run `make guests`", part.display());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([languages].into_iter().chain(std::env::split_paths(&path))).unwrap();
    let mut command = skep();
    command.current_dir(dir).env("PATH", path).env("CARGO", cargo);
    command.env("CARGO_TARGET_DIR", skep_harness::repository().join("target/authoring"));
    command.env("XDG_CACHE_HOME", dir.join("cache"));
    command
}

/// What a command printed, on both streams.
pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[track_caller]
pub fn check(output: &Output, code: i32, says: &str) {
    let said = said(output);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(said.contains(says), "expected `{says}`: {said}");
}

/// One `skep serve` process.
pub struct Host {
    child: Child,
    pub data: PathBuf,
    pub log: PathBuf,
}

impl Host {
    pub fn start(data: &Path, flags: &[&str]) -> Self {
        Self::start_with(data, flags, &[])
    }

    /// With variables besides the usual ones.
    pub fn start_with(data: &Path, flags: &[&str], variables: &[(&str, &str)]) -> Self {
        let log = data.with_extension("log");
        let stderr = std::fs::File::create(&log).expect("a log file");
        let mut command = skep();
        command.arg("serve").arg("--data").arg(data).args(flags).stdout(Stdio::null()).stderr(stderr);
        command.envs(variables.iter().copied());
        let child = command.spawn().expect("skep starts");
        let mut host = Self { child, data: data.to_owned(), log };
        let socket = host.socket();
        eventually_blocking(PATIENCE, || {
            let ended = host.child.try_wait().expect("a status");
            assert!(ended.is_none(), "skep serve ended: {}", host.logged());
            std::os::unix::net::UnixStream::connect(&socket).is_ok()
        });
        host
    }

    pub fn socket(&self) -> PathBuf {
        self.data.join("skep.sock")
    }

    pub fn client(&self) -> Client {
        Client::new(&self.socket())
    }

    pub fn logged(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// A command of the binary against this host's data directory.
    pub fn skep(&self, args: &[&str]) -> Output {
        skep().args(args).arg("--data").arg(&self.data).output().expect("skep runs")
    }

    /// Resident memory, in bytes.
    pub fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("a status");
        let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).expect("VmRSS");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("kB") * 1024
    }

    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().expect("kill runs").success());
    }

    /// Asks the host to stop and waits until it has.
    pub fn stop(mut self) {
        self.signal("-TERM");
        let mut status = None;
        eventually_blocking(PATIENCE, || {
            status = self.child.try_wait().expect("a status");
            status.is_some()
        });
        assert!(status.is_some_and(|s| s.success()), "{status:?}: {}", self.logged());
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Hosts with all that they need.
pub struct Deployment {
    pub hosts: Vec<Host>,
    pub dir: TempDir,
    /// What several hosts share.
    pub servers: Option<(Redis, MariaDb)>,
}

impl Deployment {
    /// One host on memory and SQLite.
    pub fn embedded() -> Self {
        Self::embedded_with(&[])
    }

    pub fn embedded_with(flags: &[&str]) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let host = Host::start(&dir.path().join("data"), flags);
        Self { hosts: vec![host], dir, servers: None }
    }

    /// `count` hosts on one Redis and one MariaDB.
    pub fn fleet(count: usize) -> Self {
        Self::fleet_with(count, &[])
    }

    pub fn fleet_with(count: usize, flags: &[&str]) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let (redis, maria) = (Redis::start().expect("redis"), MariaDb::start().expect("mariadb"));
        let mysql = maria.url();
        let key = dir.path().join("key");
        let start = |n: usize| {
            let key = key.to_str().expect("a path");
            let shared = ["--redis", &redis.url(), "--mysql", &mysql, "--key-file", key];
            Host::start(&dir.path().join(format!("host{n}")), &[&shared, flags].concat())
        };
        let hosts = (1..=count).map(start).collect();
        Self { hosts, dir, servers: Some((redis, maria)) }
    }

    /// The host that commands and calls go to.
    pub fn host(&self) -> &Host {
        &self.hosts[0]
    }

    pub fn client(&self) -> Client {
        self.host().client()
    }

    /// Runs a command that must succeed; gives what it printed.
    #[track_caller]
    pub fn skep(&self, args: &[&str]) -> String {
        let output = self.host().skep(args);
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "skep {args:?}: {err}\n{}", self.host().logged());
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// Installs a fixture guest under `name`.
    #[track_caller]
    pub fn add_guest(&self, guest: &str, name: &str, flags: &[&str]) {
        let path = skep_harness::guest(guest);
        let args = [&["add", path.to_str().expect("a path"), "--name", name], flags].concat();
        self.skep(&args);
    }

    /// A new directory beside the hosts' own.
    pub fn folder(&self, name: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(&path).expect("a folder");
        path
    }
}
