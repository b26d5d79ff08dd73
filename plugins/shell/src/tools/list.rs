//! ls: what is in a folder.

use std::fs;

use super::{Failure, Job, date, options::Options};
use crate::places;

const DEPTH_MAX: usize = 32;

pub fn ls(job: &mut Job) -> Result<u8, Failure> {
    let options = job.options("la1AdRht")?;
    let mut paths = options.rest.clone();
    if paths.is_empty() {
        paths.push(".".to_owned());
    }
    let named = paths.len() > 1 || options.has('R');
    let mut first = true;
    job.for_each(&paths, |job, path| {
        let whole = job.shell.path(path);
        if !places::is_folder(&whole) || options.has('d') {
            return show(job, path, path, &options);
        }
        folder(job, path, DEPTH_MAX, named, &mut first, &options)
    })
}

fn folder(
    job: &mut Job,
    path: &str,
    depth: usize,
    named: bool,
    first: &mut bool,
    options: &Options,
) -> Result<(), Failure> {
    if named {
        job.print(format!("{}{path}:\n", if *first { "" } else { "\n" }))?;
        *first = false;
    }
    let names = places::names(&job.shell.path(path)).map_err(|error| Failure::io(path, &error))?;
    let seen = |name: &String| options.has('a') || options.has('A') || !name.starts_with('.');
    let names: Vec<String> = names.into_iter().filter(seen).collect();
    for name in &names {
        show(job, &places::join(path, name), name, options)?;
    }
    for name in names.iter().filter(|_| options.has('R') && depth > 0) {
        let path = places::join(path, name);
        if fs::symlink_metadata(job.shell.path(&path)).is_ok_and(|found| found.is_dir()) {
            folder(job, &path, depth - 1, named, first, options)?;
        }
    }
    Ok(())
}

fn show(job: &mut Job, path: &str, name: &str, options: &Options) -> Result<(), Failure> {
    let whole = job.shell.path(path);
    let found = match fs::symlink_metadata(&whole) {
        Ok(found) => Some(found),
        Err(_) if places::is_folder(&whole) => None,
        Err(error) => return Err(Failure::io(path, &error)),
    };
    if !options.has('l') {
        return job.print(format!("{name}\n"));
    }
    let kind = match &found {
        Some(found) if found.is_file() => '-',
        Some(found) if found.is_symlink() => 'l',
        _ => 'd',
    };
    let size = found.as_ref().map_or(0, fs::Metadata::len);
    let changed = found.and_then(|found| found.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok());
    let changed = date::formatted("%F %H:%M", changed.map_or(0, |since| since.as_secs()))?;
    job.print(format!("{kind} {size:>10} {changed} {name}\n"))
}
