//! What a guest prints and logs: lines become log records, and a flood is cut, never a fault.

use super::Stop;
use super::sink::{Paper, Sink, Source};
use crate::Services;
use crate::services::Nobody;
use parking_lot::Mutex;
use skep_core::{ByteSize, CallId, Level, LogRecord, UnixMs};
use std::sync::Arc;
use wasmtime_wasi::cli::StdoutStream;

/// Longest line; what is longer becomes several records.
const LINE_BYTES_MAX: usize = 8 << 10;
/// What each record is charged besides its text, so that empty lines have a price.
const RECORD_BYTES: usize = 32;
/// The source of what the host itself says.
pub(super) const HOST: &str = "skep";

/// The log of one call; in a session, of one call after the other.
pub(crate) struct Log(Mutex<Pages>);

struct Pages {
    call: CallId,
    limit: ByteSize,
    services: Arc<dyn Services>,
    records: Vec<LogRecord>,
    taken: usize,
    cut: bool,
    /// Lines begun and not ended: of stdout, of stderr.
    begun: [Vec<u8>; 2],
}

impl Source {
    fn describe(self) -> (&'static str, Level) {
        match self {
            Self::Stdout => ("stdout", Level::Info),
            Self::Stderr => ("stderr", Level::Warn),
        }
    }
}

impl Log {
    pub(crate) fn new(call: CallId, limit: ByteSize, services: Arc<dyn Services>) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Pages::new(call, limit, services))))
    }

    /// Begins anew for the session's next call.
    pub(crate) fn turn_over(&self, call: CallId, limit: ByteSize, services: Arc<dyn Services>) {
        *self.0.lock() = Pages::new(call, limit, services);
    }

    /// Lets go of the caller, whose call is over.
    pub(crate) fn leave(&self) {
        self.0.lock().services = Arc::new(Nobody);
    }

    /// What the guest's standard output writes to.
    pub(crate) fn stdout(self: &Arc<Self>) -> impl StdoutStream + 'static {
        Sink::new(self, Source::Stdout)
    }

    /// What the guest's standard error writes to.
    pub(crate) fn stderr(self: &Arc<Self>) -> impl StdoutStream + 'static {
        Sink::new(self, Source::Stderr)
    }

    /// Takes a message of `wasi:logging`. What is longer than a line becomes several records.
    pub(super) fn message(&self, source: &str, level: Level, mut text: &str) {
        let mut pages = self.0.lock();
        loop {
            let (line, rest) = text.split_at(text.floor_char_boundary(LINE_BYTES_MAX));
            pages.taken += source.len();
            pages.record(source, level, line.as_bytes());
            if rest.is_empty() || pages.cut {
                return;
            }
            text = rest;
        }
    }

    /// Takes what the host itself says to the caller.
    pub(crate) fn warn(&self, text: &str) {
        self.message(HOST, Level::Warn, text);
    }

    /// The records so far, lines that were never ended included.
    pub(crate) fn take(&self) -> Vec<LogRecord> {
        let mut pages = self.0.lock();
        for source in [Source::Stdout, Source::Stderr] {
            let rest = std::mem::take(&mut pages.begun[source as usize]);
            if !rest.is_empty() {
                pages.print(source, &rest);
            }
        }
        std::mem::take(&mut pages.records)
    }

    /// Whether lines of this call are missing.
    pub(crate) fn is_cut(&self) -> bool {
        self.0.lock().cut
    }

    pub(crate) fn write(&self, source: Source, mut bytes: &[u8]) {
        let mut pages = self.0.lock();
        while !bytes.is_empty() && !pages.cut {
            let mut line = std::mem::take(&mut pages.begun[source as usize]);
            let room = LINE_BYTES_MAX - line.len();
            let end = bytes.iter().take(room).position(|byte| *byte == b'\n');
            let (text, rest) = bytes.split_at(end.unwrap_or(room.min(bytes.len())));
            line.extend_from_slice(text);
            bytes = rest.strip_prefix(b"\n").unwrap_or(rest);
            if end.is_some() || line.len() == LINE_BYTES_MAX {
                pages.print(source, &line);
            } else {
                pages.begun[source as usize] = line;
            }
        }
    }
}

