//! What a program is given when it starts: arguments, variables, a standard input, and room to print.

use super::Stop;
use super::sink::{Paper, Sink, Source};
use bytes::Bytes;
use parking_lot::Mutex;
use skep_core::{ByteSize, SecretName};
use std::sync::Arc;
use wasmtime_wasi::WasiCtx;
use wasmtime_wasi::p2::pipe::MemoryInputPipe;

/// One start of a program.
pub(crate) struct Program {
    /// Its arguments; the first is its name.
    pub(crate) args: Vec<String>,
    /// Its environment, and no other.
    pub(crate) env: Vec<(String, String)>,
    /// What it reads from its standard input.
    pub(crate) stdin: Bytes,
    /// Where it prints to.
    pub(crate) printed: Arc<Printed>,
}

impl Program {
    /// With a variable of its name for the placeholder of each secret.
    pub(super) fn wasi(&self, secrets: &[(SecretName, Arc<str>)]) -> WasiCtx {
        let secrets: Vec<_> =
            secrets.iter().map(|(name, placeholder)| (name.as_str(), &**placeholder)).collect();
        WasiCtx::builder()
            .envs(&secrets)
            .args(&self.args)
            .envs(&self.env)
            .stdin(MemoryInputPipe::new(self.stdin.clone()))
            .stdout(Sink::new(&self.printed, Source::Stdout))
            .stderr(Sink::new(&self.printed, Source::Stderr))
            .build()
    }
}

/// What a program printed: both streams together no more than the limit of its answer.
pub(crate) struct Printed {
    bytes_max: u64,
    streams: Mutex<[Vec<u8>; 2]>,
}

impl Printed {
    pub(crate) fn new(limit: ByteSize) -> Arc<Self> {
        Arc::new(Self { bytes_max: limit.0, streams: Mutex::default() })
    }

    /// What was printed so far: to stdout, to stderr.
    pub(crate) fn take(&self) -> [Vec<u8>; 2] {
        std::mem::take(&mut *self.streams.lock())
    }
}

impl Paper for Printed {
    fn print(&self, source: Source, bytes: &[u8]) -> Result<(), Stop> {
        let mut streams = self.streams.lock();
        let held: usize = streams.iter().map(Vec::len).sum();
        if (held + bytes.len()) as u64 > self.bytes_max {
            return Err(Stop::Output);
        }
        streams[source as usize].extend_from_slice(bytes);
        Ok(())
    }
}
