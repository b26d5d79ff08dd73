//! Patterns of names: `*`, `?`, `[a-z]`, `[!a-z]`.

use std::collections::BTreeSet;

use crate::places;

/// Deeper than any path is.
const NAMES_MAX: usize = 10_000;

#[derive(Debug, Clone)]
enum Part {
    Any,
    One,
    Letter(char),
    Set { negated: bool, ranges: Vec<(char, char)> },
}

/// One name's pattern, or one text's.
#[derive(Debug, Clone)]
pub struct Pattern(Vec<Part>);

impl Pattern {
    /// Of letters, each with whether it was quoted: then it only means itself.
    pub fn new(letters: &[(char, bool)]) -> Self {
        let mut parts = Vec::new();
        let mut at = 0;
        while let Some(&(letter, quoted)) = letters.get(at) {
            at += 1;
            parts.push(match letter {
                '*' if !quoted => Part::Any,
                '?' if !quoted => Part::One,
                '[' if !quoted => match set(&letters[at..]) {
                    Some((set, length)) => {
                        at += length;
                        set
                    }
                    None => Part::Letter('['),
                },
                letter => Part::Letter(letter),
            });
        }
        Self(parts)
    }

    pub fn plain(text: &str) -> Self {
        Self::new(&text.chars().map(|letter| (letter, false)).collect::<Vec<_>>())
    }

    /// Goes back to the last `*` only, so the time is bounded by the product of both lengths.
    pub fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let (mut part, mut at, mut star) = (0, 0, None);
        while at < text.len() {
            match self.0.get(part) {
                Some(Part::Any) => {
                    star = Some((part, at));
                    part += 1;
                }
                Some(found) if found.takes(text[at]) => (part, at) = (part + 1, at + 1),
                _ => match star {
                    Some((from, taken)) => {
                        star = Some((from, taken + 1));
                        (part, at) = (from + 1, taken + 1);
                    }
                    None => return false,
                },
            }
        }
        self.0[part..].iter().all(|rest| matches!(rest, Part::Any))
    }

    fn is_literal(&self) -> bool {
        self.0.iter().all(|part| matches!(part, Part::Letter(_)))
    }

    fn shows_hidden(&self) -> bool {
        matches!(self.0.first(), Some(Part::Letter('.')))
    }
}

impl Part {
    fn takes(&self, letter: char) -> bool {
        match self {
            Self::Any => false,
            Self::One => true,
            Self::Letter(own) => *own == letter,
            Self::Set { negated, ranges } => {
                ranges.iter().any(|(first, last)| (*first..=*last).contains(&letter)) != *negated
            }
        }
    }
}

/// A set and its length, if the letters after `[` are one.
fn set(letters: &[(char, bool)]) -> Option<(Part, usize)> {
    let negated = matches!(letters.first(), Some(('!' | '^', false)));
    let start = usize::from(negated);
    let length = letters.iter().skip(start + 1).position(|(letter, _)| *letter == ']')? + start + 1;
    let mut ranges = Vec::new();
    let mut rest = &letters[start..length];
    while let [(first, _), more @ ..] = rest {
        (ranges, rest) = match more {
            [('-', false), (last, _), after @ ..] => ([ranges, vec![(*first, *last)]].concat(), after),
            _ => ([ranges, vec![(*first, *first)]].concat(), more),
        };
    }
    Some((Part::Set { negated, ranges }, length + 1))
}

/// The paths that a pattern means, sorted; none if there are none, or if it is no pattern.
pub fn paths(letters: &[(char, bool)], folder: &str) -> Vec<String> {
    if Pattern::new(letters).is_literal() {
        return Vec::new();
    }
    let rooted = matches!(letters.first(), Some(('/', _)));
    let mut found = BTreeSet::from([if rooted { "/".to_owned() } else { String::new() }]);
    for part in letters.split(|(letter, _)| *letter == '/').filter(|part| !part.is_empty()) {
        let pattern = Pattern::new(part);
        let mut next = BTreeSet::new();
        for above in found {
            if pattern.is_literal() {
                let path = places::join(&above, &part.iter().map(|(letter, _)| letter).collect::<String>());
                let there = places::absolute(folder, &path);
                if std::fs::symlink_metadata(&there).is_ok() || places::is_folder(&there) {
                    next.insert(path);
                }
                continue;
            }
            let names = places::names(&places::absolute(folder, &above)).unwrap_or_default();
            let seen = |name: &String| pattern.shows_hidden() || !name.starts_with('.');
            let fitting = names.into_iter().filter(|name| seen(name) && pattern.matches(name));
            next.extend(fitting.map(|name| places::join(&above, &name)).take(NAMES_MAX));
        }
        found = next.into_iter().take(NAMES_MAX).collect();
    }
    found.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, fits: &[&str], not: &[&str]) {
        let pattern = Pattern::plain(pattern);
        for text in fits {
            assert!(pattern.matches(text), "{text}");
        }
        for text in not {
            assert!(!pattern.matches(text), "{text}");
        }
    }

    #[test]
    fn patterns_fit_whole_names() {
        check("*.txt", &["a.txt", ".txt", "a.txt.txt"], &["txt", "a.txt2"]);
        check("a?c*", &["abc", "abcd", "aéc"], &["ac", "babc"]);
        check("[a-c]x[!0-9]", &["axb", "cxx"], &["dxb", "ax1"]);
        check("[]]", &["]"], &["["]);
        check("[", &["["], &["]"]);
        check("", &[""], &["a"]);
    }

    #[test]
    fn many_stars_take_no_longer_than_few() {
        check(&"*a".repeat(40), &[], &[&"a".repeat(39), &("a".repeat(5000) + "b")]);
    }
}
