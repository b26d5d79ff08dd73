//! The table of languages and cases, and where a language can't meet a case, with the reason.

use crate::cases;

/// The languages, as the command line and as people name them.
pub const LANGUAGES: [(&str, &str); 7] = [
    ("rust", "Rust"),
    ("python", "Python"),
    ("js", "JavaScript"),
    ("ts", "TypeScript"),
    ("c", "C"),
    ("go", "Go"),
    ("zig", "Zig"),
];

const JS_NUMBERS: &str =
    "componentize-qjs hands 64-bit integers to JavaScript as numbers, exact to 2^53 only";
/// What the sum of 2^64 - 2 and 1 comes to there, both being 2^64 already.
const JS_SUM: &str = "too large";
const NO_COMMANDS_PYTHON: &str = "componentize-py makes libraries, not `wasi:cli/run` programs";
const NO_COMMANDS_JS: &str = "componentize-qjs makes libraries, not `wasi:cli/run` programs";

/// What is seen where a language can't meet a case.
#[derive(Debug, Clone, Copy)]
pub enum Seen {
    /// The case fails, and these are words of its failure.
    Failure(&'static str),
    /// There is no fixture of that shape, for `skep new` makes none, and says why.
    NoFixture(&'static str),
}

/// A case that a language can't meet.
#[derive(Debug)]
pub struct Exception {
    pub language: &'static str,
    pub case: &'static str,
    pub reason: &'static str,
    pub seen: Seen,
}

pub const EXCEPTIONS: &[Exception] = &[
    no("js", cases::BIG_NUMBERS, JS_NUMBERS, Seen::Failure(JS_SUM)),
    no("ts", cases::BIG_NUMBERS, JS_NUMBERS, Seen::Failure(JS_SUM)),
    no("python", cases::COMMAND, NO_COMMANDS_PYTHON, Seen::NoFixture("command")),
    no("js", cases::COMMAND, NO_COMMANDS_JS, Seen::NoFixture("command")),
    no("ts", cases::COMMAND, NO_COMMANDS_JS, Seen::NoFixture("command")),
];

const fn no(language: &'static str, case: &'static str, reason: &'static str, seen: Seen) -> Exception {
    Exception { language, case, reason, seen }
}

/// Why a language can't meet a case, if it can't.
pub fn exception(language: &str, case: &str) -> Option<&'static Exception> {
    EXCEPTIONS.iter().find(|known| known.language == language && known.case == case)
}

/// The table in Markdown: a tick, or the number of the reason below it.
pub fn markdown() -> String {
    let mut reasons: Vec<&str> = Vec::new();
    let mut cell = |language: &str, case: &str| match exception(language, case) {
        None => "yes".to_owned(),
        Some(Exception { reason, .. }) => {
            let known = reasons.iter().position(|r| r == reason);
            let number = known.unwrap_or_else(|| {
                reasons.push(*reason);
                reasons.len() - 1
            });
            format!("no ({})", number + 1)
        }
    };
    let names: Vec<_> = LANGUAGES.iter().map(|(_, name)| *name).collect();
    let mut text = format!("| case | {} |\n| --- |{}\n", names.join(" | "), " --- |".repeat(names.len()));
    for case in cases::ALL {
        let cells: Vec<_> = LANGUAGES.iter().map(|(language, _)| cell(language, case.name)).collect();
        text += &format!("| {} | {} |\n", case.name, cells.join(" | "));
    }
    for (number, reason) in reasons.iter().enumerate() {
        text += &format!("\n{}. {reason}", number + 1);
    }
    text
}
