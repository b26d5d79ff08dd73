//! find: paths below a folder, by name and kind.

use std::fs;

use super::{Failure, Job};
use crate::{pattern::Pattern, places};

const DEPTH_MAX: usize = 32;

#[derive(Default)]
struct Wanted {
    name: Option<Pattern>,
    any_case: Option<Pattern>,
    folders: Option<bool>,
    depth_max: Option<usize>,
}

pub fn find(job: &mut Job) -> Result<u8, Failure> {
    let split = job.args.iter().position(|arg| arg.starts_with('-')).unwrap_or(job.args.len());
    let mut paths = job.args[..split].to_vec();
    if paths.is_empty() {
        paths.push(".".to_owned());
    }
    let mut wanted = Wanted::default();
    for test in job.args[split..].chunks(2) {
        match test {
            [name, pattern] if name == "-name" => wanted.name = Some(Pattern::plain(pattern)),
            [name, pattern] if name == "-iname" => {
                wanted.any_case = Some(Pattern::plain(&pattern.to_lowercase()));
            }
            [name, kind] if name == "-type" && (kind == "f" || kind == "d") => {
                wanted.folders = Some(kind == "d")
            }
            [name, depth] if name == "-maxdepth" => {
                let depth = depth.parse().map_err(|_| Failure::usage("-maxdepth needs a number"))?;
                wanted.depth_max = Some(depth);
            }
            other => return Err(Failure::usage(format!("`{}` is not understood here", other.join(" ")))),
        }
    }
    let depth = wanted.depth_max.unwrap_or(DEPTH_MAX).min(DEPTH_MAX);
    job.for_each(&paths, |job, path| below(job, path, depth, &wanted))
}

fn below(job: &mut Job, path: &str, depth: usize, wanted: &Wanted) -> Result<(), Failure> {
    let whole = job.shell.path(path);
    let is_folder = match fs::symlink_metadata(&whole) {
        Ok(found) => found.is_dir(),
        Err(_) if places::is_folder(&whole) => true,
        Err(error) => return Err(Failure::io(path, &error)),
    };
    let name = places::last_name(path);
    let fits = wanted.name.as_ref().is_none_or(|pattern| pattern.matches(name))
        && wanted.any_case.as_ref().is_none_or(|pattern| pattern.matches(&name.to_lowercase()))
        && wanted.folders.is_none_or(|folders| folders == is_folder);
    if fits {
        job.print(format!("{path}\n"))?;
    }
    if is_folder && depth > 0 {
        for name in places::names(&whole).map_err(|error| Failure::io(path, &error))? {
            below(job, &places::join(path, &name), depth - 1, wanted)?;
        }
    }
    Ok(())
}
