//! Opened files: what a descriptor allows, and the streams that the standard libraries use.

use super::tree::Tree;
use super::view::{Fd, View, again};
use skep_core::Access::{Ro, Rw};
use skep_sandbox::files::FilesView as _;
use wasmtime_wasi::p2::bindings::filesystem::types::{
    DescriptorFlags, DescriptorType, HostDescriptor as _, NewTimestamp,
};
use wasmtime_wasi::p2::{FsResult, StreamError};

fn code<T>(result: FsResult<T>) -> String {
    match result {
        Ok(_) => "ok".to_owned(),
        Err(error) => error.downcast().unwrap().name().to_owned(),
    }
}

/// What may be done with `fd`: read, write, read by stream, write by stream, append by stream, resize, set times.
async fn may(view: &mut View, fd: &Fd) -> [String; 7] {
    let mut files = view.files();
    [
        code(files.read(again(fd), 1, 0).await),
        code(files.write(again(fd), b"x".to_vec(), 0).await),
        code(files.read_via_stream(again(fd), 0)),
        code(files.write_via_stream(again(fd), 0)),
        code(files.append_via_stream(again(fd))),
        code(files.set_size(again(fd), 3).await),
        code(files.set_times(again(fd), NewTimestamp::Now, NewTimestamp::Now).await),
    ]
}

#[tokio::test]
async fn a_descriptor_allows_what_it_was_opened_for() {
    let tree = Tree::new();
    let rules = [tree.rule("root/sub", "/ro", Ro), tree.rule("root/empty", "/rw", Rw)];
    let mut view = View::new(&rules).unwrap();
    let (ro, rw) = (view.preopen("/ro"), view.preopen("/rw"));
    const EROFS: &str = "read-only";
    const EBADF: &str = "bad-descriptor";
    const EISDIR: &str = "is-directory";
    let made = view.open(&rw, "file", "rwc").await.unwrap();
    assert_eq!(may(&mut view, &made).await, ["ok"; 7]);
    let read = view.open(&rw, "file", "r").await.unwrap();
    assert_eq!(may(&mut view, &read).await, ["ok", EBADF, "ok", EBADF, EBADF, EBADF, "ok"]);
    let write = view.open(&rw, "file", "w").await.unwrap();
    assert_eq!(may(&mut view, &write).await, [EBADF, "ok", EBADF, "ok", "ok", "ok", "ok"]);
    let granted = view.open(&ro, "b.txt", "r").await.unwrap();
    assert_eq!(may(&mut view, &granted).await, ["ok", EROFS, "ok", EROFS, EROFS, EROFS, EROFS]);
    assert_eq!(may(&mut view, &rw).await[..6], [EISDIR; 6]);
    assert_eq!(may(&mut view, &ro).await[6], EROFS);
}

#[tokio::test]
async fn a_descriptor_tells_what_it_is() {
    let tree = Tree::new();
    let mut view = View::new(&[tree.rule("root", "/ro", Ro), tree.rule("root/empty", "/rw", Rw)]).unwrap();
    let (ro, rw) = (view.preopen("/ro"), view.preopen("/rw"));
    let file = view.open(&ro, "in", "r").await.unwrap();
    let other = view.open(&ro, "sub/b.txt", "r").await.unwrap();
    let synced = view.open(&rw, "synced", "rwcs").await.unwrap();
    let mut files = view.files();
    assert_eq!(files.get_flags(again(&ro)).await.unwrap(), DescriptorFlags::READ);
    let changes = DescriptorFlags::READ | DescriptorFlags::MUTATE_DIRECTORY;
    assert_eq!(files.get_flags(again(&rw)).await.unwrap(), changes);
    assert_eq!(files.get_flags(again(&file)).await.unwrap(), DescriptorFlags::READ);
    assert!(files.get_flags(again(&synced)).await.unwrap().contains(DescriptorFlags::FILE_INTEGRITY_SYNC));
    assert_eq!(files.get_type(again(&ro)).await.unwrap(), DescriptorType::Directory);
    assert_eq!(files.get_type(again(&file)).await.unwrap(), DescriptorType::RegularFile);
    let stat = files.stat(again(&file)).await.unwrap();
    assert_eq!((stat.size, stat.link_count), (5, 1));
    assert!(stat.status_change_timestamp.is_some());
    let (a, b) =
        (files.metadata_hash(again(&file)).await.unwrap(), files.metadata_hash(again(&other)).await.unwrap());
    assert_ne!((a.lower, a.upper), (b.lower, b.upper));
    assert!(!files.is_same_object(again(&file), again(&other)).await.unwrap());
    assert_eq!(code(files.sync(again(&file)).await), "ok");
    assert_eq!(code(files.sync(again(&ro)).await), "ok");
    assert_eq!(code(files.sync_data(again(&synced)).await), "ok");
    assert_eq!(view.act(&ro, "hash", "a.txt").await, Ok(a.upper.to_string()));
}

#[tokio::test]
async fn a_large_file_goes_through_streams_whole() {
    let tree = Tree::new();
    let content: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    std::fs::write(tree.path("root/large"), &content).unwrap();
    let mut view = View::new(&[tree.rule("root", "/data", Rw)]).unwrap();
    let dir = view.preopen("/data");
    let from = view.open(&dir, "large", "r").await.unwrap();
    let to = view.open(&dir, "copy", "wc").await.unwrap();
    let input = view.files().read_via_stream(from, 0).unwrap();
    let output = view.files().write_via_stream(to, 0).unwrap();
    loop {
        let chunk = match view.table.get_mut(&input).unwrap().blocking_read(1 << 20).await {
            Ok(chunk) => chunk,
            Err(StreamError::Closed) => break,
            Err(error) => panic!("{error:?}"),
        };
        view.table.get_mut(&output).unwrap().blocking_write_and_flush(chunk).await.unwrap();
    }
    assert!(std::fs::read(tree.path("root/copy")).unwrap() == content);
}
