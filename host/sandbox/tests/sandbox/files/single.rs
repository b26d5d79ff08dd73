//! Grants of single files, alone and among granted directories.

use super::tree::Tree;
use super::view::{View, again};
use skep_core::Access::{Ro, Rw};
use skep_sandbox::files::FilesView as _;
use wasmtime_wasi::p2::bindings::filesystem::types::HostDescriptor as _;

/// Runs rows of `operation path outcome`; an outcome other than a code is what was read or listed.
async fn check(view: &mut View, preopen: &str, rows: &str) {
    let dir = view.preopen(preopen);
    for row in rows.lines().map(str::trim).filter(|row| !row.is_empty()) {
        let (op, rest) = row.split_once(' ').unwrap();
        let (path, expect) = rest.trim().split_once(' ').unwrap();
        let told = view.act(&dir, op, path).await;
        let told = told.unwrap_or_else(|code| code);
        assert!(told == expect.trim() || expect.trim() == "ok" && !told.contains('-'), "{row}: {told}");
    }
}

#[tokio::test]
async fn a_skill_granted_one_file_sees_one_file() {
    let tree = Tree::new();
    let before = tree.picture("");
    let mut view = View::new(&[tree.rule("root/a.txt", "/data/a.csv", Ro)]).unwrap();
    assert_eq!(view.preopens().into_iter().map(|(_, name)| name).collect::<Vec<_>>(), ["/data"]);
    let rows = "
        list       .               a.csv
        read       a.csv           alpha
        read       ./a.csv         alpha
        stat       a.csv           DescriptorType::RegularFile
        stat       .               DescriptorType::Directory
        read       a.txt           no-entry
        read       sub/b.txt       no-entry
        read       a.csv/          not-directory
        read       a.csv/../b      not-directory
        read       ../a.csv        not-permitted
        read       /etc/passwd     not-permitted
        stat       ..              not-permitted
        list       a.csv           not-directory
        readlink   a.csv           invalid
        write      a.csv           read-only
        create     a.csv           read-only
        create     new             read-only
        create-new a.csv           exist
        truncate   a.csv           read-only
        set-times  a.csv           read-only
        set-times  .               read-only
        unlink     a.csv           read-only
        rename     a.csv           read-only
        link       a.csv           read-only
        mkdir      new             read-only
        rmdir      .               read-only
        symlink    new             read-only
    ";
    check(&mut view, "/data", rows).await;
    assert_eq!(tree.picture(""), before);
}

#[tokio::test]
async fn rw_on_a_file_changes_it_in_place_and_only_it() {
    let tree = Tree::new();
    let mut view = View::new(&[tree.rule("root/a.txt", "/a.txt", Rw)]).unwrap();
    let rows = "
        write      a.txt   7
        read       a.txt   changed
        create     a.txt   7
        set-times  a.txt   ok
        unlink     a.txt   read-only
        rename     a.txt   read-only
        rename-to  new     read-only
        link       a.txt   read-only
        create     new     read-only
        truncate   a.txt   ok
    ";
    check(&mut view, "/", rows).await;
    assert_eq!(std::fs::read(tree.path("root/a.txt")).unwrap(), b"");
}

#[tokio::test]
async fn files_of_one_folder_appear_together() {
    let tree = Tree::new();
    let rules = [
        tree.rule("root/a.txt", "/data/a", Ro),
        tree.rule("root/sub/b.txt", "/data/b", Rw),
        tree.rule("outside/secret.txt", "/other/c", Ro),
    ];
    let mut view = View::new(&rules).unwrap();
    let rows = "
        list  .  a b
        write a  read-only
        write b  7
        read  c  no-entry
    ";
    check(&mut view, "/data", rows).await;
    check(&mut view, "/other", "list . c").await;
    let (data, other) = (view.preopen("/data"), view.preopen("/other"));
    assert!(!view.files().is_same_object(again(&data), again(&other)).await.unwrap());
    let data_again = view.open(&data, ".", "rd").await.unwrap();
    assert!(view.files().is_same_object(again(&data), data_again).await.unwrap());
}

#[tokio::test]
async fn a_file_rule_adds_to_a_granted_directory() {
    let tree = Tree::new();
    let rules = [
        tree.rule("root", "/data", Ro),
        tree.rule("outside/secret.txt", "/data/a.txt", Rw),
        tree.rule("root/sub/b.txt", "/data/sub/b.txt", Rw),
        tree.rule("outside/secret.txt", "/data/made/up", Ro),
    ];
    let mut view = View::new(&rules).unwrap();
    let rows = "
        read   a.txt            secret
        read   sub/deep/c.txt   gamma
        write  sub/b.txt        read-only
        write  a.txt            7
        unlink a.txt            read-only
        create new              read-only
    ";
    check(&mut view, "/data", rows).await;
    let data = view.preopen("/data");
    let names = view.act(&data, "list", ".").await;
    check(&mut view, "/data/made", "list . up").await;
    let rows = "
        list  .           b.txt deep link3
        write b.txt       7
        read  deep/c.txt  gamma
        write deep/c.txt  read-only
    ";
    check(&mut view, "/data/sub", rows).await;
    assert_eq!(std::fs::read(tree.path("outside/secret.txt")).unwrap(), b"changed");
    assert_eq!(std::fs::read(tree.path("root/a.txt")).unwrap(), b"alpha");
    assert_eq!(names.unwrap().split(' ').filter(|name| *name == "a.txt").count(), 1);
}

#[tokio::test]
async fn a_granted_file_can_not_be_moved_out_of_a_directory_that_may_change() {
    let tree = Tree::new();
    let rules = [tree.rule("root", "/data", Rw), tree.rule("outside/secret.txt", "/data/c", Rw)];
    let mut view = View::new(&rules).unwrap();
    let before = tree.picture("");
    let rows = "
        unlink     c  not-permitted
        rename     c  not-permitted
        link       c  not-permitted
        rename-to  c  not-permitted
        link-to    c  not-permitted
        mkdir      c  not-permitted
        create-new c  exist
        rmdir      c  not-permitted
    ";
    check(&mut view, "/data", rows).await;
    assert_eq!(tree.picture(""), before);
}

#[tokio::test]
async fn nothing_is_moved_or_linked_from_one_root_to_another() {
    let tree = Tree::new();
    let before = tree.picture("");
    let mut view = View::new(&[tree.rule("root/sub", "/a", Rw), tree.rule("root/empty", "/b", Rw)]).unwrap();
    let (a, b) = (view.preopen("/a"), view.preopen("/b"));
    let (from, to) = ("b.txt".to_owned(), "b.txt".to_owned());
    let moved = view.files().rename_at(again(&a), from.clone(), again(&b), to.clone()).await;
    assert_eq!(moved.unwrap_err().downcast().unwrap().name(), "cross-device");
    let none = wasmtime_wasi::p2::bindings::filesystem::types::PathFlags::empty();
    let linked = view.files().link_at(again(&a), none, from, again(&b), to).await;
    assert_eq!(linked.unwrap_err().downcast().unwrap().name(), "cross-device");
    assert_eq!(tree.picture(""), before);
}
