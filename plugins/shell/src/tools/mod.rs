//! The commands of the shell: each a function of its arguments and streams.

mod change;
mod control;
mod date;
mod find;
mod grep;
mod lines;
mod list;
mod options;
mod print;
mod sed;
mod test;
#[cfg(test)]
mod tests;
mod text;
mod xargs;

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Write},
};

use crate::{
    shell::{Shell, Stop, complain},
    streams::Streams,
};
use options::Options;

pub type Tool = fn(&mut Job) -> Result<u8, Failure>;

/// What is printed waits in memory until there is so much.
const BUFFER_BYTES: usize = 32 << 10;

/// Their names, what they are, and how they are used.
const TOOLS: &[(&str, Tool, &str)] = &[
    (":", control::nothing, ""),
    ("[", test::test, "see test"),
    ("basename", print::basename, "PATH [END]"),
    ("break", control::end_loop, ""),
    ("cat", text::cat, "[-n] [FILE…]"),
    ("cd", control::cd, "[FOLDER]"),
    ("continue", control::next_turn, ""),
    ("cp", change::cp, "[-r] FROM… TO"),
    ("cut", lines::cut, "-f LIST [-d LETTER] [-s] | -c LIST  [FILE…]"),
    ("date", date::date, "[+FORMAT]: the time in UTC"),
    ("dirname", print::dirname, "PATH"),
    ("echo", print::echo, "[-n] [-e] [TEXT…]"),
    ("env", control::env, ""),
    ("exit", control::exit, "[STATUS]"),
    ("export", control::export, "NAME[=VALUE]…"),
    ("expr", print::expr, "NUMBER (+ - * / % < <= = != >= >) NUMBER"),
    ("false", control::not, ""),
    ("find", find::find, "[PATH…] [-name PATTERN] [-iname PATTERN] [-type f|d] [-maxdepth N]"),
    ("grep", grep::grep, "[-i -v -n -c -l -o -q -r -h -H -w -x -F -E] [-m N] [-e] PATTERN [FILE…]"),
    ("head", text::head, "[-n N | -c N] [FILE…]"),
    ("help", help, ""),
    ("ls", list::ls, "[-l -a -1 -d -R] [PATH…]"),
    ("mkdir", change::mkdir, "[-p] FOLDER…"),
    ("mv", change::mv, "FROM… TO"),
    ("printf", print::printf, "FORMAT [ARGUMENT…]"),
    ("pwd", control::pwd, ""),
    ("read", control::read, "[-r] NAME…"),
    ("rm", change::rm, "[-r] [-f] PATH…"),
    ("rmdir", change::rmdir, "FOLDER…"),
    ("sed", sed::sed, "[-n] [-i] [-E] [-e] COMMANDS [FILE…]: s p d q = and addresses"),
    ("seq", print::seq, "[FIRST [STEP]] LAST"),
    ("sort", lines::sort, "[-r -n -u -f] [-k FIELD] [-t LETTER] [FILE…]"),
    ("tail", text::tail, "[-n N | -n +N | -c N] [FILE…]"),
    ("tee", text::tee, "[-a] [FILE…]"),
    ("test", test::test, "-e -f -d -s PATH, -n -z TEXT, A = B, A -lt B, !, -a, -o"),
    ("touch", change::touch, "FILE…"),
    ("tr", lines::tr, "[-d] [-s] [-c] SET [SET]"),
    ("true", control::nothing, ""),
    ("uniq", lines::uniq, "[-c -d -u -i] [FILE]"),
    ("unset", control::unset, "NAME…"),
    ("wc", text::wc, "[-l -w -c -m] [FILE…]"),
    ("xargs", xargs::xargs, "[-n N] [-I TEXT] [-0] [COMMAND [ARGUMENT…]]"),
];

pub fn find(name: &str) -> Option<Tool> {
    TOOLS.iter().find(|(own, ..)| *own == name).map(|(_, tool, _)| *tool)
}

/// One run of a command.
pub struct Job<'a> {
    pub shell: &'a mut Shell,
    pub name: String,
    pub args: Vec<String>,
    pub streams: Streams,
    pub buffer: Vec<u8>,
}

/// Why a command didn't end by itself.
#[derive(Debug)]
pub enum Failure {
    Told {
        status: u8,
        message: String,
    },
    /// Nobody takes what it prints.
    Unread,
    Stop(Stop),
}

impl Failure {
    pub fn new(message: impl Into<String>) -> Self {
        Self::Told { status: 1, message: message.into() }
    }

