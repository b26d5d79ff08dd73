//! The compiling process from inside: it bounds itself, then reads, compiles, writes.

use crate::CompileLimits;
use crate::engine::compile_config;
use rustix::process::{Resource, Rlimit, setrlimit};
use std::io::{self, Read, Write};
use std::process::ExitCode;
use wasmtime::Engine;

/// The component can't be compiled; the reason is on stderr.
pub(super) const EXIT_INVALID: i32 = 3;
/// The process ran out of memory.
pub(super) const EXIT_MEMORY: i32 = 4;
/// The process was used in another way than by its parent.
const EXIT_USAGE: u8 = 2;

/// Threads that compile; each takes address space of its own, which the limit counts.
const THREADS_MAX: usize = 4;
/// Stack of each of them.
const STACK_BYTES: usize = 8 << 20;

/// What the parent sends ahead of the component: fixed-size numbers, so that the limits hold before
/// anything of the component is read.
pub(super) struct Job {
    memory: u64,
    cpu_seconds: u64,
    component_bytes: u64,
}

const JOB_BYTES: usize = 24;

impl Job {
    pub(super) fn new(limits: &CompileLimits, component_bytes: usize) -> Self {
        // Wall time bounds from outside; this bounds a process whose parent has died.
        let cpu_seconds = limits.wall.0.as_secs().saturating_add(1).saturating_mul(THREADS_MAX as u64);
        Self { memory: limits.memory.0, cpu_seconds, component_bytes: component_bytes as u64 }
    }

    pub(super) fn to_bytes(&self) -> [u8; JOB_BYTES] {
        let mut bytes = [0; JOB_BYTES];
        let numbers = [self.memory, self.cpu_seconds, self.component_bytes];
        for (place, number) in bytes.chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&number.to_le_bytes());
        }
        bytes
    }

    fn read(mut from: impl Read) -> io::Result<Self> {
        let mut number = || {
            let mut bytes = [0; 8];
            from.read_exact(&mut bytes).map(|()| u64::from_le_bytes(bytes))
        };
        Ok(Self { memory: number()?, cpu_seconds: number()?, component_bytes: number()? })
    }

    /// Holds this process to the limits, for good.
    fn bound(&self) -> io::Result<()> {
        let hard = |limit| Rlimit { current: Some(limit), maximum: Some(limit) };
        setrlimit(Resource::As, hard(self.memory))?;
        setrlimit(Resource::Cpu, hard(self.cpu_seconds))?;
        Ok(setrlimit(Resource::Core, hard(0))?)
    }
}

/// The whole of `skep compile`: the component on stdin, after a header that only a host writes; the
/// artefact on stdout. On failure the reason is on stderr, and the exit code other than 0.
pub fn compile_child() -> ExitCode {
    match received() {
        Ok(component) => compiled(&component),
        Err(e) => ended(EXIT_USAGE, &format!("`skep compile` is started by a host, not by hand: {e}")),
    }
}

fn received() -> io::Result<Vec<u8>> {
    close_all_but_stdio()?;
    let mut stdin = io::stdin().lock();
    let job = Job::read(&mut stdin)?;
    job.bound()?;
    let mut component = Vec::new();
    stdin.take(job.component_bytes).read_to_end(&mut component)?;
    if component.len() as u64 == job.component_bytes {
        Ok(component)
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

/// Whatever the parent may have left open is not for a process that reads hostile bytes.
fn close_all_but_stdio() -> io::Result<()> {
    // SAFETY: called first, before anything in this process owns a descriptor above stderr.
    let closed = unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, 0) };
    if closed == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn compiled(component: &[u8]) -> ExitCode {
    match compile(component) {
        Ok(artefact) => match io::stdout().lock().write_all(&artefact) {
            Ok(()) => ExitCode::SUCCESS,
            Err(e) => ended(EXIT_USAGE, &format!("the host doesn't take the artefact: {e}")),
        },
        Err(e) if out_of_memory(&e) => ended(EXIT_MEMORY as u8, "out of memory"),
        Err(e) => ended(EXIT_INVALID as u8, &format!("{e:#}")),
    }
}

fn compile(component: &[u8]) -> wasmtime::Result<Vec<u8>> {
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get().min(THREADS_MAX));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).stack_size(STACK_BYTES).build()?;
    let engine = Engine::new(&compile_config())?;
    pool.install(|| engine.precompile_component(component))
}

fn out_of_memory(error: &wasmtime::Error) -> bool {
    let full = |cause: &(dyn std::error::Error + 'static)| {
        let io = cause.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::OutOfMemory);
        let os = cause.downcast_ref::<rustix::io::Errno>().is_some_and(|e| *e == rustix::io::Errno::NOMEM);
        io || os || cause.is::<wasmtime::OutOfMemory>()
    };
    error.chain().any(full)
}

fn ended(code: u8, reason: &str) -> ExitCode {
    eprintln!("{reason}");
    ExitCode::from(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_arrives_as_it_was_sent() {
        let job = Job::new(&CompileLimits::default(), 12345);
        let read = Job::read(job.to_bytes().as_slice()).unwrap();
        assert_eq!(read.to_bytes(), job.to_bytes());
        assert_eq!(read.component_bytes, 12345);
    }
}
