//! How a host wants its sandbox.

use crate::NetworkSettings;
use skep_core::{ByteSize, Limits, Span};
use std::{ffi::OsString, path::PathBuf, time::Duration};

/// How a host wants its sandbox.
#[derive(Clone)]
pub struct SandboxSettings {
    /// Most calls that have a guest at once.
    pub slots: u32,
    /// Most sessions that are open at once. Their guests come on top of `slots`.
    pub sessions: u32,
    /// Where components are compiled.
    pub compiler: Compiler,
    /// The directory of compiled artefacts. Made with mode 0700 if missing.
    pub cache_dir: PathBuf,
    /// The key that authenticates what is in `cache_dir`. It never leaves this process.
    pub cache_key: [u8; 32],
    /// The most that any call's limits may be.
    pub ceiling: Limits,
    /// Bounds on compiling.
    pub compile: CompileLimits,
    /// How guests get to the network.
    pub network: NetworkSettings,
}

/// Where components are compiled.
#[derive(Debug, Clone)]
pub enum Compiler {
    /// In a process of its own: the command line that ends in [`compile_child`](crate::compile_child),
    /// `skep compile`. A hostile component can break that process, not the host.
    Process(Vec<OsString>),
    /// In this process, without bounds. For tests and benchmarks of what comes after compiling.
    #[cfg(feature = "test-util")]
    InProcess,
}

/// Bounds on compiling one component.
#[derive(Debug, Clone)]
pub struct CompileLimits {
    /// Time from start to end; processor time is bounded by the same, for each core used.
    pub wall: Span,
    /// Address space of the compiling process.
    pub memory: ByteSize,
    /// Size of the component.
    pub component_bytes_max: ByteSize,
}

impl Default for CompileLimits {
    /// Enough for an interpreter with its standard library (some 40 MiB) on a slow machine.
    fn default() -> Self {
        Self {
            wall: Span(Duration::from_secs(180)),
            memory: ByteSize(4 << 30),
            component_bytes_max: ByteSize(64 << 20),
        }
    }
}

/// Why a sandbox can't be made.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The engine refuses its settings on this machine.
    #[error("the engine can't start on this machine: {0}")]
    Engine(String),
    /// The cache directory can't be used.
    #[error("cache directory {path}: {problem}")]
    Cache {
        /// The directory.
        path: PathBuf,
        /// What is wrong with it, and the way out.
        problem: String,
    },
    /// A setting that can't be.
    #[error("{0}")]
    Settings(&'static str),
}