    /// The command was given what it doesn't understand.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Told { status: 2, message: message.into() }
    }

    /// Says which path a failure is about, and what to do where it is for the operator.
    pub fn io(path: &str, error: &io::Error) -> Self {
        Self::new(match error.kind() {
            io::ErrorKind::NotFound => format!("{path}: no such file or folder"),
            io::ErrorKind::ReadOnlyFilesystem => {
                format!("{path}: granted read-only; the operator can allow writing with --fs HOST:GUEST:rw")
            }
            io::ErrorKind::PermissionDenied => format!("{path}: not granted"),
            _ => format!("{path}: {error}"),
        })
    }

    pub fn of(self, name: &str) -> Self {
        match self {
            Self::Told { status, message } => Self::Told { status, message: format!("{name}: {message}") },
            other => other,
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Unread,
            _ => Self::new(error.to_string()),
        }
    }
}

impl From<Stop> for Failure {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl Job<'_> {
    pub fn print(&mut self, bytes: impl AsRef<[u8]>) -> Result<(), Failure> {
        self.buffer.extend_from_slice(bytes.as_ref());
        if self.buffer.len() >= BUFFER_BYTES { self.flush() } else { Ok(()) }
    }

    pub fn flush(&mut self) -> Result<(), Failure> {
        let bytes = std::mem::take(&mut self.buffer);
        Ok(self.streams.output.write_all(&bytes)?)
    }

    /// Says what went wrong and goes on.
    pub fn complain(&self, failure: Failure) -> Result<(), Failure> {
        match failure {
            Failure::Told { message, .. } => {
                complain(&self.streams, &format!("{}: {message}", self.name));
                Ok(())
            }
            other => Err(other),
        }
    }

    /// The options before and between the operands; `known` as `rk:` says which there are and which have a value.
    pub fn options(&self, known: &str) -> Result<Options, Failure> {
        Options::parse(&self.args, known)
    }

    pub fn open(&self, path: &str) -> Result<Box<dyn BufRead>, Failure> {
        if path == "-" {
            return Ok(Box::new(BufReader::new(self.streams.input.clone())));
        }
        if path == "/dev/null" {
            return Ok(Box::new(io::empty()));
        }
        let whole = self.shell.path(path);
        let file = File::open(&whole).map_err(|error| Failure::io(path, &error))?;
        if file.metadata().is_ok_and(|found| found.is_dir()) {
            return Err(Failure::new(format!("{path}: is a folder")));
        }
        Ok(Box::new(BufReader::new(file)))
    }

    /// Does something with each file, or with standard input; a file that can't be read is complained of.
    pub fn each(
        &mut self,
        paths: &[String],
        mut work: impl FnMut(&mut Self, &str, &mut dyn BufRead) -> Result<(), Failure>,
    ) -> Result<u8, Failure> {
        let standard = ["-".to_owned()];
        let mut status = 0;
        for path in if paths.is_empty() { &standard } else { paths } {
            let done = self.open(path).and_then(|mut reader| work(self, path, &mut reader));
            if let Err(failure) = done {
                status = 1;
                self.complain(failure)?;
            }
        }
        Ok(status)
    }

    /// Does something with each operand; one that fails is complained of.
    pub fn for_each(
        &mut self,
        operands: &[String],
        mut work: impl FnMut(&mut Self, &str) -> Result<(), Failure>,
    ) -> Result<u8, Failure> {
        if operands.is_empty() {
            return Err(Failure::usage("which? Nothing is named"));
        }
        let mut status = 0;
        for operand in operands {
            if let Err(failure) = work(self, operand) {
                status = 1;
                self.complain(failure)?;
            }
        }
        Ok(status)
    }

    /// All lines of all files, without their ends.
    pub fn all_lines(&mut self, paths: &[String]) -> Result<(Vec<String>, u8), Failure> {
        let mut all = Vec::new();
        let status = self.each(paths, |_, _, reader| {
            while let Some(line) = next_line(reader)? {
                all.push(line);
            }
            Ok(())
        })?;
        Ok((all, status))
    }
}

/// The next line without its end; bytes that are no UTF-8 are replaced.
pub fn next_line(reader: &mut dyn BufRead) -> Result<Option<String>, Failure> {
    let mut line = Vec::new();
    if reader.read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.ends_with(b"\n") {
        line.pop();
    }
    Ok(Some(String::from_utf8_lossy(&line).into_owned()))
}

fn help(job: &mut Job) -> Result<u8, Failure> {
    for (name, _, usage) in TOOLS {
        job.print(format!("{name} {usage}").trim_end())?;
        job.print("\n")?;
    }
    Ok(0)
}
