//! The host functions of `wasi:filesystem`. A descriptor is a [`Folder`] of ours, or an opened file of
//! wasmtime-wasi's, which then does the reading and writing.

use super::convert::{Identity, descriptor_stat, error_code, timestamps};
use super::folder::Folder;
use super::listing::Listing;
use super::open::{Ask, Opened};
use super::{FilesCtxView, preopens, types};
use skep_core::Access;
use std::sync::Arc;
use types::{Advice, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntry, DirectoryEntryStream};
use types::{ErrorCode, Filesize, HostDescriptor, MetadataHashValue, NewTimestamp, OpenFlags, PathFlags};
use wasmtime::component::{Resource, ResourceTableError};
use wasmtime_wasi::filesystem::{Descriptor, File, WasiFilesystemCtxView};
use wasmtime_wasi::p2::bindings::io::streams::{InputStream, OutputStream};
use wasmtime_wasi::p2::{FsError, FsResult};
use wasmtime_wasi::runtime::spawn_blocking;
use wasmtime_wasi::{FsPerms, OpenMode};

type Fd = Resource<Descriptor>;

/// What a descriptor stands for.
enum Node<'a> {
    Folder(&'a Folder),
    File(&'a File),
}

impl FilesCtxView<'_> {
    fn node(&self, fd: &Fd) -> wasmtime::Result<Node<'_>> {
        match self.table.get(&Resource::<Folder>::new_borrow(fd.rep())) {
            Ok(folder) => Ok(Node::Folder(folder)),
            Err(ResourceTableError::WrongType) => match self.table.get(fd)? {
                Descriptor::File(file) => Ok(Node::File(file)),
                Descriptor::Dir(_) => Err(ResourceTableError::WrongType.into()),
            },
            Err(error) => Err(error.into()),
        }
    }

    fn folder(&self, fd: &Fd) -> FsResult<&Folder> {
        match self.node(fd).map_err(FsError::trap)? {
            Node::Folder(folder) => Ok(folder),
            Node::File(_) => Err(ErrorCode::NotDirectory.into()),
        }
    }

    /// The opened file, if it may be used in this way.
    fn file(&self, fd: &Fd, mode: OpenMode) -> FsResult<&File> {
        match self.node(fd).map_err(FsError::trap)? {
            Node::Folder(_) => Err(ErrorCode::IsDirectory.into()),
            Node::File(file) if mode.contains(OpenMode::WRITE) && file.perms == FsPerms::ReadOnly => {
                Err(ErrorCode::ReadOnly.into())
            }
            Node::File(file) if !file.open_mode.contains(mode) => Err(ErrorCode::BadDescriptor.into()),
            Node::File(file) => Ok(file),
        }
    }

    fn push_folder(&mut self, folder: Folder) -> Result<Fd, ResourceTableError> {
        Ok(Resource::new_own(self.table.push(folder)?.rep()))
    }

    /// Wasmtime-wasi's view, which only ever gets opened files.
    fn opened(&mut self) -> WasiFilesystemCtxView<'_> {
        WasiFilesystemCtxView { ctx: &mut self.ctx.opened, table: self.table }
    }

    async fn identity(&mut self, fd: &Fd) -> FsResult<Identity> {
        match self.node(fd).map_err(FsError::trap)? {
            Node::Folder(folder) => folder.blocking(|folder| Ok(folder.identity(folder.metadata()?))).await,
            Node::File(file) => file_blocking(file, |file| Ok(Identity::from(&file.metadata()?))).await,
        }
    }
}

/// Does blocking work on an opened file away from the threads that guests run on.
async fn file_blocking<R: Send + 'static>(
    file: &File,
    work: impl FnOnce(&std::fs::File) -> std::io::Result<R> + Send + 'static,
) -> FsResult<R> {
    let file = Arc::clone(&file.file);
    Ok(spawn_blocking(move || work(&file)).await.map_err(error_code)?)
}

fn follow(flags: PathFlags) -> bool {
    flags.contains(PathFlags::SYMLINK_FOLLOW)
}

impl preopens::Host for FilesCtxView<'_> {
    fn get_directories(&mut self) -> wasmtime::Result<Vec<(Fd, String)>> {
        let roots = Arc::clone(&self.ctx.roots);
        let mut open = |folder: &Folder| self.push_folder(folder.clone());
        roots.preopens().map(|(guest, folder)| Ok((open(folder)?, guest.to_string()))).collect()
    }
}

impl types::Host for FilesCtxView<'_> {
    fn convert_error_code(&mut self, error: FsError) -> wasmtime::Result<ErrorCode> {
        error.downcast()
    }

    fn filesystem_error_code(
        &mut self,
        error: Resource<wasmtime::Error>,
    ) -> wasmtime::Result<Option<ErrorCode>> {
        self.opened().filesystem_error_code(error)
    }
}

