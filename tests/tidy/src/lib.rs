//! The rules of the house that the compiler can't hold: who may import whom, who may name what,
//! how long things get and what they are called.
//!
//! Every rule is a function from a file to its violations. `tests/house.rs` asks them of the
//! repository; beside each rule stands a test that shows it catching something.

use std::fmt;

pub mod floors;
pub mod habits;
pub mod names;
pub mod owners;
pub mod shape;
mod tokens;
pub mod tree;

/// A file of the repository.
#[derive(Debug, Clone)]
pub struct File {
    /// Its path from the repository's top, with `/` between the parts.
    pub path: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

impl File {
    /// A file with text in it.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self { path: path.into(), bytes: text.into().into_bytes() }
    }

    /// The content as text; what isn't text has a rule of its own.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap_or_default()
    }

    /// Whether this is Rust source.
    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether this is a crate's manifest.
    pub fn is_manifest(&self) -> bool {
        self.path.ends_with("Cargo.toml")
    }

    /// Whether this is only built for tests and benchmarks.
    pub(crate) fn is_test(&self) -> bool {
        self.path.split('/').any(|part| matches!(part, "tests" | "benches"))
    }

    /// The line, from 1, where `needle` first stands; 1 if nowhere.
    pub(crate) fn line_of(&self, needle: &str) -> usize {
        let found = self.text().lines().position(|line| line.contains(needle));
        found.map_or(1, |index| index + 1)
    }

    /// A violation on `line` of this file.
    pub(crate) fn violation(&self, line: usize, message: impl Into<String>) -> Violation {
        Violation { path: self.path.clone(), line, message: message.into() }
    }
}

/// A broken rule, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The file's path.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

#[cfg(test)]
#[track_caller]
fn check(violations: Vec<Violation>, expected: &[&str]) {
    let found: Vec<String> = violations.iter().map(ToString::to_string).collect();
    assert_eq!(found, expected);
}
