//! sed: lines replaced, printed, left out.

use std::{fs, io::BufRead, mem};

use regex_lite::{Regex, RegexBuilder};

use super::{Failure, Job, next_line};
use crate::streams::Output;

/// Of a file changed by `-i`.
const EDITED_BYTES_MAX: usize = 16 << 20;

enum Address {
    Line(usize),
    Last,
    Fitting(Regex),
}

enum Action {
    Replace { regex: Regex, by: String, all: bool, nth: usize, print: bool },
    Print,
    Delete,
    Quit,
    Number,
}

struct Command {
    from: Option<Address>,
    to: Option<Address>,
    negated: bool,
    inside: bool,
    action: Action,
}

pub fn sed(job: &mut Job) -> Result<u8, Failure> {
    let mut options = job.options("nirEse:")?;
    let script = match options.value('e') {
        Some(script) => script.to_owned(),
        None if options.rest.is_empty() => return Err(Failure::usage("the commands are missing")),
        None => options.rest.remove(0),
    };
    let silent = options.has('n');
    if !options.has('i') {
        let mut commands = commands(&script)?;
        return job.each(&options.rest, |job, _, reader| edit(job, reader, &mut commands, silent));
    }
    job.for_each(&options.rest, |job, path| {
        let mut reader = job.open(path)?;
        let mut commands = commands(&script)?;
        job.flush()?;
        let new = Output::memory(EDITED_BYTES_MAX);
        let output = mem::replace(&mut job.streams.output, new.clone());
        let edited = edit(job, &mut reader, &mut commands, silent).and_then(|()| job.flush());
        job.streams.output = output;
        if new.is_full() {
            job.buffer.clear();
            return Err(Failure::new(format!("{path}: would have more than {EDITED_BYTES_MAX} bytes")));
        }
        edited?;
        fs::write(job.shell.path(path), new.take()).map_err(|error| Failure::io(path, &error))
    })
}

fn edit(
    job: &mut Job,
    reader: &mut dyn BufRead,
    commands: &mut [Command],
    silent: bool,
) -> Result<(), Failure> {
    let mut next = next_line(reader)?;
    let mut number = 0;
    while let Some(mut line) = next {
        next = next_line(reader)?;
        number += 1;
        let (mut kept, mut quits) = (!silent, false);
        for command in &mut *commands {
            if !command.covers(&line, number, next.is_none()) {
                continue;
            }
            match &command.action {
                Action::Replace { regex, by, all, nth, print } => {
                    if let Some(replaced) = replaced(&line, regex, by, *all, *nth) {
                        line = replaced;
                        if *print {
                            job.print(format!("{line}\n"))?;
                        }
                    }
                }
                Action::Print => job.print(format!("{line}\n"))?,
                Action::Number => job.print(format!("{number}\n"))?,
                Action::Delete => {
                    kept = false;
                    break;
                }
                Action::Quit => {
                    quits = true;
                    break;
                }
            }
        }
        if kept {
            job.print(line + "\n")?;
        }
        if quits {
            break;
        }
    }
    Ok(())
}

/// The line with one part or all replaced; nothing if none fits.
fn replaced(line: &str, regex: &Regex, by: &str, all: bool, nth: usize) -> Option<String> {
    let (mut answer, mut end) = (String::new(), 0);
    for (at, found) in regex.captures_iter(line).enumerate().skip(nth - 1) {
        let whole = found.get(0)?;
        answer.push_str(&line[end..whole.start()]);
        found.expand(by, &mut answer);
        end = whole.end();
        if !all && at + 1 == nth {
            break;
        }
    }
    let changed = end > 0 || !answer.is_empty() || regex.is_match(line) && nth == 1;
    changed.then(|| answer + &line[end..])
}

impl Command {
    fn covers(&mut self, line: &str, number: usize, last: bool) -> bool {
        let fits = |address: &Address| match address {
            Address::Line(own) => number == *own,
            Address::Last => last,
            Address::Fitting(regex) => regex.is_match(line),
        };
        let covered = match (&self.from, &self.to) {
            (None, _) => true,
            (Some(from), None) => fits(from),
            (Some(_), Some(to)) if self.inside => {
                self.inside = !(fits(to) || matches!(to, Address::Line(end) if *end <= number));
                true
            }
            (Some(from), Some(to)) => {
                let begins = fits(from);
                self.inside = begins && !matches!(to, Address::Line(end) if *end <= number);
                begins
            }
        };
        covered != self.negated
    }
}

struct Reader<'a> {
    rest: &'a str,
}

