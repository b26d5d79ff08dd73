//! A small tree on disk to be attacked, and a picture of it that shows every change.

use skep_core::{Access, FileRule};
use std::collections::BTreeMap;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// `root/` is what gets granted; `outside/` is what nobody may reach.
pub(crate) struct Tree {
    folder: tempfile::TempDir,
}

/// Type, mode, links, size, times, and content or target of everything, by path.
pub(crate) type Picture = BTreeMap<PathBuf, String>;

impl Tree {
    pub(crate) fn new() -> Self {
        let tree = Self { folder: tempfile::tempdir().unwrap() };
        tree.grow().unwrap();
        tree
    }

    fn grow(&self) -> io::Result<()> {
        let (root, outside) = (self.path("root"), self.path("outside"));
        fs::create_dir_all(root.join("sub/deep"))?;
        fs::create_dir_all(root.join("empty"))?;
        fs::create_dir(&outside)?;
        fs::write(outside.join("secret.txt"), "secret")?;
        fs::write(root.join("a.txt"), "alpha")?;
        fs::write(root.join("sub/b.txt"), "beta")?;
        fs::write(root.join("sub/deep/c.txt"), "gamma")?;
        symlink("a.txt", root.join("in"))?;
        symlink("sub", root.join("in-dir"))?;
        symlink("link2", root.join("link1"))?;
        symlink("in-dir/link3", root.join("link2"))?;
        symlink("deep/../b.txt", root.join("sub/link3"))?;
        symlink("../outside/secret.txt", root.join("out"))?;
        symlink("../outside", root.join("out-dir"))?;
        symlink(outside.join("secret.txt"), root.join("absolute"))?;
        symlink(root.join("a.txt"), root.join("absolute-in"))?;
        symlink("out", root.join("out-chain"))?;
        symlink("nowhere", root.join("dangling"))?;
        symlink("../outside/new.txt", root.join("dangling-out"))?;
        symlink("loop", root.join("loop"))?;
        rustix::fs::mkfifoat(rustix::fs::CWD, root.join("pipe"), rustix::fs::Mode::RWXU)?;
        UnixListener::bind(root.join("socket"))?;
        Ok(())
    }

    /// A path in the tree, absolute and canonical.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(relative)
    }

    /// A rule for something in the tree.
    pub(crate) fn rule(&self, relative: &str, guest: &str, access: Access) -> FileRule {
        FileRule { host: self.path(relative), guest: guest.parse().unwrap(), access }
    }

    /// The picture of everything below `relative`.
    pub(crate) fn picture(&self, relative: &str) -> Picture {
        let mut picture = Picture::new();
        look(&self.path(relative), &mut picture);
        picture
    }
}

fn look(path: &Path, picture: &mut Picture) {
    let is = fs::symlink_metadata(path).unwrap();
    let holds = if is.is_symlink() {
        format!("{:?}", fs::read_link(path).unwrap())
    } else if is.is_file() {
        format!("{:?}", fs::read(path).unwrap())
    } else {
        String::new()
    };
    let times = (is.mtime(), is.mtime_nsec(), is.ctime(), is.ctime_nsec());
    let facts = (is.mode(), is.nlink(), is.size(), is.file_type().is_fifo());
    picture.insert(path.to_owned(), format!("{facts:?} {times:?} {holds}"));
    if is.is_dir() {
        fs::read_dir(path).unwrap().for_each(|entry| look(&entry.unwrap().path(), picture));
    }
}
