//! The configuration: read in whole, what it names is there, and its passwords are kept.

use super::finding::Finding;
use super::ground::Ground;
use crate::settings::{Settings, Shared};
use std::fs;
use std::os::unix::fs::MetadataExt;

/// The bits that let everybody read a file.
const EVERYBODY: u32 = 0o004;

pub(super) async fn check(ground: &Ground) -> Vec<Finding> {
    match &ground.settings {
        Ok(settings) => {
            [Some(read(settings)), passwords(settings), watched(settings)].into_iter().flatten().collect()
        }
        Err(failure) => vec![
            Finding::failed(failure),
            Finding::information("what depends on the configuration wasn't looked at"),
        ],
    }
}

fn read(settings: &Settings) -> Finding {
    match &settings.config_file {
        Some(path) => Finding::ok(path.display().to_string()),
        None => Finding::ok("no file, flags and defaults alone"),
    }
}

/// Whether everybody may read a file with the password of Redis or the database.
fn passwords(settings: &Settings) -> Option<Finding> {
    let (path, Shared { redis, mysql }) = (settings.config_file.as_ref()?, settings.shared.as_ref()?);
    let text = fs::read_to_string(path).ok()?;
    let tells = [redis, mysql].into_iter().any(|url| url.contains('@') && text.contains(url.as_str()));
    let mode = fs::metadata(path).ok()?.mode();
    let path = path.display();
    (tells && mode & EVERYBODY != 0).then(|| {
        Finding::warning(
            format!("{path} may hold a password, and everybody can read it (mode {:o})", mode & 0o777),
            format!("chmod o= {path}"),
        )
    })
}

fn watched(settings: &Settings) -> Option<Finding> {
    let dir = settings.watch.as_ref().filter(|dir| !dir.is_dir())?;
    let found = format!("the watched directory {} isn't there", dir.display());
    Some(Finding::problem(found, "make it, or take `watch` out: `skep serve` doesn't start without"))
}
