//! `wasi:logging`: messages with a level and a context, into the log of the call.

use super::Log;
use super::log::HOST;
use crate::bindings::wasi::logging::logging;
use skep_core::Level;
use std::sync::Arc;
use wasmtime::component::{HasData, Linker};

/// Longest context that a record shows as its source.
const CONTEXT_CHARS_MAX: usize = 64;
/// The source of a message without a context.
const NO_CONTEXT: &str = "log";

impl logging::Host for Arc<Log> {
    fn log(&mut self, level: logging::Level, context: String, message: String) {
        self.message(&source(&context), severity(level), &message);
    }
}

/// The context, fit to stand in a column, and never the host's own name.
fn source(context: &str) -> String {
    let shown: String = context.chars().filter(|c| !c.is_control()).take(CONTEXT_CHARS_MAX).collect();
    if shown.is_empty() || shown == HOST { NO_CONTEXT.to_owned() } else { shown }
}

fn severity(level: logging::Level) -> Level {
    match level {
        logging::Level::Trace => Level::Trace,
        logging::Level::Debug => Level::Debug,
        logging::Level::Info => Level::Info,
        logging::Level::Warn => Level::Warn,
        logging::Level::Error | logging::Level::Critical => Level::Error,
    }
}

struct HasLog;

impl HasData for HasLog {
    type Data<'a> = &'a mut Arc<Log>;
}

/// Serves the interface from the log in `T`.
pub(super) fn add_to_linker<T: 'static>(
    linker: &mut Linker<T>,
    log: fn(&mut T) -> &mut Arc<Log>,
) -> wasmtime::Result<()> {
    logging::add_to_linker::<T, HasLog>(linker, log)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_is_bounded_and_never_passes_for_the_host() {
        assert_eq!(source("parse::rows"), "parse::rows");
        assert_eq!(source(""), NO_CONTEXT);
        assert_eq!(source("skep"), NO_CONTEXT);
        assert_eq!(source("sk\nep"), NO_CONTEXT);
        assert_eq!(source(&"é".repeat(1000)).chars().count(), CONTEXT_CHARS_MAX);
    }
}
