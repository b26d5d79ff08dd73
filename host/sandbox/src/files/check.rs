//! What may be granted at all: checked when it is granted, and the rules against each other at every call.

use super::convert::Identity;
use skep_core::{FileRule, GuestPath};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// How many rules one skill may have.
const RULES_MAX: usize = 256;

/// What shows the machine rather than files.
const SYSTEM: [&str; 3] = ["/proc", "/sys", "/dev"];

/// A file or directory that can't be granted.
#[derive(Debug, thiserror::Error)]
pub enum RootError {
    /// It isn't there, or can't be looked at.
    #[error("`{0}` can't be granted: {1}")]
    Missing(PathBuf, io::Error),
    /// A FIFO, socket or device.
    #[error("`{0}` can't be granted: it is neither a directory nor a regular file")]
    Special(PathBuf),
    /// The whole machine.
    #[error("`/` can't be granted: it contains /proc, /sys and /dev; grant the directory that is needed")]
    Whole,
    /// It is, contains or lies in something that no skill may touch.
    #[error("`{0}` can't be granted: it overlaps `{1}`, which no skill may touch")]
    Overlap(PathBuf, PathBuf),
    /// Two rules for one guest path.
    #[error("guest path `{0}` is granted twice: revoke one, or choose another guest path")]
    Twice(GuestPath),
    /// A rule that could be got round.
    #[error(
        "`{inner}:ro` can't be held inside `{outer}:rw`: grant `{outer}:ro`, and `rw` what lies below it"
    )]
    Narrower {
        /// The rule that would take away.
        inner: GuestPath,
        /// The rule that gives.
        outer: GuestPath,
    },
    /// Too many rules.
    #[error("{0} files and directories are granted, at most {RULES_MAX} are served: grant a directory")]
    Many(usize),
}

/// Whether `host` may be granted: a directory or regular file that doesn't overlap any of `forbidden` (which
/// need not exist) nor /proc, /sys and /dev. Gives its canonical path, which is the one to keep.
pub fn check_root(host: &Path, forbidden: &[PathBuf]) -> Result<PathBuf, RootError> {
    let missing = |error| RootError::Missing(host.to_owned(), error);
    let root = fs::canonicalize(host).map_err(missing)?;
    let metadata = fs::metadata(&root).map_err(missing)?;
    if !metadata.is_dir() && !metadata.is_file() {
        return Err(RootError::Special(host.to_owned()));
    }
    if root.parent().is_none() {
        return Err(RootError::Whole);
    }
    let forbidden = SYSTEM.iter().map(Path::new).chain(forbidden.iter().map(PathBuf::as_path));
    for path in forbidden {
        let real = canonical(path).map_err(missing)?;
        if within(&root, &real) || within(&real, &root) {
            return Err(RootError::Overlap(host.to_owned(), path.to_owned()));
        }
    }
    Ok(root)
}

/// The canonical form of a path whose last parts may be missing.
fn canonical(path: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    for there in path.ancestors() {
        if let Ok(real) = fs::canonicalize(there) {
            return Ok(path.strip_prefix(there).map_or(real.clone(), |missing| real.join(missing)));
        }
    }
    Ok(path)
}

/// Whether `inner` is `outer` or lies below it, by name or, as with bind mounts, by identity.
fn within(inner: &Path, outer: &Path) -> bool {
    let identity = |path: &Path| fs::metadata(path).ok().as_ref().map(Identity::from);
    let outer_identity = identity(outer);
    inner.starts_with(outer)
        || outer_identity.is_some() && inner.ancestors().any(|path| identity(path) == outer_identity)
}

/// Whether these rules can be held together.
pub fn check_rules(rules: &[FileRule]) -> Result<(), RootError> {
    if rules.len() > RULES_MAX {
        return Err(RootError::Many(rules.len()));
    }
    for (index, rule) in rules.iter().enumerate() {
        if rules[..index].iter().any(|other| other.guest == rule.guest) {
            return Err(RootError::Twice(rule.guest.clone()));
        }
        let gives_more = |outer: &&FileRule| {
            outer.access > rule.access
                && outer.guest.covers(&rule.guest)
                && rule.host.starts_with(&outer.host)
        };
        if let Some(outer) = rules.iter().find(gives_more) {
            return Err(RootError::Narrower { inner: rule.guest.clone(), outer: outer.guest.clone() });
        }
    }
    Ok(())
}
