//! The sources of a project, watched: what tools write into it is no change.

use crate::failure::Failure;
use anyhow::{Context, anyhow};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};
use skep_forge::Project;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{Receiver, channel};

/// How long the sources must be quiet before they are built: editors save in several steps.
const QUIET: Duration = Duration::from_millis(50);
/// Folders that are nobody's sources, in any language.
const NO_SOURCES: [&str; 4] = [".git", ".venv", "__pycache__", "node_modules"];
/// How the names start of what Skep itself writes.
const SKEPS_OWN: &str = ".skep";

/// The sources of a project.
pub(super) struct Sources {
    changes: Receiver<Instant>,
    _watcher: RecommendedWatcher,
}

impl Sources {
    /// Starts to watch. What happens from now on is told by `changed`, however late that is asked.
    pub(super) fn watch(project: &Project) -> Result<Self, Failure> {
        let sieve = Sieve::new(project);
        // One change that waits is enough: what comes after it is built with it.
        let (tell, changes) = channel(1);
        let heard = move |event: notify::Result<Event>| {
            if event.map_or(true, |event| sieve.is_change(&event)) {
                let _ = tell.try_send(Instant::now());
            }
        };
        let what = || format!("watching {}", project.dir().display());
        let mut watcher = notify::recommended_watcher(heard).with_context(what)?;
        watcher.watch(project.dir(), RecursiveMode::Recursive).with_context(what)?;
        Ok(Self { changes, _watcher: watcher })
    }

    /// Waits for a change, then for quiet; gives the time of the change.
    pub(super) async fn changed(&mut self) -> Result<Instant, Failure> {
        let first = self.changes.recv().await.ok_or_else(|| anyhow!("the sources are no longer watched"))?;
        while let Ok(Some(_)) = tokio::time::timeout(QUIET, self.changes.recv()).await {}
        Ok(first)
    }
}

/// Tells sources from the rest.
struct Sieve {
    dir: PathBuf,
    component: PathBuf,
    leaves: Vec<&'static str>,
}

impl Sieve {
    fn new(project: &Project) -> Self {
        let leaves = project.language().leaves().iter().map(|name| name.trim_end_matches('/'));
        Self { dir: project.dir().to_owned(), component: project.component(), leaves: leaves.collect() }
    }

    fn is_change(&self, event: &Event) -> bool {
        !event.kind.is_access() && event.paths.iter().any(|path| self.is_source(path))
    }

    fn is_source(&self, path: &Path) -> bool {
        let Ok(below) = path.strip_prefix(&self.dir) else { return true };
        let is_other = |name: &str| {
            NO_SOURCES.contains(&name) || self.leaves.contains(&name) || name.starts_with(SKEPS_OWN)
        };
        path != self.component && !below.iter().any(|part| part.to_str().is_some_and(is_other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tools_write_is_no_source() {
        let dir = PathBuf::from("/p/.skep-like/my");
        let sieve = Sieve { component: dir.join("my.wasm"), dir, leaves: vec!["target", "Cargo.lock"] };
        let check = |path: &str, expect: bool| {
            assert_eq!(sieve.is_source(&sieve.dir.join(path)), expect, "{path}");
        };
        for source in ["src/lib.rs", "skill.toml", "wit/world.wit", "tests/cases.toml", "data/x.wasm"] {
            check(source, true);
        }
        for other in
            ["my.wasm", ".skep-Xy1", ".skep/wit/a.wit", "target/a/b", "Cargo.lock", "a/node_modules/b"]
        {
            check(other, false);
        }
    }
}
