//! Runs a script: one command after the other, all in this one instance.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::{self, Write},
};

use crate::{
    places,
    streams::{Input, Output, Streams},
    syntax::{Command, Join, Kind, List, Pipeline, Redirect, Step, Stream, Target},
    tools::{self, Failure, Job},
};

/// What may wait in a pipe: a command reads when the one before it has ended.
pub const PIPE_BYTES_MAX: usize = 16 << 20;
/// As other shells have it when nobody reads a pipe any more.
pub const STATUS_FULL: u8 = 141;
const STATUS_UNKNOWN_COMMAND: u8 = 127;

/// What a script changes as it goes.
#[derive(Clone)]
pub struct Shell {
    pub variables: BTreeMap<String, String>,
    /// Absolute.
    pub folder: String,
    /// Of the last command.
    pub status: u8,
}

/// Why a script doesn't go on.
#[derive(Debug)]
pub enum Stop {
    Exit(u8),
    Break,
    Continue,
    /// Its output has no room for more.
    Full,
    /// It wants more than there is.
    Abort(String),
}

impl Shell {
    pub fn list(&mut self, list: &List, streams: &Streams) -> Result<u8, Stop> {
        self.status = 0;
        for step in list {
            self.status = self.step(step, streams)?;
        }
        Ok(self.status)
    }

    fn step(&mut self, step: &Step, streams: &Streams) -> Result<u8, Stop> {
        self.status = self.pipeline(&step.first, streams)?;
        for (join, pipeline) in &step.rest {
            if (*join == Join::And) == (self.status == 0) {
                self.status = self.pipeline(pipeline, streams)?;
            }
        }
        Ok(self.status)
    }

    fn pipeline(&mut self, pipeline: &Pipeline, streams: &Streams) -> Result<u8, Stop> {
        let status = match pipeline.commands.as_slice() {
            [only] => self.command(only, streams)?,
            commands => self.piped(commands, streams)?,
        };
        Ok(if pipeline.negated { u8::from(status == 0) } else { status })
    }

    fn piped(&mut self, commands: &[Command], streams: &Streams) -> Result<u8, Stop> {
        let mut status = 0;
        let mut overflowed = false;
        let mut input = streams.input.clone();
        for (at, command) in commands.iter().enumerate() {
            if at + 1 == commands.len() {
                let streams = Streams { input: input.clone(), ..streams.clone() };
                status = self.apart(|shell| shell.command(command, &streams))?;
                continue;
            }
            let pipe = Output::memory(PIPE_BYTES_MAX);
            let streams = Streams { input: input.clone(), output: pipe.clone(), ..streams.clone() };
            match self.apart(|shell| shell.command(command, &streams)) {
                Err(Stop::Full) | Ok(_) => {}
                Err(stop) => return Err(stop),
            }
            overflowed |= pipe.is_full();
            input = Input::text(pipe.take());
        }
        if overflowed {
            complain(streams, &format!("a pipe holds {PIPE_BYTES_MAX} bytes: the rest was lost"));
            return Ok(STATUS_FULL);
        }
        Ok(status)
    }

    /// Runs something whose changes to variables and folder are its own, as in `( … )`.
    pub fn apart(&mut self, run: impl FnOnce(&mut Self) -> Result<u8, Stop>) -> Result<u8, Stop> {
        match run(&mut self.clone()) {
            Err(Stop::Exit(status)) => Ok(status),
            Err(Stop::Break | Stop::Continue) => Ok(0),
            other => other,
        }
    }

    fn command(&mut self, command: &Command, streams: &Streams) -> Result<u8, Stop> {
        if streams.output.is_full() {
            return Err(Stop::Full);
        }
        let mut redirected = streams.clone();
        for redirect in &command.redirects {
            if let Err(failure) = self.redirect(redirect, &mut redirected, streams) {
                return self.told(failure, streams);
            }
        }
        let streams = &redirected;
        match &command.kind {
            Kind::Simple { assignments, words } => {
                let mut before = Vec::new();
                for (name, word) in assignments {
                    let value = self.one_text(word, streams)?;
                    before.push((name.clone(), self.variables.insert(name.clone(), value)));
                }
                let words = self.fields(words, streams)?;
                if words.is_empty() {
                    return Ok(0);
                }
                let status = self.run(words, streams);
                for (name, value) in before.into_iter().rev() {
                    match value {
                        Some(value) => self.variables.insert(name, value),
                        None => self.variables.remove(&name),
                    };
                }
                status
            }
            Kind::Group(list) => self.list(list, streams),
            Kind::Subshell(list) => self.apart(|shell| shell.list(list, streams)),
            Kind::If { branches, otherwise } => {
                for (condition, body) in branches {
                    if self.list(condition, streams)? == 0 {
                        return self.list(body, streams);
                    }
                }
                self.list(otherwise, streams)
            }
            Kind::While { condition, ends_on, body } => {
                let mut status = 0;
                while (self.list(condition, streams)? == 0) != *ends_on {
                    match self.turn(body, streams)? {
                        Some(ended) => status = ended,
                        None => break,
                    }
                }
                Ok(status)
            }
            Kind::For { name, words, body } => {
                let mut status = 0;
                for value in self.fields(words, streams)? {
                    self.variables.insert(name.clone(), value);
                    match self.turn(body, streams)? {
                        Some(ended) => status = ended,
                        None => break,
                    }
                }
                Ok(status)
            }
        }
    }

