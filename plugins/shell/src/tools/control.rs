//! What changes the script's own state: cd, read, exit, variables, loops.

use super::{Failure, Job, print};
use crate::{places, shell::Stop};

pub fn nothing(_: &mut Job) -> Result<u8, Failure> {
    Ok(0)
}

pub fn not(_: &mut Job) -> Result<u8, Failure> {
    Ok(1)
}

pub fn end_loop(_: &mut Job) -> Result<u8, Failure> {
    Err(Stop::Break.into())
}

pub fn next_turn(_: &mut Job) -> Result<u8, Failure> {
    Err(Stop::Continue.into())
}

pub fn exit(job: &mut Job) -> Result<u8, Failure> {
    let status = match job.args.first() {
        Some(status) => (print::whole(status)? & 0xff) as u8,
        None => job.shell.status,
    };
    Err(Stop::Exit(status).into())
}

pub fn cd(job: &mut Job) -> Result<u8, Failure> {
    let folder = match job.args.first() {
        Some(path) => job.shell.path(path),
        None => places::start(&places::granted()),
    };
    if !places::is_folder(&folder) {
        return Err(Failure::new(format!("{folder}: no such folder")));
    }
    job.shell.folder = folder;
    Ok(0)
}

pub fn pwd(job: &mut Job) -> Result<u8, Failure> {
    let folder = job.shell.folder.clone();
    job.print(folder + "\n")?;
    Ok(0)
}

pub fn env(job: &mut Job) -> Result<u8, Failure> {
    if !job.args.is_empty() {
        return Err(Failure::usage("only without arguments; write NAME=VALUE before a command"));
    }
    for (name, value) in job.shell.variables.clone() {
        job.print(format!("{name}={value}\n"))?;
    }
    Ok(0)
}

pub fn export(job: &mut Job) -> Result<u8, Failure> {
    for arg in &job.args {
        if let Some((name, value)) = arg.split_once('=') {
            job.shell.variables.insert(name.to_owned(), value.to_owned());
        }
    }
    Ok(0)
}

pub fn unset(job: &mut Job) -> Result<u8, Failure> {
    for name in &job.args {
        job.shell.variables.remove(name);
    }
    Ok(0)
}

/// One line of standard input, a word for each variable, the rest for the last.
pub fn read(job: &mut Job) -> Result<u8, Failure> {
    let names = job.options("r")?.rest;
    let line = job.streams.input.line()?;
    let ended = !line.is_empty();
    let line = String::from_utf8_lossy(&line);
    let mut rest = line.trim();
    for (at, name) in names.iter().enumerate() {
        let end = rest.find(char::is_whitespace).filter(|_| at + 1 < names.len()).unwrap_or(rest.len());
        job.shell.variables.insert(name.clone(), rest[..end].to_owned());
        rest = rest[end..].trim_start();
    }
    Ok(u8::from(!ended))
}
