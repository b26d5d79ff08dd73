//! How results are shown: aligned tables for people, JSON for programs, progress on a terminal.

use crate::failure::Failure;
use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use skep_core::UnixMs;
use std::borrow::Cow;
use std::io::{IsTerminal, Write};
use std::time::Duration;

/// Prints a line to standard output. A reader that has gone away is no error.
pub(crate) fn line(text: impl AsRef<str>) -> Result<(), Failure> {
    match writeln!(std::io::stdout(), "{}", plain(text.as_ref())) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(anyhow::Error::from(error).context("standard output").into())
        }
        _ => Ok(()),
    }
}

/// Text without the control characters by which a skill could write to a terminal what it likes:
/// they are shown as JSON writes them, so that JSON stays JSON.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    let harmful = |c: char| c.is_control() && c != '\n' && c != '\t';
    if !text.contains(harmful) {
        return Cow::Borrowed(text);
    }
    let shown = text.chars().map(|c| if harmful(c) { format!("\\u{:04x}", c as u32) } else { c.to_string() });
    Cow::Owned(shown.collect())
}

/// Prints JSON: indented on a terminal, in one line elsewhere.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    let pretty = std::io::stdout().is_terminal();
    let text = if pretty { serde_json::to_string_pretty(value) } else { serde_json::to_string(value) };
    line(text.context("writing JSON")?)
}

/// Prints rows under a heading, each column as wide as its widest cell.
pub(crate) fn table<const N: usize>(heading: [&str; N], rows: &[[String; N]]) -> Result<(), Failure> {
    let mut widths = heading.map(|cell| cell.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let print = |row: &[String; N]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        line(cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    print(&heading.map(str::to_owned))?;
    rows.iter().try_for_each(print)
}

/// A size as people read it: three digits and a unit.
pub(crate) fn size(bytes: u64) -> String {
    let scaled = |unit: u64| bytes as f64 / unit as f64;
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} KB", scaled(1_000)),
        _ => format!("{:.1} MB", scaled(1_000_000)),
    }
}

/// A spinner on standard error while something long is done; nothing where no one looks.
pub(crate) fn spinner(text: String) -> ProgressBar {
    let bar = ProgressBar::new_spinner().with_message(text);
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// A bar for the progress that a skill reports.
pub(crate) fn progress_bar() -> ProgressBar {
    let bar = ProgressBar::no_length();
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}") {
        bar.set_style(style);
    }
    bar
}

/// A point in time as people read it.
pub(crate) fn time(at: UnixMs) -> String {
    at.date()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_escape_sequence_reaches_a_terminal() {
        assert_eq!(plain("a\u{1b}[2Jb\u{9b}\n\t"), "a\\u001b[2Jb\\u009b\n\t");
        assert!(matches!(plain("grün\n"), Cow::Borrowed(_)));
    }
}
