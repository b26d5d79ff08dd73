//! A server process that ends with its owner.

use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::LazyLock;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::HarnessError;
use crate::wait::POLL_INTERVAL;

/// How long a server may take to start: ample even on a busy two-core machine.
const READY_MAX: Duration = Duration::from_secs(60);
/// How many ports are tried when other processes keep taking them first.
const PORT_ATTEMPTS_MAX: usize = 8;
/// How much of a log an error shows.
const LOG_TAIL_BYTES: usize = 2_000;

/// A running server and its log; dropping it kills the server.
#[derive(Debug)]
pub struct Process {
    program: &'static str,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `program` by `command` with its output in the file `log`, and waits until `ready` says so of
    /// the process id.
    pub fn start(
        program: &'static str,
        mut command: Command,
        log: &Path,
        ready: impl Fn(u32) -> bool,
    ) -> Result<Self, HarnessError> {
        let output = File::create(log).map_err(HarnessError::at(log))?;
        let errors = output.try_clone().map_err(HarnessError::at(log))?;
        command.stdin(Stdio::null()).stdout(output).stderr(errors);
        end_with_parent(&mut command);
        let child = spawn(command).map_err(HarnessError::at(program))?;
        let mut process = Self { program, child, log: log.to_owned() };
        process.wait_ready(ready)?;
        Ok(process)
    }

    /// The server's process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Kills the server and waits for its end. Harmless the second time.
    pub fn stop(&mut self) {
        // Both fail only for a process that was waited for already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// How the server ended, if it did.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Stops the server's clock: it holds all that it has, and does nothing.
    pub fn pause(&mut self) {
        self.signal(libc::SIGSTOP);
    }

    /// Lets a paused server go on.
    pub fn resume(&mut self) {
        self.signal(libc::SIGCONT);
    }

    fn signal(&mut self, signal: libc::c_int) {
        if self.ended().is_none() {
            // SAFETY: the child wasn't waited for yet, so its number is nobody else's.
            unsafe { libc::kill(self.pid().cast_signed(), signal) };
        }
    }

    fn wait_ready(&mut self, ready: impl Fn(u32) -> bool) -> Result<(), HarnessError> {
        let end = Instant::now() + READY_MAX;
        while Instant::now() < end {
            let exited = self.child.try_wait();
            if let Some(status) = exited.map_err(HarnessError::at(self.program))? {
                return Err(HarnessError::Exited { program: self.program, status, log: log_tail(&self.log) });
            }
            if ready(self.pid()) {
                return Ok(());
            }
            thread::sleep(POLL_INTERVAL);
        }
        Err(HarnessError::Slow { program: self.program, limit: READY_MAX, log: log_tail(&self.log) })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Calls `start` with one free port after another until nobody else took it first.
pub(crate) fn on_free_port<T>(
    mut start: impl FnMut(u16) -> Result<T, HarnessError>,
) -> Result<T, HarnessError> {
    let mut result = start(crate::free_port());
    for _ in 1..PORT_ATTEMPTS_MAX {
        match &result {
            Err(error) if error.is_port_taken() => result = start(crate::free_port()),
            _ => break,
        }
    }
    result
}

/// The last part of a log, for an error.
fn log_tail(log: &Path) -> String {
    let bytes = fs::read(log).unwrap_or_default();
    let start = bytes.len().saturating_sub(LOG_TAIL_BYTES);
    String::from_utf8_lossy(&bytes[start..]).into_owned()
}

/// Has the kernel kill the child when this process dies without running its destructors.
fn end_with_parent(command: &mut Command) {
    let parent = std::process::id();
    // SAFETY: between fork and exec the closure makes two system calls and allocates nothing.
    unsafe {
        command.pre_exec(move || {
            if libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) != 0 {
                return Err(io::Error::last_os_error());
            }
            // It may have died before the line above.
            if libc::getppid().cast_unsigned() != parent {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            Ok(())
        });
    }
}

/// Spawns on a thread that never ends: to the kernel a child's parent is the thread that forked it,
/// and a thread of a test or of a runtime's pool may end before the server should.
fn spawn(command: Command) -> io::Result<Child> {
    type Order = (Command, SyncSender<io::Result<Child>>);
    static SPAWNER: LazyLock<SyncSender<Order>> = LazyLock::new(|| {
        let (orders, inbox) = sync_channel::<Order>(1);
        thread::spawn(move || {
            for (mut command, reply) in inbox {
                // Whoever ordered is waiting below.
                let _ = reply.send(command.spawn());
            }
        });
        orders
    });
    let (reply, answer) = sync_channel(1);
    SPAWNER.send((command, reply)).map_err(|_| io::Error::other("the spawning thread is gone"))?;
    answer.recv().map_err(io::Error::other)?
}
