//! `list` and `stat`: what is there.

use std::{
    fs::{self, FileType},
    path::Path,
    time::UNIX_EPOCH,
};

use serde::{Deserialize, Serialize};

use crate::{exports::skep::skill::tools::Error, scope::Scope, walk::Walk};

const ENTRIES_MAX: usize = 1000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListRequest {
    #[serde(default)]
    path: String,
    #[serde(default)]
    recursive: bool,
    #[serde(default = "entries_max")]
    limit: usize,
}

fn entries_max() -> usize {
    ENTRIES_MAX
}

#[derive(Serialize)]
pub struct Listing {
    entries: Vec<Found>,
    truncated: bool,
}

#[derive(Serialize)]
pub struct Found {
    path: String,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    modified_ms: Option<u64>,
}

pub fn list(scope: &Scope, request: &ListRequest) -> Result<Listing, Error> {
    let limit = request.limit.min(ENTRIES_MAX);
    let top = request.path.trim_matches('/').is_empty() && !scope.covers(Path::new("/"));
    if top && !scope.roots.is_empty() {
        return Ok(Listing {
            entries: scope.roots.iter().map(|root| folder(root)).collect(),
            truncated: false,
        });
    }
    let path = scope.path(&request.path)?;
    let mut walk = Walk::new(&path, request.recursive).map_err(|error| scope.failed(&path, &error))?;
    let mut entries = Vec::new();
    for entry in walk.by_ref().take(limit) {
        let size = entry.kind.is_file().then(|| fs::symlink_metadata(&entry.path).ok()).flatten();
        entries.push(Found {
            path: entry.path.to_string_lossy().into_owned(),
            kind: kind(entry.kind),
            size: size.map(|found| found.len()),
            modified_ms: None,
        });
    }
    let truncated = walk.next().is_some() || walk.truncated;
    Ok(Listing { entries, truncated })
}

fn folder(root: &str) -> Found {
    Found { path: root.to_owned(), kind: "folder", size: None, modified_ms: None }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatRequest {
    path: String,
}

pub fn stat(scope: &Scope, request: &StatRequest) -> Result<Found, Error> {
    let path = scope.path(&request.path)?;
    let found = fs::symlink_metadata(&path).map_err(|error| scope.failed(&path, &error))?;
    let since_1970 = found.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    Ok(Found {
        path: path.to_string_lossy().into_owned(),
        kind: kind(found.file_type()),
        size: found.is_file().then_some(found.len()),
        modified_ms: since_1970.and_then(|time| u64::try_from(time.as_millis()).ok()),
    })
}

fn kind(kind: FileType) -> &'static str {
    match kind {
        kind if kind.is_file() => "file",
        kind if kind.is_dir() => "folder",
        kind if kind.is_symlink() => "link",
        _ => "other",
    }
}
