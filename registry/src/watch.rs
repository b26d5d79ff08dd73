//! Watching a directory: what is put there is installed, what is changed there replaces what serves.

use crate::{AddOptions, Added, Registry, Source};
use notify::{RecursiveMode, Watcher as _};
use skep_core::{Digest, DomainName, Fault};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::mpsc;

/// How long the directory must be quiet before it is read: a copy in progress is not a skill yet.
const QUIET: Duration = Duration::from_millis(150);
/// Pause before what could not be installed for now is tried again.
const AGAIN: Duration = Duration::from_secs(5);
/// Entries of the directory that are looked at.
const ENTRIES_MAX: usize = 1024;

/// What became of one file or folder.
pub struct WatchReport {
    /// The file or folder.
    pub path: PathBuf,
    /// The version that was installed, or why none was: then what served before serves on.
    pub result: Result<Added, Fault>,
}

/// Installs everything in `dir`, then whatever changes in it, and tells `report` of each.
/// Ends when the receiver of `report` is gone. What is deleted from the directory stays installed.
pub async fn watch(
    registry: Registry,
    domain: DomainName,
    dir: PathBuf,
    report: mpsc::Sender<WatchReport>,
) -> Result<(), Fault> {
    let (woken, mut wakes) = mpsc::channel(1);
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let matters = event.map_or(true, |e| !e.kind.is_access());
        if matters {
            // A full channel means that a scan is due already.
            let _ = woken.try_send(());
        }
    })
    .map_err(|e| unwatchable(&dir, &e))?;
    watcher.watch(&dir, RecursiveMode::Recursive).map_err(|e| unwatchable(&dir, &e))?;
    let mut seen = HashMap::new();
    loop {
        let mut again = false;
        for (path, source) in changed(&dir, &mut seen) {
            let result = match source {
                Ok(source) => {
                    registry.add(&domain, source, AddOptions { replace: true, ..Default::default() }).await
                }
                Err(fault) => Err(fault),
            };
            if result.as_ref().is_err_and(|fault| fault.code.retryable(false)) {
                seen.remove(&path);
                again = true;
            }
            if report.send(WatchReport { path, result }).await.is_err() {
                return Ok(());
            }
        }
        tokio::select! {
            () = report.closed() => return Ok(()),
            woken = wakes.recv() => if woken.is_none() { return Ok(()) },
            () = tokio::time::sleep(AGAIN), if again => {}
        }
        while let Ok(Some(())) = tokio::time::timeout(QUIET, wakes.recv()).await {}
    }
}

fn unwatchable(dir: &Path, error: &notify::Error) -> Fault {
    Fault::invalid_input(format!("can't watch `{}`: {error}", dir.display()))
}

type Candidate = (PathBuf, Result<Source, Fault>);

/// The skills in `dir` that are not as they were when last seen.
fn changed(dir: &Path, seen: &mut HashMap<PathBuf, Digest>) -> Vec<Candidate> {
    let mut fresh = HashMap::new();
    let mut candidates = Vec::new();
    for path in skill_paths(dir) {
        let source = Source::read(&path);
        let mark = source.as_ref().map_or_else(|e| Digest::of(e.message.as_bytes()), mark);
        if seen.get(&path) != Some(&mark) {
            candidates.push((path.clone(), source));
        }
        fresh.insert(path, mark);
    }
    *seen = fresh;
    candidates
}

/// What tells a source from the one seen before; its prompt is no part of its digest.
fn mark(source: &Source) -> Digest {
    Digest::of_parts(&[source.digest().as_bytes(), source.prompt().unwrap_or_default().as_bytes()])
}

/// Files named `*.wasm` and folders with a `skill.toml`, in order.
fn skill_paths(dir: &Path) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(dir).min_depth(1).max_depth(1).sort_by_file_name();
    let entries =
        entries.into_iter().filter_map(Result::ok).take(ENTRIES_MAX).map(walkdir::DirEntry::into_path);
    let is_skill = |path: &PathBuf| {
        let hidden = path.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
        let file = path.extension().is_some_and(|e| e == "wasm") && path.is_file();
        !hidden && (file || path.join("skill.toml").is_file())
    };
    entries.filter(is_skill).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_is_looked_at_again() {
        let dir = tempfile::tempdir().unwrap();
        let mut seen = HashMap::new();
        std::fs::write(dir.path().join("a.wasm"), "1").unwrap();
        std::fs::write(dir.path().join("notes.txt"), "no skill").unwrap();
        assert_eq!(changed(dir.path(), &mut seen).len(), 1);
        assert_eq!(changed(dir.path(), &mut seen).len(), 0);
        std::fs::write(dir.path().join("a.wasm"), "2").unwrap();
        std::fs::create_dir(dir.path().join("b")).unwrap();
        std::fs::write(dir.path().join("b/skill.toml"), "broken").unwrap();
        let names: Vec<_> = changed(dir.path(), &mut seen).into_iter().map(|(p, s)| (p, s.is_ok())).collect();
        assert_eq!(names, [(dir.path().join("a.wasm"), true), (dir.path().join("b"), false)]);
    }
}