impl HostDescriptor for FilesCtxView<'_> {
    fn read_via_stream(&mut self, fd: Fd, offset: Filesize) -> FsResult<Resource<InputStream>> {
        self.file(&fd, OpenMode::READ)?;
        self.opened().read_via_stream(fd, offset)
    }

    fn write_via_stream(&mut self, fd: Fd, offset: Filesize) -> FsResult<Resource<OutputStream>> {
        self.file(&fd, OpenMode::WRITE)?;
        self.opened().write_via_stream(fd, offset)
    }

    fn append_via_stream(&mut self, fd: Fd) -> FsResult<Resource<OutputStream>> {
        self.file(&fd, OpenMode::WRITE)?;
        self.opened().append_via_stream(fd)
    }

    async fn read(&mut self, fd: Fd, length: Filesize, offset: Filesize) -> FsResult<(Vec<u8>, bool)> {
        self.file(&fd, OpenMode::READ)?;
        self.opened().read(fd, length, offset).await
    }

    async fn write(&mut self, fd: Fd, bytes: Vec<u8>, offset: Filesize) -> FsResult<Filesize> {
        self.file(&fd, OpenMode::WRITE)?;
        self.opened().write(fd, bytes, offset).await
    }

    async fn set_size(&mut self, fd: Fd, size: Filesize) -> FsResult<()> {
        self.file(&fd, OpenMode::WRITE)?;
        self.opened().set_size(fd, size).await
    }

    async fn advise(&mut self, fd: Fd, offset: Filesize, length: Filesize, advice: Advice) -> FsResult<()> {
        self.file(&fd, OpenMode::empty())?;
        self.opened().advise(fd, offset, length, advice).await
    }

    async fn sync(&mut self, fd: Fd) -> FsResult<()> {
        match self.node(&fd).map_err(FsError::trap)? {
            Node::Folder(folder) => folder.blocking(Folder::sync).await,
            Node::File(file) => file_blocking(file, std::fs::File::sync_all).await,
        }
    }

    async fn sync_data(&mut self, fd: Fd) -> FsResult<()> {
        match self.node(&fd).map_err(FsError::trap)? {
            Node::Folder(folder) => folder.blocking(Folder::sync).await,
            Node::File(file) => file_blocking(file, std::fs::File::sync_data).await,
        }
    }

    async fn get_flags(&mut self, fd: Fd) -> FsResult<DescriptorFlags> {
        match self.node(&fd).map_err(FsError::trap)? {
            Node::File(_) => self.opened().get_flags(fd).await,
            Node::Folder(folder) if folder.access() == Access::Rw => {
                Ok(DescriptorFlags::READ | DescriptorFlags::MUTATE_DIRECTORY)
            }
            Node::Folder(_) => Ok(DescriptorFlags::READ),
        }
    }

    async fn get_type(&mut self, fd: Fd) -> FsResult<DescriptorType> {
        match self.node(&fd).map_err(FsError::trap)? {
            Node::Folder(_) => Ok(DescriptorType::Directory),
            Node::File(_) => Ok(DescriptorType::RegularFile),
        }
    }

    async fn stat(&mut self, fd: Fd) -> FsResult<DescriptorStat> {
        match self.node(&fd).map_err(FsError::trap)? {
            Node::Folder(folder) => folder.blocking(|folder| Ok(folder.stat(folder.metadata()?))).await,
            Node::File(file) => file_blocking(file, |file| Ok(descriptor_stat(&file.metadata()?))).await,
        }
    }

    async fn stat_at(&mut self, fd: Fd, flags: PathFlags, path: String) -> FsResult<DescriptorStat> {
        let stat = move |folder: &Folder| Ok(folder.stat(folder.metadata_at(&path, follow(flags))?));
        self.folder(&fd)?.blocking(stat).await
    }

    async fn set_times(&mut self, fd: Fd, accessed: NewTimestamp, modified: NewTimestamp) -> FsResult<()> {
        let times = timestamps(accessed, modified)?;
        match self.node(&fd).map_err(FsError::trap)? {
            Node::Folder(folder) => folder.blocking(move |folder| folder.set_times(&times)).await,
            Node::File(file) if file.perms == FsPerms::ReadOnly => Err(ErrorCode::ReadOnly.into()),
            Node::File(file) => {
                file_blocking(file, move |file| Ok(rustix::fs::futimens(file, &times)?)).await
            }
        }
    }

    async fn set_times_at(
        &mut self,
        fd: Fd,
        flags: PathFlags,
        path: String,
        accessed: NewTimestamp,
        modified: NewTimestamp,
    ) -> FsResult<()> {
        let times = timestamps(accessed, modified)?;
        let set = move |folder: &Folder| folder.set_times_at(&path, follow(flags), &times);
        self.folder(&fd)?.blocking(set).await
    }

    async fn read_directory(&mut self, fd: Fd) -> FsResult<Resource<DirectoryEntryStream>> {
        let listing = self.folder(&fd)?.blocking(Listing::start).await?;
        Ok(Resource::new_own(self.table.push(listing)?.rep()))
    }

    async fn create_directory_at(&mut self, fd: Fd, path: String) -> FsResult<()> {
        self.folder(&fd)?.blocking(move |folder| folder.create_directory(&path)).await
    }

    async fn remove_directory_at(&mut self, fd: Fd, path: String) -> FsResult<()> {
        self.folder(&fd)?.blocking(move |folder| folder.remove_directory(&path)).await
    }

    async fn unlink_file_at(&mut self, fd: Fd, path: String) -> FsResult<()> {
        self.folder(&fd)?.blocking(move |folder| folder.unlink(&path)).await
    }

    async fn symlink_at(&mut self, fd: Fd, target: String, path: String) -> FsResult<()> {
        self.folder(&fd)?.blocking(move |folder| folder.symlink(&target, &path)).await
    }

    async fn readlink_at(&mut self, fd: Fd, path: String) -> FsResult<String> {
        self.folder(&fd)?.blocking(move |folder| folder.readlink(&path)).await
    }

    async fn rename_at(&mut self, fd: Fd, path: String, to: Fd, to_path: String) -> FsResult<()> {
        let to = self.folder(&to)?.clone();
        self.folder(&fd)?.blocking(move |folder| folder.rename(&path, &to, &to_path)).await
    }

    async fn link_at(
        &mut self,
        fd: Fd,
        flags: PathFlags,
        path: String,
        to: Fd,
        to_path: String,
    ) -> FsResult<()> {
        if follow(flags) {
            return Err(ErrorCode::Invalid.into());
        }
        let to = self.folder(&to)?.clone();
        self.folder(&fd)?.blocking(move |folder| folder.link(&path, &to, &to_path)).await
    }

    async fn open_at(
        &mut self,
        fd: Fd,
        path_flags: PathFlags,
        path: String,
        open: OpenFlags,
        descriptor: DescriptorFlags,
    ) -> FsResult<Fd> {
        let ask = Ask { path: path_flags, open, descriptor };
        match self.folder(&fd)?.blocking(move |folder| folder.open(&path, ask)).await? {
            Opened::Folder(folder) => Ok(self.push_folder(folder)?),
            Opened::File(file) => Ok(self.table.push(Descriptor::File(file))?),
        }
    }

    async fn is_same_object(&mut self, a: Fd, b: Fd) -> wasmtime::Result<bool> {
        match (self.identity(&a).await, self.identity(&b).await) {
            (Ok(a), Ok(b)) => Ok(a == b),
            (Err(error), _) | (_, Err(error)) => error.downcast().map(|_code| false),
        }
    }

    async fn metadata_hash(&mut self, fd: Fd) -> FsResult<MetadataHashValue> {
        Ok(self.identity(&fd).await?.into())
    }

    async fn metadata_hash_at(
        &mut self,
        fd: Fd,
        flags: PathFlags,
        path: String,
    ) -> FsResult<MetadataHashValue> {
        let identity = move |folder: &Folder| Ok(folder.identity(folder.metadata_at(&path, follow(flags))?));
        Ok(self.folder(&fd)?.blocking(identity).await?.into())
    }

    fn drop(&mut self, fd: Fd) -> wasmtime::Result<()> {
        match self.node(&fd)? {
            Node::Folder(_) => drop(self.table.delete(Resource::<Folder>::new_own(fd.rep()))?),
            Node::File(_) => drop(self.table.delete(fd)?),
        }
        Ok(())
    }
}

impl types::HostDirectoryEntryStream for FilesCtxView<'_> {
    async fn read_directory_entry(
        &mut self,
        stream: Resource<DirectoryEntryStream>,
    ) -> FsResult<Option<DirectoryEntry>> {
        let listing = self.table.get_mut(&Resource::<Listing>::new_borrow(stream.rep()))?;
        Ok(listing.next().await?)
    }

    fn drop(&mut self, stream: Resource<DirectoryEntryStream>) -> wasmtime::Result<()> {
        self.table.delete(Resource::<Listing>::new_own(stream.rep()))?;
        Ok(())
    }
}
