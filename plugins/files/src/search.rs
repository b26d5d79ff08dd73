//! `search`: lines that contain a text or match an expression.

use std::{
    fs,
    path::{Path, PathBuf},
};

use regex_lite::{Regex, RegexBuilder};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use skep::{Error, context};

use crate::{scope::Scope, walk::Walk};

const HITS_MAX: usize = 200;
const HITS_USUAL: usize = 50;
const FILES_MAX: usize = 10_000;
const FILE_BYTES_MAX: u64 = 4 << 20;
const LINE_SHOWN_MAX: usize = 300;
/// A zero byte this early makes a file binary.
const BINARY_LOOK: usize = 8 << 10;
/// How many files between two looks at whether the caller still waits.
const CANCEL_LOOK: usize = 64;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchRequest {
    #[serde(default = "top")]
    path: String,
    #[schemars(length(min = 1, max = 1000))]
    pattern: String,
    #[serde(default)]
    regex: bool,
    #[serde(default)]
    ignore_case: bool,
    /// Only files whose name ends so, as in `.md`
    #[serde(default)]
    suffix: String,
    /// Hits at most
    #[serde(default = "hits_usual")]
    #[schemars(range(min = 1, max = HITS_MAX))]
    limit: usize,
}

fn top() -> String {
    "/".to_owned()
}

fn hits_usual() -> usize {
    HITS_USUAL
}

#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct Hits {
    hits: Vec<Hit>,
    /// Files searched
    files: usize,
    /// Files that are binary, too large or unreadable
    skipped: usize,
    /// Whether a limit ended the search
    truncated: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Hit {
    path: String,
    /// From 1
    line: usize,
    /// The line, cut to 300 characters around the hit
    text: String,
}

/// Finds lines that contain a text, or match a regular expression, in a file or below a folder.
#[skep::tool]
pub fn search(request: SearchRequest) -> Result<Hits, Error> {
    let scope = Scope::granted();
    let pattern = pattern(&request)?;
    let mut hits = Hits::default();
    for start in starts(&scope, &request.path)? {
        search_below(&scope, &start, &request, &pattern, &mut hits)?;
    }
    Ok(hits)
}

/// Where to search: the path, or every root where the path is above them all.
fn starts(scope: &Scope, path: &str) -> Result<Vec<PathBuf>, Error> {
    let everything = path.trim_matches('/').is_empty() && !scope.roots.is_empty();
    if everything { Ok(scope.roots.iter().map(PathBuf::from).collect()) } else { Ok(vec![scope.path(path)?]) }
}

fn pattern(request: &SearchRequest) -> Result<Regex, Error> {
    let pattern = if request.regex { request.pattern.clone() } else { regex_lite::escape(&request.pattern) };
    let built = RegexBuilder::new(&pattern).case_insensitive(request.ignore_case).build();
    built.map_err(|e| Error::InvalidInput(format!("pattern: {e}")))
}

fn search_below(
    scope: &Scope,
    start: &Path,
    request: &SearchRequest,
    pattern: &Regex,
    hits: &mut Hits,
) -> Result<(), Error> {
    let found = fs::symlink_metadata(start).map_err(|error| scope.failed(start, &error))?;
    if !found.is_dir() {
        search_file(start, request, pattern, hits);
        return Ok(());
    }
    let mut walk = Walk::new(start, true).map_err(|error| scope.failed(start, &error))?;
    for entry in walk.by_ref().filter(|entry| entry.kind.is_file()) {
        if hits.truncated {
            break;
        }
        if hits.files + hits.skipped == FILES_MAX || gone(hits.files) {
            hits.truncated = true;
        } else if entry.path.to_string_lossy().ends_with(&request.suffix) {
            search_file(&entry.path, request, pattern, hits);
        }
    }
    hits.truncated |= walk.truncated;
    Ok(())
}

fn gone(files: usize) -> bool {
    files.is_multiple_of(CANCEL_LOOK) && context::cancelled()
}

fn search_file(path: &Path, request: &SearchRequest, pattern: &Regex, hits: &mut Hits) {
    let Some(text) = text(path) else {
        hits.skipped += 1;
        return;
    };
    hits.files += 1;
    for (at, line) in text.lines().enumerate() {
        let Some(found) = pattern.find(line) else { continue };
        if hits.hits.len() == request.limit.min(HITS_MAX) {
            hits.truncated = true;
            return;
        }
        hits.hits.push(Hit {
            path: path.to_string_lossy().into_owned(),
            line: at + 1,
            text: around(line, found.start()),
        });
    }
}

/// The text of a file, unless it is binary, too large or unreadable.
fn text(path: &Path) -> Option<String> {
    if fs::metadata(path).ok()?.len() > FILE_BYTES_MAX {
        return None;
    }
    let bytes = fs::read(path).ok()?;
    let binary = bytes.iter().take(BINARY_LOOK).any(|&byte| byte == 0);
    (!binary).then(|| String::from_utf8_lossy(&bytes).into_owned())
}

/// A long line, cut so that the hit is in what is shown.
fn around(line: &str, hit: usize) -> String {
    let before = line[..hit].chars().count();
    let skip =
        if line.chars().count() <= LINE_SHOWN_MAX { 0 } else { before.saturating_sub(LINE_SHOWN_MAX / 2) };
    line.chars().skip(skip).take(LINE_SHOWN_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_cut_around_the_hit() {
        let line = format!("{}needle{}", "ä".repeat(1000), "ö".repeat(1000));
        let shown = around(&line, line.find("needle").unwrap());
        assert_eq!(shown.chars().count(), LINE_SHOWN_MAX);
        assert!(shown.contains("needle"));
        assert_eq!(around("short needle", 6), "short needle");
    }
}
