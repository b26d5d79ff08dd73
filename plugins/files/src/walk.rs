//! Going through a folder in the order of names, with limits. Symbolic links are met and not followed.

use std::{
    collections::VecDeque,
    fs::{self, FileType},
    io,
    path::{Path, PathBuf},
};

const DEPTH_MAX: usize = 32;
/// Entries read of one folder; more than that can't be sorted in memory.
const FOLDER_LEN_MAX: usize = 20_000;

pub struct Entry {
    pub path: PathBuf,
    pub kind: FileType,
}

pub struct Walk {
    waiting: VecDeque<(Entry, usize)>,
    recursive: bool,
    /// Whether a limit left something out.
    pub truncated: bool,
}

impl Walk {
    /// All in `folder`, and below it if `recursive`.
    pub fn new(folder: &Path, recursive: bool) -> io::Result<Self> {
        let mut walk = Self { waiting: VecDeque::new(), recursive, truncated: false };
        walk.enter(folder, 1)?;
        Ok(walk)
    }

    /// Puts what is in `folder` before all that waits.
    fn enter(&mut self, folder: &Path, depth: usize) -> io::Result<()> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder)? {
            if found.len() == FOLDER_LEN_MAX {
                self.truncated = true;
                break;
            }
            let entry = entry?;
            found.push(Entry { path: entry.path(), kind: entry.file_type()? });
        }
        found.sort_by(|a, b| b.path.cmp(&a.path));
        for entry in found {
            self.waiting.push_front((entry, depth));
        }
        Ok(())
    }
}

impl Iterator for Walk {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        let (entry, depth) = self.waiting.pop_front()?;
        if self.recursive && entry.kind.is_dir() {
            // A folder that can't be read is listed all the same; what is in it is left out.
            let entered = depth < DEPTH_MAX && self.enter(&entry.path, depth + 1).is_ok();
            self.truncated |= !entered;
        }
        Some(entry)
    }
}
