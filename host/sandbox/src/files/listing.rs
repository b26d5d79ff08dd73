//! Listing a directory: in batches, so that a huge directory costs little memory and few thread changes.

use super::convert::{descriptor_type, error_code};
use super::folder::{Folder, Pin};
use rustix::fs::{AtFlags, Dir, DirEntry, FileType};
use std::collections::{BTreeMap, VecDeque};
use std::os::fd::AsFd as _;
use std::sync::Arc;
use wasmtime_wasi::p2::bindings::filesystem::types::{DescriptorType, DirectoryEntry, ErrorCode};
use wasmtime_wasi::runtime::spawn_blocking;

/// How many entries are read ahead.
const ENTRIES_AHEAD_MAX: usize = 256;

/// A listing that a guest is reading: first the granted files, then the machine's directory without what
/// they hide.
pub(super) struct Listing {
    ahead: VecDeque<DirectoryEntry>,
    rest: Option<Rest>,
}

/// What is still to be read.
struct Rest {
    dir: Dir,
    pins: Arc<BTreeMap<String, Pin>>,
}

impl Listing {
    /// Starts to list `folder`. Blocks.
    pub(super) fn start(folder: &Folder) -> Result<Self, ErrorCode> {
        let pin = |name: &String| DirectoryEntry { type_: DescriptorType::RegularFile, name: name.clone() };
        let mut ahead = folder.pins.keys().map(pin).collect();
        let mut rest = None;
        if let Some(base) = &folder.base {
            let dir = Dir::read_from(base.dir.as_fd()).map_err(|e| error_code(e.into()))?;
            rest = Rest { dir, pins: folder.pins.clone() }.read_ahead(&mut ahead)?;
        }
        Ok(Self { ahead, rest })
    }

    /// The next entry.
    pub(super) async fn next(&mut self) -> Result<Option<DirectoryEntry>, ErrorCode> {
        while self.ahead.is_empty()
            && let Some(rest) = self.rest.take()
        {
            let mut ahead = std::mem::take(&mut self.ahead);
            (self.rest, self.ahead) = spawn_blocking(move || {
                let rest = rest.read_ahead(&mut ahead)?;
                Ok::<_, ErrorCode>((rest, ahead))
            })
            .await?;
        }
        Ok(self.ahead.pop_front())
    }
}

impl Rest {
    /// Reads some entries; gives itself back unless that was all.
    fn read_ahead(mut self, ahead: &mut VecDeque<DirectoryEntry>) -> Result<Option<Self>, ErrorCode> {
        for _ in 0..ENTRIES_AHEAD_MAX {
            let Some(entry) = self.dir.read() else { return Ok(None) };
            let entry = entry.map_err(|e| error_code(e.into()))?;
            ahead.extend(self.shown(&entry));
        }
        Ok(Some(self))
    }

    /// The entry as the guest sees it, if it does.
    fn shown(&self, entry: &DirEntry) -> Option<DirectoryEntry> {
        let name = entry.file_name().to_str().ok()?;
        if matches!(name, "." | "..") || self.pins.contains_key(name) {
            return None;
        }
        // Some file systems don't keep the type beside the name.
        let kind = match entry.file_type() {
            FileType::Unknown => {
                let stat = rustix::fs::statat(self.dir.fd().ok()?, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
                FileType::from_raw_mode(stat.st_mode)
            }
            kind => kind,
        };
        Some(DirectoryEntry { type_: descriptor_type(kind), name: name.to_owned() })
    }
}
