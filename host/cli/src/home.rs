//! The data directory: where it is, that it is private, and that one host holds it.

use crate::failure::Failure;
use anyhow::Context;
use rustix::fs::{FlockOperation, flock};
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The data directory of a deployment on this machine.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    dir: PathBuf,
    /// Whether the operator named it; then its key is kept in it as well.
    pub(crate) named: bool,
}

/// Held as long as this process may change the data directory.
pub(crate) struct Lock {
    _file: File,
}

impl Home {
    /// `--data`, else `SKEP_DATA`, else the XDG data directory.
    pub(crate) fn find(flag: Option<&Path>) -> Result<Self, Failure> {
        let named = flag.map(Path::to_owned).or_else(|| std::env::var_os("SKEP_DATA").map(PathBuf::from));
        let (dir, named) = match named {
            Some(dir) => (dir, true),
            None => (xdg("XDG_DATA_HOME", ".local/share")?, false),
        };
        let dir = std::path::absolute(&dir).with_context(|| format!("data directory {}", dir.display()))?;
        Ok(Self { dir, named })
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.dir.join("skep.sock")
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.dir.join("skep.db")
    }

    pub(crate) fn artefacts(&self) -> PathBuf {
        self.dir.join("artefacts")
    }

    pub(crate) fn lock_file(&self) -> PathBuf {
        self.dir.join("lock")
    }

    /// Makes the directory if it is missing, and makes it private.
    pub(crate) fn prepare(&self) -> Result<(), Failure> {
        private_dir(&self.dir)?;
        Ok(())
    }

    /// Takes the lock; `None` if another process holds it.
    pub(crate) fn lock(&self) -> Result<Option<Lock>, Failure> {
        let path = self.lock_file();
        let mut options = OpenOptions::new();
        let file = options.create(true).truncate(false).write(true).mode(0o600).open(&path);
        let file = file.with_context(|| format!("lock file {}", path.display()))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Lock { _file: file })),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(error) => {
                Err(anyhow::Error::from(error).context(format!("lock file {}", path.display())).into())
            }
        }
    }
}

/// What is Skep's own on this machine, so that no grant may reach it.
pub(crate) fn own_places(home: &Home) -> Vec<PathBuf> {
    let usual = [xdg("XDG_CONFIG_HOME", ".config"), xdg("XDG_CACHE_HOME", ".cache")];
    usual.into_iter().filter_map(Result::ok).chain([home.dir().to_owned()]).collect()
}

/// Makes a directory that only this user can enter.
pub(crate) fn private_dir(dir: &Path) -> anyhow::Result<()> {
    let what = || format!("directory {}", dir.display());
    DirBuilder::new().recursive(true).mode(0o700).create(dir).with_context(what)?;
    std::fs::set_permissions(dir, Permissions::from_mode(0o700)).with_context(what)
}

/// A directory of the XDG base directory specification, with Skep's own below it.
pub(crate) fn xdg(variable: &str, below_home: &str) -> Result<PathBuf, Failure> {
    let set = std::env::var_os(variable).map(PathBuf::from).filter(|p| p.is_absolute());
    let base = set.or_else(|| std::env::home_dir().map(|home| home.join(below_home)));
    let base = base
        .ok_or_else(|| Failure::Usage(format!("neither {variable} nor HOME is set: name it with --data")))?;
    Ok(base.join("skep"))
}
