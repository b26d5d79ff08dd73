//! What a guest sees of the machine's files: `wasi:filesystem`, decided by the handles that were granted.
//!
//! - Every granted directory is a preopen at its guest path, held as a handle from which no path leads out.
//! - A granted file appears in the preopen at its parent: the directory granted there, else the folder of a
//!   granted directory that covers it, else a folder made up that holds such files and nothing else.
//! - Rules add up. One that would take away from a directory rule that covers it couldn't be held against
//!   `..` and links, so it is refused ([`check_rules`]).
//! - Under `ro` every change is `read-only`; what leads out of a root, and every FIFO, socket and device, is
//!   `not-permitted`; from one root to another nothing is moved or linked (`cross-device`).
//! - Names that are no Unicode can't be told to a guest: they are left out of listings.
//!
//! Reading and writing an opened file is wasmtime-wasi's; what may be opened is decided here.

mod check;
mod convert;
mod descriptor;
mod folder;
mod handle;
mod listing;
mod open;
mod roots;

pub use check::{RootError, check_root, check_rules};
pub use roots::Roots;

use std::sync::Arc;
use wasmtime::component::{HasData, Linker, ResourceTable};
use wasmtime_wasi::filesystem::WasiFilesystemCtx;
use wasmtime_wasi::p2::bindings::filesystem::{preopens, types};

/// The files of one call.
pub struct FilesCtx {
    roots: Arc<Roots>,
    opened: WasiFilesystemCtx,
}

impl FilesCtx {
    /// A guest's view of `roots`.
    pub fn new(roots: Arc<Roots>) -> Self {
        Self { roots, opened: WasiFilesystemCtx::default() }
    }
}

/// The files of one call together with the table that its descriptors live in.
pub struct FilesCtxView<'a> {
    /// What was granted.
    pub ctx: &'a mut FilesCtx,
    /// The guest's resources; its capacity bounds what a guest holds open.
    pub table: &'a mut ResourceTable,
}

/// A store's state that holds the files of a call.
pub trait FilesView: Send {
    /// Borrows them.
    fn files(&mut self) -> FilesCtxView<'_>;
}

/// Marks [`FilesCtxView`] as what the host functions work on.
pub struct Files;

impl HasData for Files {
    type Data<'a> = FilesCtxView<'a>;
}

/// Links `wasi:filesystem/types` and `wasi:filesystem/preopens`.
pub fn add_to_linker<T: FilesView + 'static>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    types::add_to_linker::<T, Files>(linker, T::files)?;
    preopens::add_to_linker::<T, Files>(linker, T::files)
}
