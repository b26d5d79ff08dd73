//! Options of commands: `-n 5`, `-n5`, `-ru`, `--`.

use super::Failure;

pub struct Options {
    flags: String,
    values: Vec<(char, String)>,
    /// What is no option.
    pub rest: Vec<String>,
}

impl Options {
    /// `known` names each letter, with `:` after those that have a value; with `+` before all of them, the
    /// first operand ends the options.
    pub fn parse(args: &[String], known: &str) -> Result<Self, Failure> {
        let (in_order, known) = known.strip_prefix('+').map_or((false, known), |known| (true, known));
        let mut found = Self { flags: String::new(), values: Vec::new(), rest: Vec::new() };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            if arg == "--" {
                break;
            }
            let Some(letters) = arg.strip_prefix('-').filter(|letters| !letters.is_empty()) else {
                found.rest.push(arg.clone());
                if in_order {
                    break;
                }
                continue;
            };
            let mut left = letters.chars();
            while let Some(letter) = left.next() {
                let at = known.find(letter).filter(|_| letter != ':').ok_or_else(|| unknown(arg, known))?;
                if !known[at + letter.len_utf8()..].starts_with(':') {
                    found.flags.push(letter);
                    continue;
                }
                let joined = left.as_str();
                let value = if joined.is_empty() { args.next().cloned() } else { Some(joined.to_owned()) };
                let value = value.ok_or_else(|| Failure::usage(format!("-{letter} needs a value")))?;
                found.values.push((letter, value));
                break;
            }
        }
        found.rest.extend(args.cloned());
        Ok(found)
    }

    pub fn has(&self, flag: char) -> bool {
        self.flags.contains(flag)
    }

    /// The last value of an option.
    pub fn value(&self, letter: char) -> Option<&str> {
        self.values.iter().rev().find(|(own, _)| *own == letter).map(|(_, value)| value.as_str())
    }

    pub fn number(&self, letter: char) -> Result<Option<usize>, Failure> {
        self.value(letter)
            .map(|value| {
                value.parse().map_err(|_| Failure::usage(format!("-{letter}: `{value}` is no number")))
            })
            .transpose()
    }

    /// The value as one letter.
    pub fn letter(&self, letter: char) -> Result<Option<char>, Failure> {
        let one = |value: &str| {
            let mut letters = if value == "\\t" { "\t" } else { value }.chars();
            letters.next().filter(|_| letters.next().is_none())
        };
        self.value(letter)
            .map(|value| one(value).ok_or_else(|| Failure::usage(format!("-{letter} needs one letter"))))
            .transpose()
    }
}

fn unknown(arg: &str, known: &str) -> Failure {
    let there: Vec<String> = known.chars().filter(|letter| *letter != ':').map(|l| format!("-{l}")).collect();
    let there = if there.is_empty() { "none".to_owned() } else { there.join(" ") };
    Failure::usage(format!("{arg}: no such option here; there are: {there}"))
}
