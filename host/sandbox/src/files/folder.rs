//! A directory as a guest holds it, and what may be done at paths below it.

use super::convert::{Identity, descriptor_stat, error_code};
use super::handle::Handle;
use cap_std::fs::Dir;
use rustix::fs::Timestamps;
use skep_core::Access;
use std::collections::BTreeMap;
use std::fs::Metadata;
use std::path::{Component, Path};
use std::sync::Arc;
use wasmtime_wasi::p2::FsResult;
use wasmtime_wasi::p2::bindings::filesystem::types::{DescriptorStat, DescriptorType, ErrorCode};
use wasmtime_wasi::runtime::spawn_blocking;

/// A directory: one of the machine, or none, with single files laid over it by name.
#[derive(Clone)]
pub(super) struct Folder {
    /// The root that it belongs to; nothing is moved or linked from one root to another.
    pub(super) root: usize,
    /// The machine's directory; none if the folder is made up of granted files.
    pub(super) base: Option<Base>,
    /// The granted files, by name.
    pub(super) pins: Arc<BTreeMap<String, Pin>>,
}

/// A directory of the machine.
#[derive(Clone)]
pub(super) struct Base {
    pub(super) dir: Arc<Dir>,
    pub(super) access: Access,
}

/// A single file of the machine.
#[derive(Clone)]
pub(super) struct Pin {
    pub(super) file: Arc<Handle>,
    pub(super) access: Access,
}

