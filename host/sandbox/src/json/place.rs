//! Where in a JSON text a mistake is, and how faults quote what they found there.

use std::fmt;

/// Longest quote of foreign text in a fault, in characters.
const QUOTE_CHARS_MAX: usize = 60;
/// Longest path that a fault shows, in characters.
const PATH_CHARS_MAX: usize = 240;
/// Most names that a fault lists.
const NAMES_MAX: usize = 12;

/// One step down.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step<'a> {
    /// Into a member of an object.
    Member(&'a str),
    /// Into an element of an array.
    Element(usize),
}

/// The way from the top to the value that is read just now.
#[derive(Debug, Default)]
pub(super) struct Place<'a>(Vec<Step<'a>>);

impl<'a> Place<'a> {
    pub(super) fn enter(&mut self, step: Step<'a>) {
        self.0.push(step);
    }

    pub(super) fn leave(&mut self) {
        self.0.pop();
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut path = String::from("$");
        for step in &self.0 {
            match step {
                Step::Member(name) => {
                    path.push('.');
                    path.push_str(name);
                }
                Step::Element(index) => path.push_str(&format!("[{index}]")),
            }
        }
        f.write_str(&cut(&path, PATH_CHARS_MAX))
    }
}

/// The text, or its beginning and `…`.
pub(crate) fn cut(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// Foreign text in quotes, escaped and cut.
pub(super) fn quote(text: &str) -> String {
    let short = cut(text, QUOTE_CHARS_MAX);
    cut(&format!("{short:?}"), QUOTE_CHARS_MAX + 20)
}

/// A list of what is allowed, for a fault: ``expected `a`, `b` or 3 more``.
pub(super) fn one_of<'n>(names: impl ExactSizeIterator<Item = &'n str>) -> String {
    let more = names.len().saturating_sub(NAMES_MAX);
    let shown: Vec<_> =
        names.take(NAMES_MAX).map(|name| format!("`{}`", cut(name, QUOTE_CHARS_MAX))).collect();
    match (shown.is_empty(), more) {
        (true, _) => "expected none".to_owned(),
        (false, 0) => format!("expected {}", shown.join(", ")),
        (false, more) => format!("expected {} or {more} more", shown.join(", ")),
    }
}
