//! A file that is held but not opened: looked at first, so that no FIFO or device is ever opened.

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt as _};
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt as _};
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, Timestamps};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::{fs, io, path::Path};

/// An `O_PATH` descriptor. Taking one has no effect on what it names; what is opened from it later is
/// exactly what was looked at, whatever happens to the name in between.
pub(super) struct Handle(fs::File);

impl Handle {
    /// Holds `path` below `dir`. Only a path that stays below `dir` is found.
    pub(super) fn below(dir: &Dir, path: &str, follow: bool) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).custom_flags(OFlags::PATH.bits().cast_signed());
        options.follow(if follow { FollowSymlinks::Yes } else { FollowSymlinks::No });
        Ok(Self(dir.open_with(path, &options)?.into_std()))
    }

    /// Holds an absolute path of the machine, none of whose parts may be a symbolic link (Linux 5.6).
    pub(super) fn absolute(path: &Path) -> io::Result<Self> {
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        let resolve = ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        let held = rustix::fs::openat2(CWD, path, flags, Mode::empty(), resolve)?;
        Ok(Self(held.into()))
    }

    /// What is held, as it is now.
    pub(super) fn metadata(&self) -> io::Result<fs::Metadata> {
        self.0.metadata()
    }

    /// Opens the regular file that is held.
    pub(super) fn file(&self, flags: OFlags) -> io::Result<fs::File> {
        Ok(rustix::fs::open(self.link(), flags | OFlags::CLOEXEC, Mode::empty())?.into())
    }

    /// Opens the directory that is held.
    pub(super) fn directory(&self) -> io::Result<Dir> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(&self.0, ".", flags, Mode::empty())?;
        Ok(Dir::from_std_file(opened.into()))
    }

    /// Sets the times of what is held, of a symbolic link itself too.
    pub(super) fn set_times(&self, times: &Timestamps) -> io::Result<()> {
        Ok(rustix::fs::utimensat(CWD, self.link(), times, AtFlags::empty())?)
    }

    /// The name by which the kernel leads to the very thing that is held.
    fn link(&self) -> String {
        format!("/proc/self/fd/{}", self.0.as_raw_fd())
    }
}

/// The type that `metadata` tells.
pub(super) fn kind(metadata: &fs::Metadata) -> FileType {
    FileType::from_raw_mode(metadata.mode())
}
