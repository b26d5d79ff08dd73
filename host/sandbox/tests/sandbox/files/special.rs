//! FIFOs, huge directories, strange names, spent tables: nothing hangs, nothing grows without bound.

use super::tree::Tree;
use super::view::{View, again};
use skep_core::Access::{Ro, Rw};
use skep_core::FaultCode;
use skep_sandbox::files::FilesView as _;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{OpenOptionsExt as _, symlink};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use wasmtime_wasi::p2::bindings::filesystem::types::{DescriptorFlags, HostDescriptor as _};

/// A reader that comes and goes must not be told from one that never was: opening would wake the writer.
#[tokio::test]
async fn a_fifo_is_never_opened() {
    let tree = Tree::new();
    let mut view = View::new(&[tree.rule("root", "/data", Rw)]).unwrap();
    let dir = view.preopen("/data");
    for op in ["read", "write", "create", "touch", "truncate"] {
        assert_eq!(view.act(&dir, op, "pipe").await, Err("not-permitted".to_owned()), "{op}");
    }
    // Without a reader a writer that doesn't wait is refused, so nobody holds the FIFO open.
    let nonblock = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let writer = fs::OpenOptions::new().write(true).custom_flags(nonblock).open(tree.path("root/pipe"));
    assert_eq!(writer.unwrap_err().raw_os_error(), Some(rustix::io::Errno::NXIO.raw_os_error()));
}

#[tokio::test]
async fn a_name_that_turns_into_a_fifo_hangs_nothing() {
    let tree = Tree::new();
    let mut view = View::new(&[tree.rule("root", "/data", Rw)]).unwrap();
    let dir = view.preopen("/data");
    let done = Arc::new(AtomicBool::new(false));
    let (root, stop) = (tree.path("root"), done.clone());
    let swapper = std::thread::spawn(move || {
        let mut swaps = 0_u32;
        while !stop.load(Ordering::Relaxed) {
            fs::rename(root.join("pipe"), root.join("spare")).unwrap();
            fs::rename(root.join("a.txt"), root.join("pipe")).unwrap();
            fs::rename(root.join("spare"), root.join("a.txt")).unwrap();
            swaps += 1;
        }
        swaps
    });
    for _ in 0..500 {
        for op in ["read", "write", "set-times", "touch"] {
            let told = view.act(&dir, op, "a.txt").await;
            let refused = told.err().unwrap_or_else(|| "ok".to_owned());
            assert!(["ok", "not-permitted", "no-entry"].contains(&refused.as_str()), "{op}: {refused}");
        }
    }
    done.store(true, Ordering::Relaxed);
    assert!(swapper.join().unwrap() > 0);
}

#[tokio::test]
async fn what_is_no_file_or_directory_is_no_root() {
    let tree = Tree::new();
    let check = |relative: &str, code: FaultCode, says: &str| {
        let fault = View::new(&[tree.rule(relative, "/data", Ro)]).err().expect(relative);
        assert_eq!(fault.code, code, "{relative}");
        assert!(fault.message.contains("`/data`") && fault.message.contains(says), "{fault}");
        let machine = tree.path("").display().to_string();
        assert!(!fault.message.contains(&machine), "the caller must not learn the machine's path: {fault}");
    };
    check("root/pipe", FaultCode::Denied, "neither a directory nor a regular file");
    check("root/socket", FaultCode::Denied, "neither a directory nor a regular file");
    check("root/in", FaultCode::Denied, "symbolic link");
    check("root/in-dir/b.txt", FaultCode::Denied, "symbolic link");
    check("root/loop", FaultCode::Denied, "symbolic link");
    check("root/missing", FaultCode::Unavailable, "not found");
    check("root/a.txt/x", FaultCode::Unavailable, "not a directory");
}

#[tokio::test]
async fn a_root_that_becomes_a_link_after_the_grant_is_refused() {
    let tree = Tree::new();
    let rule = tree.rule("root/sub", "/data", Ro);
    assert!(View::new(std::slice::from_ref(&rule)).is_ok());
    fs::rename(tree.path("root/sub"), tree.path("root/was-sub")).unwrap();
    symlink(tree.path("outside"), tree.path("root/sub")).unwrap();
    assert_eq!(View::new(&[rule]).err().unwrap().code, FaultCode::Denied);
}

#[tokio::test]
async fn a_long_listing_is_whole_and_leaves_out_names_that_are_no_unicode() {
    let tree = Tree::new();
    let long = tree.path("root/long");
    fs::create_dir(&long).unwrap();
    let mut names: Vec<_> = (0..1000).map(|n| format!("file-{n:04}")).collect();
    names.iter().for_each(|name| fs::write(long.join(name), "").unwrap());
    fs::write(long.join(OsStr::from_bytes(b"caf\xe9")), "").unwrap();
    let mut view = View::new(&[
        tree.rule("root/long", "/long", Ro),
        tree.rule("root/a.txt", "/long/file-0007", Ro),
        tree.rule("root/a.txt", "/long/more", Ro),
    ])
    .unwrap();
    let dir = view.preopen("/long");
    names.push("more".to_owned());
    assert_eq!(view.list(&dir).await.unwrap(), names);
}

#[tokio::test]
async fn a_full_table_is_the_end_of_opening() {
    let tree = Tree::new();
    let mut view = View::new(&[tree.rule("root", "/data", Ro)]).unwrap();
    view.table.set_max_capacity(8);
    let dir = view.preopen("/data");
    for _ in 0..7 {
        view.open(&dir, "a.txt", "r").await.unwrap();
    }
    let (path, none) = ("a.txt".to_owned(), Default::default());
    let files =
        view.files().open_at(again(&dir), none, path, Default::default(), DescriptorFlags::READ).await;
    assert!(files.unwrap_err().downcast().is_err(), "a full table traps");
}

#[tokio::test]
async fn a_descriptor_gives_its_directory_no_longer_than_it_is_below_the_root() {
    let tree = Tree::new();
    let mut view = View::new(&[tree.rule("root", "/data", Rw)]).unwrap();
    let dir = view.preopen("/data");
    let deep = view.open(&dir, "sub/deep", "rd").await.unwrap();
    fs::rename(tree.path("root/sub/deep"), tree.path("outside/deep")).unwrap();
    for path in ["../secret.txt", "..", "../../root/a.txt"] {
        assert_eq!(view.act(&deep, "read", path).await, Err("not-permitted".to_owned()), "{path}");
    }
}
