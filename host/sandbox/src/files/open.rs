//! Opening: what is at a path is held, looked at, and only then opened.

use super::convert::error_code;
use super::folder::{Base, Folder, Place};
use super::handle::{Handle, kind};
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt as _};
use rustix::fs::{FileType, OFlags};
use skep_core::Access;
use std::io;
use wasmtime_wasi::filesystem::File;
use wasmtime_wasi::p2::bindings::filesystem::types::{DescriptorFlags, ErrorCode, OpenFlags, PathFlags};
use wasmtime_wasi::{FsPerms, OpenMode};

/// How often a file that comes and goes while it is opened is tried again.
const OPEN_TRIES_MAX: usize = 4;

/// How a guest wants to open something.
#[derive(Clone, Copy)]
pub(super) struct Ask {
    pub(super) path: PathFlags,
    pub(super) open: OpenFlags,
    pub(super) descriptor: DescriptorFlags,
}

/// What was opened.
pub(super) enum Opened {
    Folder(Folder),
    File(File),
}

impl Ask {
    fn create(&self) -> bool {
        self.open.contains(OpenFlags::CREATE)
    }

    fn exclusive(&self) -> bool {
        self.open.contains(OpenFlags::CREATE | OpenFlags::EXCLUSIVE)
    }

    fn directory(&self) -> bool {
        self.open.contains(OpenFlags::DIRECTORY)
    }

    /// Whether something may change; creating and truncating count as writing.
    fn write(&self) -> bool {
        self.descriptor.contains(DescriptorFlags::WRITE)
            || self.open.intersects(OpenFlags::CREATE | OpenFlags::TRUNCATE)
    }

    fn read(&self) -> bool {
        self.descriptor.contains(DescriptorFlags::READ) || !self.descriptor.contains(DescriptorFlags::WRITE)
    }

    fn mode(&self) -> OpenMode {
        let mut mode = OpenMode::empty();
        mode.set(OpenMode::READ, self.read());
        mode.set(OpenMode::WRITE, self.write());
        mode
    }

    /// The flags for an existing file.
    fn flags(&self) -> OFlags {
        let access = match (self.read(), self.write()) {
            (true, true) => OFlags::RDWR,
            (false, true) => OFlags::WRONLY,
            _ => OFlags::RDONLY,
        };
        let truncate = self.open.contains(OpenFlags::TRUNCATE);
        access | self.sync() | if truncate { OFlags::TRUNC } else { OFlags::empty() }
    }

    fn sync(&self) -> OFlags {
        let whole = DescriptorFlags::FILE_INTEGRITY_SYNC | DescriptorFlags::REQUESTED_WRITE_SYNC;
        if self.descriptor.intersects(whole) {
            OFlags::SYNC
        } else if self.descriptor.contains(DescriptorFlags::DATA_INTEGRITY_SYNC) {
            OFlags::DSYNC
        } else {
            OFlags::empty()
        }
    }

    /// Makes a file that isn't there yet.
    fn make(&self, dir: &Dir, path: &str) -> io::Result<std::fs::File> {
        let mut options = OpenOptions::new();
        options.read(self.read()).write(true).create_new(true);
        options.custom_flags(self.sync().bits().cast_signed());
        Ok(dir.open_with(path, &options)?.into_std())
    }
}

impl Folder {
    /// Opens what is at `path`.
    pub(super) fn open(&self, path: &str, ask: Ask) -> Result<Opened, ErrorCode> {
        if ask.directory() && ask.open != OpenFlags::DIRECTORY {
            return Err(ErrorCode::Invalid);
        }
        match self.place(path) {
            Ok(Place::Itself | Place::Pin(_)) if ask.exclusive() => Err(ErrorCode::Exist),
            Ok(Place::Itself) if ask.write() => Err(ErrorCode::IsDirectory),
            Ok(Place::Itself) => Ok(Opened::Folder(self.clone())),
            Ok(Place::Pin(pin)) => self.open_held(&pin.file, pin.access, ask),
            Ok(Place::Below(base)) => self.open_below(base, path, ask),
            Err(ErrorCode::NoEntry) if ask.create() => Err(ErrorCode::ReadOnly),
            Err(code) => Err(code),
        }
    }

    fn open_below(&self, base: &Base, path: &str, ask: Ask) -> Result<Opened, ErrorCode> {
        if ask.create() && base.access == Access::Ro {
            return Err(ErrorCode::ReadOnly);
        }
        for _ in 0..OPEN_TRIES_MAX {
            if !ask.exclusive() {
                match Handle::below(&base.dir, path, ask.path.contains(PathFlags::SYMLINK_FOLLOW)) {
                    Ok(held) => return self.open_held(&held, base.access, ask),
                    Err(error) if ask.create() && error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(error_code(error)),
                }
            }
            match ask.make(&base.dir, path) {
                Ok(file) => return Ok(opened_file(file, base.access, ask)),
                Err(error) if !ask.exclusive() && error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error_code(error)),
            }
        }
        // There, and not there: a link to nothing, through which nothing is made.
        Err(ErrorCode::NoEntry)
    }

    fn open_held(&self, held: &Handle, access: Access, ask: Ask) -> Result<Opened, ErrorCode> {
        match kind(&held.metadata().map_err(error_code)?) {
            kind if ask.directory() && kind != FileType::Directory => Err(ErrorCode::NotDirectory),
            FileType::RegularFile if ask.write() && access == Access::Ro => Err(ErrorCode::ReadOnly),
            FileType::RegularFile => {
                let file = held.file(ask.flags()).map_err(error_code)?;
                Ok(opened_file(file, access, ask))
            }
            FileType::Directory if ask.write() => Err(ErrorCode::IsDirectory),
            FileType::Directory => {
                let dir = held.directory().map_err(error_code)?;
                Ok(Opened::Folder(Self::plain(self.root, dir, access)))
            }
            FileType::Symlink => Err(ErrorCode::Loop),
            _ => Err(ErrorCode::NotPermitted),
        }
    }
}

fn opened_file(file: std::fs::File, access: Access, ask: Ask) -> Opened {
    let perms = match access {
        Access::Ro => FsPerms::ReadOnly,
        Access::Rw => FsPerms::ReadWrite,
    };
    Opened::File(File::new(file, perms, ask.mode(), false))
}