    /// One turn of a loop; nothing if it was the last.
    fn turn(&mut self, body: &List, streams: &Streams) -> Result<Option<u8>, Stop> {
        match self.list(body, streams) {
            Ok(status) => Ok(Some(status)),
            Err(Stop::Continue) => Ok(Some(0)),
            Err(Stop::Break) => Ok(None),
            Err(stop) => Err(stop),
        }
    }

    /// Runs a command by its words.
    pub fn run(&mut self, mut words: Vec<String>, streams: &Streams) -> Result<u8, Stop> {
        let name = words.remove(0);
        let Some(tool) = tools::find(&name) else {
            complain(streams, &format!("{name}: no such command; `help` lists those that there are"));
            return Ok(STATUS_UNKNOWN_COMMAND);
        };
        let mut job = Job { shell: self, name, args: words, streams: streams.clone(), buffer: Vec::new() };
        let ended = tool(&mut job);
        let flushed = job.flush();
        match ended.and_then(|status| flushed.map(|()| status)) {
            Ok(status) => Ok(status),
            Err(failure) => {
                let failure = failure.of(&job.name);
                self.told(failure, streams)
            }
        }
    }

    fn told(&self, failure: Failure, streams: &Streams) -> Result<u8, Stop> {
        match failure {
            Failure::Stop(stop) => Err(stop),
            Failure::Told { status, message } => {
                complain(streams, &message);
                Ok(status)
            }
            Failure::Unread => Err(Stop::Full),
        }
    }

    fn redirect(&mut self, redirect: &Redirect, new: &mut Streams, old: &Streams) -> Result<(), Failure> {
        let output = match &redirect.to {
            Target::Text(word) => {
                new.input = Input::text(self.one_text(word, old)?.into_bytes());
                return Ok(());
            }
            Target::File(word) if redirect.stream == Stream::In => {
                let path = self.file_name(word, old)?;
                let file = (path != "/dev/null").then(|| File::open(self.path(&path)));
                new.input = match file.transpose().map_err(|error| Failure::io(&path, &error))? {
                    Some(file) => Input::file(file),
                    None => Input::text(Vec::new()),
                };
                return Ok(());
            }
            Target::File(word) => {
                self.output(word, old, OpenOptions::new().create(true).write(true).truncate(true))?
            }
            Target::Append(word) => self.output(word, old, OpenOptions::new().create(true).append(true))?,
            Target::Same(Stream::Err) => new.errors.clone(),
            Target::Same(_) => new.output.clone(),
        };
        match redirect.stream {
            Stream::Err => new.errors = output,
            Stream::Both => (new.output, new.errors) = (output.clone(), output),
            Stream::In | Stream::Out => new.output = output,
        }
        Ok(())
    }

    fn output(
        &mut self,
        word: &crate::syntax::Word,
        streams: &Streams,
        how: &OpenOptions,
    ) -> Result<Output, Failure> {
        let path = self.file_name(word, streams)?;
        if path == "/dev/null" {
            return Ok(Output::nothing());
        }
        let file = how.open(self.path(&path)).map_err(|error| Failure::io(&path, &error))?;
        Ok(Output::file(file))
    }

    fn file_name(&mut self, word: &crate::syntax::Word, streams: &Streams) -> Result<String, Failure> {
        let mut names = self.fields(std::slice::from_ref(word), streams)?;
        match names.pop() {
            Some(name) if names.is_empty() && !name.is_empty() => Ok(name),
            _ => Err(Failure::new("a redirection needs the name of one file")),
        }
    }

    /// A path as the script means it.
    pub fn path(&self, path: &str) -> String {
        places::absolute(&self.folder, path)
    }

    pub fn variable(&self, name: &str) -> String {
        match name {
            "PWD" => self.folder.clone(),
            name => self.variables.get(name).cloned().unwrap_or_default(),
        }
    }
}

/// What can't be said any more is lost.
pub fn complain(streams: &Streams, problem: &str) {
    let said: io::Result<()> = writeln!(streams.errors.clone(), "{problem}");
    drop(said);
}