/// Where a path leads.
pub(super) enum Place<'a> {
    /// To the folder itself.
    Itself,
    /// To a single granted file.
    Pin(&'a Pin),
    /// Somewhere below the machine's directory, or out of it: the kernel decides.
    Below(&'a Base),
}

impl Folder {
    /// A directory of the machine, without files laid over it.
    pub(super) fn plain(root: usize, dir: Dir, access: Access) -> Self {
        let base = Base { dir: Arc::new(dir), access };
        Self { root, base: Some(base), pins: Arc::default() }
    }

    /// Does blocking work away from the threads that guests run on.
    pub(super) async fn blocking<R: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<R, ErrorCode> + Send + 'static,
    ) -> FsResult<R> {
        let folder = self.clone();
        Ok(spawn_blocking(move || work(&folder)).await?)
    }

    /// Where `path` leads.
    pub(super) fn place(&self, path: &str) -> Result<Place<'_>, ErrorCode> {
        let mut parts = Path::new(path).components().filter(|part| *part != Component::CurDir);
        let (first, more) = (parts.next(), parts.next().is_some() || path.ends_with('/'));
        match (first, &self.base) {
            (None, _) if !path.is_empty() => return Ok(Place::Itself),
            (Some(Component::Normal(name)), _) => match name.to_str().and_then(|name| self.pins.get(name)) {
                Some(_) if more => return Err(ErrorCode::NotDirectory),
                Some(pin) => return Ok(Place::Pin(pin)),
                None => {}
            },
            (Some(_), None) => return Err(ErrorCode::NotPermitted),
            _ => {}
        }
        self.base.as_ref().map(Place::Below).ok_or(ErrorCode::NoEntry)
    }

    /// The directory in which the name at `path` may be made, moved or removed.
    fn changeable(&self, path: &str) -> Result<&Dir, ErrorCode> {
        let base = self.base.as_ref().filter(|base| base.access == Access::Rw).ok_or(ErrorCode::ReadOnly)?;
        match self.place(path)? {
            Place::Pin(_) => Err(ErrorCode::NotPermitted),
            Place::Itself | Place::Below(_) => Ok(&base.dir),
        }
    }

    /// Whether names below may be changed.
    pub(super) fn access(&self) -> Access {
        self.base.as_ref().map_or(Access::Ro, |base| base.access)
    }

    /// The attributes of the machine's directory, if there is one.
    pub(super) fn metadata(&self) -> Result<Option<Metadata>, ErrorCode> {
        let base = self.base.as_ref().map(|base| Handle::below(&base.dir, ".", false)?.metadata());
        base.transpose().map_err(error_code)
    }

    /// The attributes of what is at `path`; none for a folder made up.
    pub(super) fn metadata_at(&self, path: &str, follow: bool) -> Result<Option<Metadata>, ErrorCode> {
        match self.place(path)? {
            Place::Itself => self.metadata(),
            Place::Pin(pin) => pin.file.metadata().map(Some).map_err(error_code),
            Place::Below(base) => {
                let held = Handle::below(&base.dir, path, follow).map_err(error_code)?;
                held.metadata().map(Some).map_err(error_code)
            }
        }
    }

    /// The WASI form of what [`Self::metadata`] and [`Self::metadata_at`] tell.
    pub(super) fn stat(&self, metadata: Option<Metadata>) -> DescriptorStat {
        let made_up = DescriptorStat {
            type_: DescriptorType::Directory,
            link_count: 1,
            size: 0,
            data_access_timestamp: None,
            data_modification_timestamp: None,
            status_change_timestamp: None,
        };
        metadata.as_ref().map_or(made_up, descriptor_stat)
    }

    /// The identity of what [`Self::metadata`] and [`Self::metadata_at`] tell.
    pub(super) fn identity(&self, metadata: Option<Metadata>) -> Identity {
        let made_up = Identity(u64::MAX, self.root as u64);
        metadata.as_ref().map_or(made_up, Identity::from)
    }

    /// Sets the times of what is at `path`.
    pub(super) fn set_times_at(&self, path: &str, follow: bool, times: &Timestamps) -> Result<(), ErrorCode> {
        let set = |held: &Handle, access| match access {
            Access::Ro => Err(ErrorCode::ReadOnly),
            Access::Rw => held.set_times(times).map_err(error_code),
        };
        match self.place(path)? {
            Place::Itself => self.set_times(times),
            Place::Pin(pin) => set(&pin.file, pin.access),
            Place::Below(base) => {
                set(&Handle::below(&base.dir, path, follow).map_err(error_code)?, base.access)
            }
        }
    }

    /// Sets the folder's own times.
    pub(super) fn set_times(&self, times: &Timestamps) -> Result<(), ErrorCode> {
        let dir = self.changeable(".")?;
        Handle::below(dir, ".", false).and_then(|held| held.set_times(times)).map_err(error_code)
    }

    /// Flushes the folder to disk.
    pub(super) fn sync(&self) -> Result<(), ErrorCode> {
        let base = self.base.as_ref();
        base.map_or(Ok(()), |base| rustix::fs::fsync(&*base.dir).map_err(|e| error_code(e.into())))
    }

    /// Makes a directory.
    pub(super) fn create_directory(&self, path: &str) -> Result<(), ErrorCode> {
        self.changeable(path)?.create_dir(path).map_err(error_code)
    }

    /// Removes an empty directory.
    pub(super) fn remove_directory(&self, path: &str) -> Result<(), ErrorCode> {
        self.changeable(path)?.remove_dir(path).map_err(error_code)
    }

    /// Removes a name that is no directory.
    pub(super) fn unlink(&self, path: &str) -> Result<(), ErrorCode> {
        self.changeable(path)?.remove_file(path).map_err(error_code)
    }

    /// Makes a symbolic link at `path`. A target that is absolute or goes up is refused: after a move it
    /// could lead out of the root, where another program would follow it.
    pub(super) fn symlink(&self, target: &str, path: &str) -> Result<(), ErrorCode> {
        let dir = self.changeable(path)?;
        let leads_out = |part| matches!(part, Component::RootDir | Component::ParentDir);
        if Path::new(target).components().any(leads_out) {
            return Err(ErrorCode::NotPermitted);
        }
        dir.symlink(target, path).map_err(error_code)
    }

    /// What a symbolic link says; an absolute target would tell about the machine, and is refused.
    pub(super) fn readlink(&self, path: &str) -> Result<String, ErrorCode> {
        match self.place(path)? {
            Place::Itself | Place::Pin(_) => Err(ErrorCode::Invalid),
            Place::Below(base) => {
                let target = base.dir.read_link(path).map_err(error_code)?;
                target.into_os_string().into_string().map_err(|_| ErrorCode::IllegalByteSequence)
            }
        }
    }

    /// Moves a name.
    pub(super) fn rename(&self, path: &str, to: &Self, to_path: &str) -> Result<(), ErrorCode> {
        let (dir, to_dir) = self.changeable_pair(path, to, to_path)?;
        dir.rename(path, to_dir, to_path).map_err(error_code)
    }

    /// Gives a file a second name.
    pub(super) fn link(&self, path: &str, to: &Self, to_path: &str) -> Result<(), ErrorCode> {
        let (dir, to_dir) = self.changeable_pair(path, to, to_path)?;
        dir.hard_link(path, to_dir, to_path).map_err(error_code)
    }

    fn changeable_pair<'a>(
        &'a self,
        path: &str,
        to: &'a Self,
        to_path: &str,
    ) -> Result<(&'a Dir, &'a Dir), ErrorCode> {
        let dirs = (self.changeable(path)?, to.changeable(to_path)?);
        if self.root == to.root { Ok(dirs) } else { Err(ErrorCode::CrossDevice) }
    }
}
