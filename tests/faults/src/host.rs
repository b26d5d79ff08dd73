//! One `skep serve`, started again whenever it ends, as a system's supervisor would; and its network.

use crate::clock::now_ms;
use crate::proxy::Proxy;
use crate::rest::{Ask, Rest};
use anyhow::Context as _;
use parking_lot::Mutex;
use skep_harness::{MariaDb, Process, Redis};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::block_in_place;

/// Calls that run on a host at once; it takes twice as many jobs, and those are hit when it dies.
const SLOTS: usize = 8;
/// How often it is looked whether a host ended.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long a host that ended by itself, or didn't start, stays down.
const PAUSE: Duration = Duration::from_millis(500);
/// How long one answer about readiness is waited for.
const READY_ANSWER_MAX: Duration = Duration::from_secs(5);

/// One life of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// Before it was started, in Unix milliseconds.
    pub began: u64,
    /// When it was killed or seen to have ended.
    pub ended: Option<u64>,
    /// Whether it was killed.
    pub killed: bool,
}

/// A host of the fleet.
pub struct Host {
    /// Its name, as in `host1`.
    pub name: String,
    /// Its client.
    pub rest: Rest,
    /// Its way to Redis.
    pub redis: Proxy,
    /// Its way to MariaDB.
    pub mysql: Proxy,
    program: PathBuf,
    data: PathBuf,
    logs: PathBuf,
    flags: Vec<String>,
    /// Of the fleet's hosts only one starts at a time.
    turn: Arc<Mutex<()>>,
    state: Mutex<State>,
}

struct State {
    process: Option<Process>,
    lives: Vec<Life>,
    not_before: Instant,
    /// Whether its clock is stopped.
    still: bool,
}

impl Host {
    /// Makes ready what host number `n` needs below `dir`; it doesn't run yet.
    pub(crate) async fn new(
        n: usize,
        dir: &Path,
        logs: &Path,
        servers: (&Redis, &MariaDb),
        turn: &Arc<Mutex<()>>,
    ) -> anyhow::Result<Self> {
        let (name, (redis, maria)) = (format!("host{n}"), servers);
        let data = dir.join(&name);
        let [redis, mysql] = [Proxy::start(redis.port()).await?, Proxy::start(maria.port()).await?];
        let flags = [
            format!("--redis=redis://127.0.0.1:{}", redis.port()),
            format!(
                "--mysql={}",
                maria.url().replace(&format!(":{}/", maria.port()), &format!(":{}/", mysql.port()))
            ),
            format!("--key-file={}", dir.join("key").display()),
            format!("--slots={SLOTS}"),
        ];
        let rest = Rest::new(&data.join("skep.sock"))?;
        let state = State { process: None, lives: Vec::new(), not_before: Instant::now(), still: false };
        let (program, logs, flags) = (program()?, logs.to_owned(), flags.into());
        let (turn, state) = (turn.clone(), state.into());
        Ok(Self { name, rest, redis, mysql, program, data, logs, flags, turn, state })
    }

    /// Keeps it running until the task is aborted.
    pub(crate) async fn supervise(self: Arc<Self>) {
        loop {
            if self.is_due() {
                // Why not is in its log; it is tried again.
                let _ = block_in_place(|| self.start());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Whether it is down and should be up.
    fn is_due(&self) -> bool {
        let state = &mut *self.state.lock();
        if state.process.as_mut().is_some_and(|process| process.ended().is_some()) {
            state.end(false);
            state.not_before = Instant::now() + PAUSE;
        }
        state.process.is_none() && state.not_before <= Instant::now()
    }

    /// Starts it and waits until it listens.
    pub(crate) fn start(&self) -> anyhow::Result<()> {
        let _turn = self.turn.lock();
        let log = self.logs.join(format!("{}.{}.log", self.name, self.lives().len() + 1));
        let mut command = self.command();
        command.arg("serve").args(&self.flags);
        let (socket, began) = (self.data.join("skep.sock"), now_ms());
        let started = Process::start("skep", command, &log, |_| UnixStream::connect(&socket).is_ok());
        let mut state = self.state.lock();
        let alive = started.is_ok();
        let ended = (!alive).then(now_ms);
        state.lives.push(Life { began, ended, killed: false });
        state.not_before = Instant::now() + PAUSE;
        state.process = Some(started?);
        Ok(())
    }

    /// Kills it; it stays down so long. False if it is down already.
    pub fn kill(&self, down: Duration) -> bool {
        let mut state = self.state.lock();
        if state.alive().is_none() {
            return false;
        }
        state.end(true);
        state.not_before = Instant::now() + down;
        true
    }

    /// Stops its clock. False if it is down.
    pub fn pause(&self) -> bool {
        let mut state = self.state.lock();
        state.still = state.alive().map(Process::pause).is_some();
        state.still
    }

    /// Whether its clock is stopped: nobody need wait for its answers.
    pub fn stands_still(&self) -> bool {
        self.state.lock().still
    }

    /// Lets it go on.
    pub fn resume(&self) {
        let mut state = self.state.lock();
        state.still = false;
        if let Some(process) = state.alive() {
            process.resume();
        }
    }

    /// When it was killed, in Unix milliseconds.
    pub fn kills(&self) -> Vec<u64> {
        self.lives().iter().filter(|life| life.killed).filter_map(|life| life.ended).collect()
    }

    /// All its lives.
    pub fn lives(&self) -> Vec<Life> {
        self.state.lock().lives.clone()
    }

    /// Whether it says that it would serve a call.
    pub async fn is_ready(&self) -> bool {
        let answer = self.rest.ask(Ask::get("/readyz"), READY_ANSWER_MAX).await;
        answer.is_ok_and(|answer| answer.is_ok())
    }

    /// Runs a command against its data directory, which must succeed; gives what it printed.
    pub fn skep(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = block_in_place(|| self.command().args(arguments).stdin(Stdio::null()).output())?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        anyhow::ensure!(output.status.success(), "skep {arguments:?}: {}: {said}{errors}", output.status);
        Ok(said)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.env_clear().env("SKEP_DATA", &self.data);
        command
            .envs(["PATH", "HOME", "LANG"].iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        command
    }
}

impl State {
    /// The process, if it hasn't ended.
    fn alive(&mut self) -> Option<&mut Process> {
        let process = self.process.as_mut()?;
        process.ended().is_none().then_some(process)
    }

    /// Ends this life, and the process if it lives. The time is noted then: nothing that it did is later.
    fn end(&mut self, killed: bool) {
        self.process = None;
        if let Some(life) = self.lives.last_mut() {
            (life.ended, life.killed) = (Some(now_ms()), killed);
        }
    }
}

/// The program under test, which is built beside this one.
fn program() -> anyhow::Result<PathBuf> {
    let here = std::env::current_exe().context("the path of this program")?;
    let found = here.ancestors().skip(1).take(2).map(|dir| dir.join("skep")).find(|path| path.is_file());
    found.with_context(|| format!("no `skep` beside {}: run `make build`", here.display()))
}
