//! Log records for whoever looks after the skill.
//!
//! The macros of the crate `log` work as they are, from level `debug` up
//! (`log::set_max_level` changes that); the target becomes the context. [`write`] takes any context and
//! level. What is printed to standard output or error is logged too.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{bindings::wasi::logging::logging::Level as HostLevel, host::logging};

/// How much a record matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The values of variables, and the flow of control.
    Trace,
    /// For whoever looks for a mistake.
    Debug,
    /// For whoever watches.
    Info,
    /// Something may go wrong.
    Warn,
    /// Something went wrong.
    Error,
    /// Something went wrong for good.
    Critical,
}

/// Logs a message. The context is a word that groups messages.
pub fn write(level: Level, context: &str, message: &str) {
    let level = match level {
        Level::Trace => HostLevel::Trace,
        Level::Debug => HostLevel::Debug,
        Level::Info => HostLevel::Info,
        Level::Warn => HostLevel::Warn,
        Level::Error => HostLevel::Error,
        Level::Critical => HostLevel::Critical,
    };
    logging::log(level, context, message);
}

/// Sends the records of the crate `log` to the host, from now on.
pub(crate) fn forward() {
    if log::set_logger(&Forward).is_ok() {
        log::set_max_level(log::LevelFilter::Debug);
    }
}

struct Forward;

impl log::Log for Forward {
    fn enabled(&self, _: &log::Metadata) -> bool {
        true
    }

    fn log(&self, record: &log::Record) {
        let level = match record.level() {
            log::Level::Error => Level::Error,
            log::Level::Warn => Level::Warn,
            log::Level::Info => Level::Info,
            log::Level::Debug => Level::Debug,
            log::Level::Trace => Level::Trace,
        };
        write(level, record.target(), &record.args().to_string());
    }

    fn flush(&self) {}
}
