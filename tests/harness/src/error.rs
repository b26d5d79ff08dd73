//! Why a private server didn't start.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

/// What can go wrong with a private server, with its log where it has one.
#[derive(Debug, thiserror::Error)]
pub enum HarnessError {
    /// A program isn't installed.
    #[error("`{program}` not found: install the Debian package {package}, or run `make setup`")]
    Missing {
        /// The program looked for.
        program: &'static str,
        /// The Debian package that holds it.
        package: &'static str,
    },
    /// A server ended before it was ready.
    #[error("`{program}` ended early ({status}); its log ends:\n{log}")]
    Exited {
        /// The program that ended.
        program: &'static str,
        /// How it ended.
        status: ExitStatus,
        /// The end of its log.
        log: String,
    },
    /// A server was not ready in time.
    #[error("`{program}` is not ready after {limit:?}; its log ends:\n{log}")]
    Slow {
        /// The program that was slow.
        program: &'static str,
        /// How long it was given.
        limit: Duration,
        /// The end of its log.
        log: String,
    },
    /// A tool that prepares or administers a server failed.
    #[error("`{program}` failed ({status}): {output}")]
    Tool {
        /// The tool that failed.
        program: &'static str,
        /// How it ended.
        status: ExitStatus,
        /// What it wrote.
        output: String,
    },
    /// The file system or the operating system said no.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// What was being touched.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl HarnessError {
    /// For `map_err`: names the path that an I/O error belongs to.
    pub(crate) fn at(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }

    /// Whether another process took the port first.
    pub(crate) fn is_port_taken(&self) -> bool {
        matches!(self, Self::Exited { log, .. } if log.contains("Address already in use"))
    }
}
