//! grep: lines that fit a regular expression.

use std::{fs, io::BufRead};

use regex_lite::{Regex, RegexBuilder};

use super::{Failure, Job, next_line, options::Options};
use crate::places;

/// Deeper folders are not searched.
const DEPTH_MAX: usize = 32;

struct Search {
    regex: Regex,
    options: Options,
    lines_max: usize,
    named: bool,
    found: bool,
}

pub fn grep(job: &mut Job) -> Result<u8, Failure> {
    let mut options = job.options("ivnclLoqrRhHwxsFEPe:m:")?;
    let pattern = match options.value('e') {
        Some(pattern) => pattern.to_owned(),
        None if options.rest.is_empty() => return Err(Failure::usage("the pattern is missing")),
        None => options.rest.remove(0),
    };
    let recursive = options.has('r') || options.has('R');
    let paths = if recursive { files(job, &options.rest)? } else { options.rest.clone() };
    let mut search = Search {
        regex: regex(&pattern, &options)?,
        lines_max: options.number('m')?.unwrap_or(usize::MAX),
        named: options.has('H') || (!options.has('h') && (paths.len() > 1 || recursive)),
        found: false,
        options,
    };
    if recursive && paths.is_empty() {
        return Ok(1);
    }
    let failed = job.each(&paths, |job, path, reader| search.file(job, path, reader))? != 0;
    Ok(match (search.found, failed) {
        (true, _) if search.options.has('q') => 0,
        (_, true) => 2,
        (found, false) => u8::from(!found),
    })
}

fn regex(pattern: &str, options: &Options) -> Result<Regex, Failure> {
    let pattern = if options.has('F') { regex_lite::escape(pattern) } else { pattern.to_owned() };
    let pattern = match (options.has('x'), options.has('w')) {
        (true, _) => format!("^(?:{pattern})$"),
        (_, true) => format!(r"\b(?:{pattern})\b"),
        _ => pattern,
    };
    let mut builder = RegexBuilder::new(&pattern);
    builder.case_insensitive(options.has('i')).build().map_err(|error| Failure::usage(error.to_string()))
}

/// The files below paths.
fn files(job: &Job, paths: &[String]) -> Result<Vec<String>, Failure> {
    let here = [".".to_owned()];
    let mut found = Vec::new();
    for path in if paths.is_empty() { &here } else { paths } {
        below(job, path, DEPTH_MAX, &mut found)?;
    }
    Ok(found)
}

fn below(job: &Job, path: &str, depth: usize, found: &mut Vec<String>) -> Result<(), Failure> {
    let whole = job.shell.path(path);
    if !places::is_folder(&whole) {
        found.push(path.to_owned());
        return Ok(());
    }
    for name in
        if depth > 0 { places::names(&whole).map_err(|error| Failure::io(path, &error))? } else { Vec::new() }
    {
        let path = places::join(path, &name);
        let is_link = fs::symlink_metadata(job.shell.path(&path)).is_ok_and(|found| found.is_symlink());
        if !is_link {
            below(job, &path, depth - 1, found)?;
        }
    }
    Ok(())
}

impl Search {
    fn file(&mut self, job: &mut Job, path: &str, reader: &mut dyn BufRead) -> Result<(), Failure> {
        let options = &self.options;
        let name = if self.named { format!("{path}:") } else { String::new() };
        let (mut number, mut count) = (0, 0);
        let quiet = "cqlL".chars().any(|flag| options.has(flag));
        while let Some(line) = next_line(reader)?.filter(|_| count < self.lines_max) {
            number += 1;
            if self.regex.is_match(&line) == options.has('v') {
                continue;
            }
            count += 1;
            if quiet {
                continue;
            }
            let place = if options.has('n') { format!("{name}{number}:") } else { name.clone() };
            if options.has('o') {
                for part in self.regex.find_iter(&line) {
                    job.print(format!("{place}{}\n", part.as_str()))?;
                }
            } else {
                job.print(format!("{place}{line}\n"))?;
            }
        }
        self.found |= count > 0;
        if options.has('c') {
            job.print(format!("{name}{count}\n"))?;
        } else if (options.has('l') && count > 0) || (options.has('L') && count == 0) {
            job.print(format!("{path}\n"))?;
        }
        Ok(())
    }
}
