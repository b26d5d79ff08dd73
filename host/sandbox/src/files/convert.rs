//! From the machine's words to WASI's: errors, types, times, identities.

use super::handle::kind;
use rustix::fs::{FileType, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT};
use rustix::io::Errno;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::os::unix::fs::MetadataExt as _;
use std::{fs, io};
use wasmtime_wasi::p2::bindings::clocks::wall_clock::Datetime;
use wasmtime_wasi::p2::bindings::filesystem::types::{
    DescriptorStat, DescriptorType, ErrorCode, MetadataHashValue, NewTimestamp,
};

const NANOSECONDS: u32 = 1_000_000_000;

/// The code of an I/O error. A path that leads out has no number of the machine; it is `not-permitted`.
pub(super) fn error_code(error: io::Error) -> ErrorCode {
    match Errno::from_io_error(&error) {
        Some(Errno::ROFS) => ErrorCode::ReadOnly,
        Some(Errno::XDEV) => ErrorCode::CrossDevice,
        Some(Errno::DQUOT) => ErrorCode::Quota,
        Some(Errno::TXTBSY) => ErrorCode::TextFileBusy,
        _ => ErrorCode::from(error),
    }
}

/// The type of a file as WASI names it.
pub(super) fn descriptor_type(kind: FileType) -> DescriptorType {
    match kind {
        FileType::RegularFile => DescriptorType::RegularFile,
        FileType::Directory => DescriptorType::Directory,
        FileType::Symlink => DescriptorType::SymbolicLink,
        FileType::Fifo => DescriptorType::Fifo,
        FileType::Socket => DescriptorType::Socket,
        FileType::CharacterDevice => DescriptorType::CharacterDevice,
        FileType::BlockDevice => DescriptorType::BlockDevice,
        FileType::Unknown => DescriptorType::Unknown,
    }
}

/// The attributes of a file.
pub(super) fn descriptor_stat(metadata: &fs::Metadata) -> DescriptorStat {
    DescriptorStat {
        type_: descriptor_type(kind(metadata)),
        link_count: metadata.nlink(),
        size: metadata.size(),
        data_access_timestamp: datetime(metadata.atime(), metadata.atime_nsec()),
        data_modification_timestamp: datetime(metadata.mtime(), metadata.mtime_nsec()),
        status_change_timestamp: datetime(metadata.ctime(), metadata.ctime_nsec()),
    }
}

/// A time; WASI has none before 1970.
fn datetime(seconds: i64, nanoseconds: i64) -> Option<Datetime> {
    Some(Datetime { seconds: seconds.try_into().ok()?, nanoseconds: nanoseconds.try_into().ok()? })
}

/// Times to set.
pub(super) fn timestamps(accessed: NewTimestamp, modified: NewTimestamp) -> Result<Timestamps, ErrorCode> {
    Ok(Timestamps { last_access: timespec(accessed)?, last_modification: timespec(modified)? })
}

fn timespec(time: NewTimestamp) -> Result<Timespec, ErrorCode> {
    match time {
        NewTimestamp::NoChange => Ok(Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT }),
        NewTimestamp::Now => Ok(Timespec { tv_sec: 0, tv_nsec: UTIME_NOW }),
        NewTimestamp::Timestamp(Datetime { nanoseconds: NANOSECONDS.., .. }) => Err(ErrorCode::Invalid),
        NewTimestamp::Timestamp(time) => Ok(Timespec {
            tv_sec: time.seconds.try_into().map_err(|_| ErrorCode::Overflow)?,
            tv_nsec: time.nanoseconds.into(),
        }),
    }
}

/// What tells one file from all others: device and inode.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Identity(pub(super) u64, pub(super) u64);

impl From<&fs::Metadata> for Identity {
    fn from(metadata: &fs::Metadata) -> Self {
        Self(metadata.dev(), metadata.ino())
    }
}

impl From<Identity> for MetadataHashValue {
    fn from(identity: Identity) -> Self {
        let half = |which: u8| {
            let mut hasher = DefaultHasher::new();
            (which, identity).hash(&mut hasher);
            hasher.finish()
        };
        Self { lower: half(0), upper: half(1) }
    }
}
