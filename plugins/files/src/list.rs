//! `list` and `stat`: what is there.

use std::{
    fs::{self, FileType},
    path::Path,
    time::UNIX_EPOCH,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use skep::Error;

use crate::{scope::Scope, walk::Walk};

const ENTRIES_MAX: usize = 1000;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListRequest {
    /// The folder
    #[serde(default = "top")]
    path: String,
    /// Also all that is below it
    #[serde(default)]
    recursive: bool,
    #[serde(default = "entries_max")]
    #[schemars(range(min = 1, max = ENTRIES_MAX))]
    limit: usize,
}

fn top() -> String {
    "/".to_owned()
}

fn entries_max() -> usize {
    ENTRIES_MAX
}

#[derive(Serialize, JsonSchema)]
pub struct Listing {
    entries: Vec<Found>,
    /// Whether there are more than these
    truncated: bool,
}

#[derive(Serialize, JsonSchema)]
pub struct Found {
    path: String,
    kind: Kind,
    /// In bytes; of files only
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    /// Milliseconds since 1970-01-01T00:00:00Z; not in a listing
    #[serde(skip_serializing_if = "Option::is_none")]
    modified_ms: Option<u64>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Kind {
    File,
    Folder,
    Link,
    Other,
}

/// Lists a folder: names, kinds, sizes. `/` shows what was granted.
#[skep::tool]
pub fn list(request: ListRequest) -> Result<Listing, Error> {
    let scope = Scope::granted();
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
    Found { path: root.to_owned(), kind: Kind::Folder, size: None, modified_ms: None }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatRequest {
    path: String,
}

/// Kind, size and time of last change of one path.
#[skep::tool]
pub fn stat(request: StatRequest) -> Result<Found, Error> {
    let scope = Scope::granted();
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

fn kind(kind: FileType) -> Kind {
    match kind {
        kind if kind.is_file() => Kind::File,
        kind if kind.is_dir() => Kind::Folder,
        kind if kind.is_symlink() => Kind::Link,
        _ => Kind::Other,
    }
}
