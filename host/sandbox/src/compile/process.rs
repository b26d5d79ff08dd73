//! The compiling process as its parent sees it: started bare, fed, timed, and killed when it overstays.

use super::cache::ARTEFACT_BYTES_MAX;
use super::child::{EXIT_INVALID, EXIT_MEMORY, Job};
use super::limit_compile;
use crate::CompileLimits;
use bytes::Bytes;
use skep_core::Fault;
use std::ffi::OsString;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::timeout;

/// Most of the process's complaint that is kept.
const COMPLAINT_BYTES_MAX: u64 = 16 << 10;

/// Compiles a component in a process of its own.
pub(super) async fn compile(
    command: &[OsString],
    component: Bytes,
    limits: &CompileLimits,
) -> Result<Vec<u8>, Fault> {
    let failed = |e: io::Error| {
        let name = command.first().cloned().unwrap_or_default();
        Fault::internal(format!("the compiling process {} failed: {e}", name.display()))
    };
    let mut child = start(command).map_err(failed)?;
    match timeout(limits.wall.0, converse(&mut child, component, limits)).await {
        Ok(told) => judge(told.map_err(failed)?, limits),
        Err(_) => {
            child.kill().await.map_err(failed)?;
            Err(limit_compile(format!("compiling took longer than this host's limit of {}", limits.wall)))
        }
    }
}

fn start(command: &[OsString]) -> io::Result<Child> {
    let (program, args) = command.split_first().ok_or_else(|| io::Error::other("no command is set"))?;
    Command::new(program)
        .args(args)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
}

/// What the process told before it ended.
struct Told {
    status: ExitStatus,
    artefact: Vec<u8>,
    complaint: Vec<u8>,
}

async fn converse(child: &mut Child, component: Bytes, limits: &CompileLimits) -> io::Result<Told> {
    let job = Job::new(limits, component.len());
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (fed, artefact, complaint) = tokio::join!(
        feed(stdin, job, component),
        read(stdout, ARTEFACT_BYTES_MAX),
        read(stderr, COMPLAINT_BYTES_MAX),
    );
    let told = Told { status: child.wait().await?, artefact: artefact?, complaint: complaint? };
    // A process that ends early says why; that the pipe to it broke then says nothing new.
    if told.status.success() {
        fed?;
    }
    Ok(told)
}

async fn feed(stdin: Option<ChildStdin>, job: Job, component: Bytes) -> io::Result<()> {
    let mut stdin = stdin.ok_or(io::ErrorKind::BrokenPipe)?;
    stdin.write_all(&job.to_bytes()).await?;
    stdin.write_all(&component).await?;
    stdin.shutdown().await
}

/// Reads to the end, keeps at most `bytes_max`.
async fn read(pipe: Option<impl AsyncRead + Unpin>, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut pipe = pipe.ok_or(io::ErrorKind::BrokenPipe)?;
    let mut kept = Vec::new();
    (&mut pipe).take(bytes_max).read_to_end(&mut kept).await?;
    tokio::io::copy(&mut pipe, &mut tokio::io::sink()).await?;
    Ok(kept)
}

fn judge(told: Told, limits: &CompileLimits) -> Result<Vec<u8>, Fault> {
    let complaint = String::from_utf8_lossy(&told.complaint).trim().to_owned();
    let memory =
        || limit_compile(format!("compiling took more memory than this host's limit of {}", limits.memory));
    match (told.status.code(), told.status.signal()) {
        (Some(0), _) if told.artefact.len() as u64 == ARTEFACT_BYTES_MAX => {
            Err(limit_compile("the compiled component is larger than this host can keep"))
        }
        (Some(0), _) => Ok(told.artefact),
        (Some(EXIT_INVALID), _) => Err(Fault::invalid_component(complaint)),
        (Some(EXIT_MEMORY), _) => Err(memory()),
        (_, Some(libc::SIGXCPU | libc::SIGKILL)) => {
            Err(limit_compile(format!("compiling computed longer than this host's limit of {}", limits.wall)))
        }
        // What Rust's allocator says before it aborts.
        (_, Some(libc::SIGABRT)) if complaint.contains("memory allocation of") => Err(memory()),
        (_, signal) => {
            let end = signal.map_or_else(|| told.status.to_string(), |signal| format!("signal {signal}"));
            Err(Fault::invalid_component(format!("the compiler broke on it ({end}): {complaint}")))
        }
    }
}
