//! A guest's view without a guest: the host functions, called as a guest would.

use skep_core::{Fault, FileRule};
use skep_sandbox::files::{FilesCtx, FilesCtxView, FilesView, Roots};
use std::sync::Arc;
use wasmtime::component::{Resource, ResourceTable};
use wasmtime_wasi::filesystem::Descriptor;
use wasmtime_wasi::p2::FsResult;
use wasmtime_wasi::p2::bindings::filesystem::preopens::Host as _;
use wasmtime_wasi::p2::bindings::filesystem::types::{
    DescriptorFlags, HostDescriptor as _, HostDirectoryEntryStream as _, NewTimestamp, OpenFlags, PathFlags,
};

pub(crate) type Fd = Resource<Descriptor>;

/// The store's state of a guest that isn't there.
pub(crate) struct View {
    ctx: FilesCtx,
    pub(crate) table: ResourceTable,
}

impl FilesView for View {
    fn files(&mut self) -> FilesCtxView<'_> {
        FilesCtxView { ctx: &mut self.ctx, table: &mut self.table }
    }
}

/// `ok` with what was learnt, or the name of the error code.
pub(crate) type Told = Result<String, String>;

fn told<T>(result: FsResult<T>) -> Result<T, String> {
    result.map_err(|error| error.downcast().expect("no trap").name().to_owned())
}

/// A descriptor for the same thing, for host functions that take one by value.
pub(crate) fn again(fd: &Fd) -> Fd {
    Resource::new_borrow(fd.rep())
}

impl View {
    pub(crate) fn new(rules: &[FileRule]) -> Result<Self, Fault> {
        let roots = Arc::new(Roots::open(rules)?);
        Ok(Self { ctx: FilesCtx::new(roots), table: ResourceTable::new() })
    }

    pub(crate) fn preopens(&mut self) -> Vec<(Fd, String)> {
        self.files().get_directories().unwrap()
    }

    /// The preopen at `guest`.
    pub(crate) fn preopen(&mut self, guest: &str) -> Fd {
        let found = self.preopens().into_iter().find(|(_, name)| name == guest);
        found.unwrap_or_else(|| panic!("no preopen {guest}")).0
    }

    pub(crate) async fn open(&mut self, dir: &Fd, path: &str, how: &str) -> Result<Fd, String> {
        let (mut open, mut flags, mut follow) =
            (OpenFlags::empty(), DescriptorFlags::empty(), PathFlags::SYMLINK_FOLLOW);
        for letter in how.chars() {
            match letter {
                'r' => flags |= DescriptorFlags::READ,
                'w' => flags |= DescriptorFlags::WRITE,
                'm' => flags |= DescriptorFlags::MUTATE_DIRECTORY,
                's' => flags |= DescriptorFlags::FILE_INTEGRITY_SYNC,
                'c' => open |= OpenFlags::CREATE,
                'x' => open |= OpenFlags::EXCLUSIVE,
                't' => open |= OpenFlags::TRUNCATE,
                'd' => open |= OpenFlags::DIRECTORY,
                'n' => follow = PathFlags::empty(),
                _ => panic!("no way to open: {letter}"),
            }
        }
        told(self.files().open_at(again(dir), follow, path.to_owned(), open, flags).await)
    }

    pub(crate) async fn list(&mut self, dir: &Fd) -> Result<Vec<String>, String> {
        let stream = told(self.files().read_directory(again(dir)).await)?;
        let mut names = Vec::new();
        let entry = |stream: &Resource<_>| Resource::new_borrow(stream.rep());
        while let Some(found) = told(self.files().read_directory_entry(entry(&stream)).await)? {
            names.push(found.name);
        }
        wasmtime_wasi::p2::bindings::filesystem::types::HostDirectoryEntryStream::drop(
            &mut self.files(),
            stream,
        )
        .unwrap();
        names.sort();
        Ok(names)
    }

    pub(crate) async fn read(&mut self, dir: &Fd, path: &str) -> Told {
        let file = self.open(dir, path, "r").await?;
        let (bytes, _) = told(self.files().read(file, 1 << 20, 0).await)?;
        Ok(String::from_utf8(bytes).unwrap())
    }

    async fn write(&mut self, dir: &Fd, path: &str, how: &str) -> Told {
        let file = self.open(dir, path, how).await?;
        told(self.files().write(file, b"changed".to_vec(), 0).await).map(|count| count.to_string())
    }

    /// Does what the word `op` says at `path`, in directory `dir`.
    pub(crate) async fn act(&mut self, dir: &Fd, op: &str, path: &str) -> Told {
        let (fd, at) = (again(dir), path.to_owned());
        let none = |()| String::new();
        let follow = PathFlags::SYMLINK_FOLLOW;
        match op {
            "read" => self.read(dir, path).await,
            "read-nofollow" => self.open(dir, path, "rn").await.map(|_| String::new()),
            "list" => {
                let opened = self.open(dir, path, "rd").await?;
                self.list(&opened).await.map(|names| names.join(" "))
            }
            "stat" => {
                told(self.files().stat_at(fd, follow, at).await).map(|stat| format!("{:?}", stat.type_))
            }
            "lstat" => told(self.files().stat_at(fd, PathFlags::empty(), at).await)
                .map(|stat| format!("{:?}", stat.type_)),
            "hash" => {
                told(self.files().metadata_hash_at(fd, follow, at).await).map(|hash| hash.upper.to_string())
            }
            "readlink" => told(self.files().readlink_at(fd, at).await),
            "write" => self.write(dir, path, "w").await,
            "create" => self.write(dir, path, "wc").await,
            "create-new" => self.write(dir, path, "wcx").await,
            "touch" => self.open(dir, path, "rc").await.map(|_| String::new()),
            "truncate" => self.open(dir, path, "rt").await.map(|_| String::new()),
            "mkdir" => told(self.files().create_directory_at(fd, at).await).map(none),
            "rmdir" => told(self.files().remove_directory_at(fd, at).await).map(none),
            "unlink" => told(self.files().unlink_file_at(fd, at).await).map(none),
            "rename" => told(self.files().rename_at(fd, at, again(dir), "moved".to_owned()).await).map(none),
            "rename-to" => {
                told(self.files().rename_at(fd, "a.txt".to_owned(), again(dir), at).await).map(none)
            }
            "link" => {
                let to = "linked".to_owned();
                told(self.files().link_at(fd, PathFlags::empty(), at, again(dir), to).await).map(none)
            }
            "link-to" => {
                let from = "a.txt".to_owned();
                told(self.files().link_at(fd, PathFlags::empty(), from, again(dir), at).await).map(none)
            }
            "symlink" => told(self.files().symlink_at(fd, "a.txt".to_owned(), at).await).map(none),
            "symlink-to" => told(self.files().symlink_at(fd, at, "linked".to_owned()).await).map(none),
            "set-times" => {
                let (now, keep) = (NewTimestamp::Now, NewTimestamp::NoChange);
                told(self.files().set_times_at(fd, follow, at, now, keep).await).map(none)
            }
            "set-times-nofollow" => {
                let (now, keep) = (NewTimestamp::NoChange, NewTimestamp::Now);
                told(self.files().set_times_at(fd, PathFlags::empty(), at, now, keep).await).map(none)
            }
            _ => panic!("no operation {op}"),
        }
    }
}