fn commands(script: &str) -> Result<Vec<Command>, Failure> {
    let mut reader = Reader { rest: script };
    let mut commands = Vec::new();
    loop {
        reader.rest = reader.rest.trim_start_matches(|letter: char| letter == ';' || letter.is_whitespace());
        if reader.rest.is_empty() {
            return Ok(commands);
        }
        commands.push(reader.command()?);
        let ended = reader.rest.trim_start_matches(' ');
        if !ended.is_empty() && !ended.starts_with([';', '\n']) {
            return Err(Failure::usage(format!("`{ended}` can't stand after a command")));
        }
    }
}

impl Reader<'_> {
    fn letter(&mut self) -> Option<char> {
        let letter = self.rest.chars().next()?;
        self.rest = &self.rest[letter.len_utf8()..];
        Some(letter)
    }

    fn command(&mut self) -> Result<Command, Failure> {
        let from = self.address()?;
        let to = match self.rest.strip_prefix(',').filter(|_| from.is_some()) {
            Some(rest) => {
                self.rest = rest;
                Some(self.address()?.ok_or_else(|| Failure::usage("an address must follow `,`"))?)
            }
            None => None,
        };
        let negated = self.rest.starts_with('!');
        self.rest = self.rest.strip_prefix('!').unwrap_or(self.rest);
        let action = match self.letter() {
            Some('s') => self.replace()?,
            Some('p') => Action::Print,
            Some('d') => Action::Delete,
            Some('q') => Action::Quit,
            Some('=') => Action::Number,
            other => {
                let other = other.map_or("the end".to_owned(), |letter| format!("`{letter}`"));
                return Err(Failure::usage(format!("s, p, d, q or = expected, not {other}")));
            }
        };
        Ok(Command { from, to, negated, inside: false, action })
    }

    fn address(&mut self) -> Result<Option<Address>, Failure> {
        let digits =
            self.rest.len() - self.rest.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
        if digits > 0 {
            let (number, rest) = self.rest.split_at(digits);
            self.rest = rest;
            let number =
                number.parse().map_err(|_| Failure::usage(format!("{number}: there is no such line")))?;
            return Ok(Some(Address::Line(number)));
        }
        if let Some(rest) = self.rest.strip_prefix('$') {
            self.rest = rest;
            return Ok(Some(Address::Last));
        }
        if self.rest.starts_with('/') {
            self.letter();
            let pattern = self.until('/')?;
            return Ok(Some(Address::Fitting(regex(&pattern, false)?)));
        }
        Ok(None)
    }

    /// What is before the mark, which a backslash makes a letter.
    fn until(&mut self, mark: char) -> Result<String, Failure> {
        let mut text = String::new();
        while let Some(letter) = self.letter() {
            if letter == mark {
                return Ok(text);
            }
            text.push(letter);
            if letter == '\\' {
                match self.letter() {
                    Some(next) if next == mark && mark != '&' => {
                        text.pop();
                        text.push(next);
                    }
                    Some(next) => text.push(next),
                    None => break,
                }
            }
        }
        Err(Failure::usage(format!("a `{mark}` is missing")))
    }

    fn replace(&mut self) -> Result<Action, Failure> {
        let mark = self.letter().ok_or_else(|| Failure::usage("what follows `s` is missing"))?;
        let (pattern, by) = (self.until(mark)?, self.until(mark)?);
        let (mut all, mut print, mut any_case, mut nth) = (false, false, false, 1);
        while let Some(flag) = self.rest.chars().next().filter(|flag| flag.is_ascii_alphanumeric()) {
            match flag {
                'g' => all = true,
                'p' => print = true,
                'i' | 'I' => any_case = true,
                '1'..='9' => nth = flag as usize - '0' as usize,
                other => {
                    return Err(Failure::usage(format!("`{other}` is no flag of s here: g, p, i, 1 to 9")));
                }
            }
            self.letter();
        }
        Ok(Action::Replace { regex: regex(&pattern, any_case)?, by: replacement(&by), all, nth, print })
    }
}

fn regex(pattern: &str, any_case: bool) -> Result<Regex, Failure> {
    let mut builder = RegexBuilder::new(pattern);
    builder.case_insensitive(any_case).build().map_err(|error| Failure::usage(error.to_string()))
}

/// `&` and `\1` as the regular expressions of this crate have them.
fn replacement(text: &str) -> String {
    let mut answer = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '&' => answer.push_str("${0}"),
            '$' => answer.push_str("$$"),
            '\\' => match letters.next() {
                Some(digit @ '0'..='9') => answer.push_str(&format!("${{{digit}}}")),
                Some('n') => answer.push('\n'),
                Some('t') => answer.push('\t'),
                Some('$') => answer.push_str("$$"),
                Some(other) => answer.push(other),
                None => answer.push('\\'),
            },
            letter => answer.push(letter),
        }
    }
    answer
}