impl Pages {
    fn new(call: CallId, limit: ByteSize, services: Arc<dyn Services>) -> Self {
        Self { call, limit, services, records: Vec::new(), taken: 0, cut: false, begun: Default::default() }
    }

    fn print(&mut self, source: Source, line: &[u8]) {
        let (name, level) = source.describe();
        self.record(name, level, line.strip_suffix(b"\r").unwrap_or(line));
    }

    fn record(&mut self, source: &str, level: Level, line: &[u8]) {
        if self.cut {
            return;
        }
        self.taken += line.len() + RECORD_BYTES;
        if self.taken as u64 > self.limit.0 {
            self.cut = true;
            let text = format!("log cut here: the limit `log` of {} is reached", self.limit);
            self.push(HOST, Level::Warn, text);
        } else {
            self.push(source, level, String::from_utf8_lossy(line).into_owned());
        }
    }

    fn push(&mut self, source: &str, level: Level, text: String) {
        let (call, at, source) = (self.call, UnixMs::now(), source.to_owned());
        let record = LogRecord { call, at, level, source, text };
        self.services.logged(&record);
        self.records.push(record);
    }
}

impl Paper for Log {
    /// Never fails, never tells that the log was cut.
    fn print(&self, source: Source, bytes: &[u8]) -> Result<(), Stop> {
        self.write(source, bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(limit: u64, writes: &[(Source, &str)]) -> Vec<String> {
        let log = Log::new(CallId::fresh(), ByteSize(limit), Arc::new(Nobody));
        writes.iter().for_each(|(source, text)| log.write(*source, text.as_bytes()));
        log.take().into_iter().map(|record| format!("{}: {}", record.source, record.text)).collect()
    }

    #[test]
    fn lines_are_put_together_per_stream() {
        use Source::{Stderr, Stdout};
        let writes = [(Stdout, "a"), (Stderr, "x\ny"), (Stdout, "b\r\n\n"), (Stdout, "c")];
        let expect = ["stderr: x", "stdout: ab", "stdout: ", "stdout: c", "stderr: y"];
        assert_eq!(texts(1 << 10, &writes), expect);
    }

    #[test]
    fn a_flood_is_cut_once_with_a_marker() {
        let flood = "line\n".repeat(1000);
        let texts = texts(360, &[(Source::Stdout, &flood)]);
        assert_eq!(texts.len(), 11);
        assert_eq!(texts[10], "skep: log cut here: the limit `log` of 360B is reached");
    }

    #[test]
    fn messages_are_charged_split_and_cut_like_lines() {
        let log = |limit, text: &str, times| {
            let log = Log::new(CallId::fresh(), ByteSize(limit), Arc::new(Nobody));
            (0..times).for_each(|_| log.message("deep", Level::Debug, text));
            log.take()
        };
        let [empty] = &log(1 << 10, "", 1)[..] else { panic!("one record") };
        assert_eq!((&*empty.source, empty.level, &*empty.text), ("deep", Level::Debug, ""));
        let long = "é".repeat(LINE_BYTES_MAX);
        let parts = log(1 << 20, &long, 1);
        assert_eq!(parts.len(), 2);
        assert_eq!(parts.iter().map(|part| &*part.text).collect::<String>(), long);
        let flood = log(400, "line", 1000);
        assert_eq!(flood.len(), 11);
        assert_eq!((&*flood[10].source, flood[10].level), (HOST, Level::Warn));
    }

    #[test]
    fn a_line_without_end_is_split_and_empty_lines_have_a_price() {
        let long = "x".repeat(LINE_BYTES_MAX + 1);
        assert_eq!(texts(1 << 20, &[(Source::Stdout, &long)]).len(), 2);
        assert!(texts(1 << 10, &[(Source::Stdout, &"\n".repeat(9999))]).len() <= 33);
    }
}
