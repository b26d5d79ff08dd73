//! What changes files: mkdir, rmdir, rm, cp, mv, touch.

use std::{fs, io};

use super::{Failure, Job};
use crate::places;

const DEPTH_MAX: usize = 32;

/// A failure of something done with a path.
fn of(path: &str) -> impl FnOnce(io::Error) -> Failure {
    move |error| Failure::io(path, &error)
}

pub fn mkdir(job: &mut Job) -> Result<u8, Failure> {
    let options = job.options("p")?;
    job.for_each(&options.rest, |job, path| {
        let whole = job.shell.path(path);
        if !options.has('p') {
            return fs::create_dir(whole).map_err(of(path));
        }
        if fs::metadata(&whole).is_ok_and(|found| found.is_dir()) {
            return Ok(());
        }
        // Not all at once: what is above the granted folder can't be made, and needn't be.
        let mut made = String::new();
        let mut last = Ok(());
        for name in whole.split('/').filter(|name| !name.is_empty()) {
            made = format!("{made}/{name}");
            last = match fs::metadata(&made) {
                Ok(_) => Ok(()),
                Err(_) => fs::create_dir(&made),
            };
        }
        last.map_err(of(path))
    })
}

pub fn rmdir(job: &mut Job) -> Result<u8, Failure> {
    let paths = job.options("")?.rest;
    job.for_each(&paths, |job, path| fs::remove_dir(job.shell.path(path)).map_err(of(path)))
}

pub fn rm(job: &mut Job) -> Result<u8, Failure> {
    let options = job.options("rRf")?;
    let (recursive, forced) = (options.has('r') || options.has('R'), options.has('f'));
    if forced && options.rest.is_empty() {
        return Ok(0);
    }
    job.for_each(&options.rest, |job, path| {
        let whole = job.shell.path(path);
        let is_folder = match fs::symlink_metadata(&whole) {
            Ok(found) => found.is_dir(),
            Err(error) if error.kind() == io::ErrorKind::NotFound && forced => return Ok(()),
            Err(error) => return Err(Failure::io(path, &error)),
        };
        match (is_folder, recursive) {
            (false, _) => fs::remove_file(whole).map_err(of(path)),
            (true, true) => remove(&whole, DEPTH_MAX).map_err(of(path)),
            (true, false) => Err(Failure::new(format!("{path}: is a folder; -r removes it with all in it"))),
        }
    })
}

fn remove(folder: &str, depth: usize) -> io::Result<()> {
    for name in places::names(folder)? {
        let path = places::join(folder, &name);
        if fs::symlink_metadata(&path)?.is_dir() && depth > 0 {
            remove(&path, depth - 1)?;
        } else {
            fs::remove_file(&path)?;
        }
    }
    fs::remove_dir(folder)
}

/// The operands as what to take and where to put it: into a folder, under its own name.
fn from_to(job: &Job, operands: &[String]) -> Result<Vec<(String, String)>, Failure> {
    let Some((to, from)) = operands.split_last().filter(|(_, from)| !from.is_empty()) else {
        return Err(Failure::usage("give what to take, and where to put it"));
    };
    let into = fs::metadata(job.shell.path(to)).is_ok_and(|found| found.is_dir());
    if from.len() > 1 && !into {
        return Err(Failure::new(format!("{to}: is no folder to put several in")));
    }
    let place = |path: &String| if into { places::join(to, places::last_name(path)) } else { to.clone() };
    Ok(from.iter().map(|path| (path.clone(), place(path))).collect())
}

pub fn cp(job: &mut Job) -> Result<u8, Failure> {
    let options = job.options("rRf")?;
    let recursive = options.has('r') || options.has('R');
    let pairs = from_to(job, &options.rest)?;
    let mut status = 0;
    for (from, to) in pairs {
        if let Err(failure) = copy(job, &from, &to, recursive, DEPTH_MAX) {
            status = 1;
            job.complain(failure)?;
        }
    }
    Ok(status)
}

fn copy(job: &Job, from: &str, to: &str, recursive: bool, depth: usize) -> Result<(), Failure> {
    let (source, target) = (job.shell.path(from), job.shell.path(to));
    if source == target {
        return Err(Failure::new(format!("{from}: is copied onto itself")));
    }
    if !fs::metadata(&source).map_err(of(from))?.is_dir() {
        let mut file = fs::File::open(source).map_err(of(from))?;
        let mut copy = fs::File::create(target).map_err(of(to))?;
        return io::copy(&mut file, &mut copy).map(drop).map_err(of(to));
    }
    if !recursive || depth == 0 {
        return Err(Failure::new(format!("{from}: is a folder; -r copies it with all in it")));
    }
    if format!("{target}/").starts_with(&format!("{source}/")) {
        return Err(Failure::new(format!("{from}: is copied into itself")));
    }
    let names = places::names(&source).map_err(of(from))?;
    if !fs::metadata(&target).is_ok_and(|found| found.is_dir()) {
        fs::create_dir(target).map_err(of(to))?;
    }
    for name in names {
        copy(job, &places::join(from, &name), &places::join(to, &name), true, depth - 1)?;
    }
    Ok(())
}

pub fn mv(job: &mut Job) -> Result<u8, Failure> {
    let pairs = from_to(job, &job.options("f")?.rest)?;
    let mut status = 0;
    for (from, to) in pairs {
        if let Err(error) = fs::rename(job.shell.path(&from), job.shell.path(&to)) {
            status = 1;
            job.complain(Failure::io(&from, &error))?;
        }
    }
    Ok(status)
}

pub fn touch(job: &mut Job) -> Result<u8, Failure> {
    let paths = job.options("")?.rest;
    job.for_each(&paths, |job, path| {
        let file = fs::OpenOptions::new().create(true).append(true).open(job.shell.path(path));
        file.and_then(|file| file.set_modified(std::time::SystemTime::now())).map_err(of(path))
    })
}
