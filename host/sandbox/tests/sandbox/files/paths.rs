//! Every operation at every kind of path, under `ro` and under `rw`.

use super::tree::Tree;
use super::view::View;
use skep_core::Access;

const CHANGES: [&str; 16] = [
    "write",
    "create",
    "create-new",
    "touch",
    "truncate",
    "mkdir",
    "rmdir",
    "unlink",
    "rename",
    "rename-to",
    "link",
    "link-to",
    "symlink",
    "symlink-to",
    "set-times",
    "set-times-nofollow",
];

const INSIDE: [&str; 12] = [
    "a.txt",
    "sub/b.txt",
    "in",
    "in-dir/b.txt",
    "link1",
    "new.txt",
    "sub/new.txt",
    "empty",
    "sub",
    "pipe",
    "socket",
    ".",
];

const OUTSIDE: [&str; 13] = [
    "..",
    "../outside/secret.txt",
    "../outside/new.txt",
    "sub/../../outside/secret.txt",
    "/",
    "/etc/passwd",
    "out-dir/secret.txt",
    "out-dir/new.txt",
    "out-dir/..",
    "in-dir/../../outside/new.txt",
    "../root/a.txt",
    "../root/new.txt",
    "//proc/self/root/etc/passwd",
];

/// Reading is the same under `ro` and `rw`.
const READS: &str = "
    read  a.txt                         ok
    read  ./a.txt                       ok
    read  sub/b.txt                     ok
    read  sub/deep/../../a.txt          ok
    read  in                            ok
    read  in-dir/b.txt                  ok
    read  link1                         ok
    read  sub/link3                     ok
    read  missing                       no-entry
    read  missing/a.txt                 no-entry
    read  a.txt/b                       not-directory
    read  a.txt/                        not-directory
    read  sub                           is-directory
    read  dangling                      no-entry
    read  loop                          loop
    read  ../outside/secret.txt         not-permitted
    read  sub/../../outside/secret.txt  not-permitted
    read  /etc/passwd                   not-permitted
    read  out                           not-permitted
    read  out-chain                     not-permitted
    read  out-dir/secret.txt            not-permitted
    read  absolute                      not-permitted
    read  absolute-in                   not-permitted
    read  dangling-out                  not-permitted
    read  pipe                          not-permitted
    read  socket                        not-permitted
    read-nofollow  in                   loop
    read-nofollow  out                  loop
    read-nofollow  pipe                 not-permitted
    list  .                             ok
    list  sub                           ok
    list  in-dir                        ok
    list  a.txt                         not-directory
    list  pipe                          not-directory
    list  ..                            not-permitted
    list  /                             not-permitted
    list  out-dir                       not-permitted
    stat  a.txt                         ok
    stat  link1                         ok
    stat  pipe                          ok
    stat  socket                        ok
    stat  ..                            not-permitted
    stat  out                           not-permitted
    stat  absolute                      not-permitted
    stat  out-dir/secret.txt            not-permitted
    lstat out                           ok
    lstat absolute                      ok
    lstat out-dir/secret.txt            not-permitted
    hash  a.txt                         ok
    hash  out                           not-permitted
    readlink in                         ok
    readlink out                        ok
    readlink absolute                   not-permitted
    readlink absolute-in                not-permitted
    readlink a.txt                      invalid
    readlink out-dir/secret.txt         not-permitted
";

/// What may and what may not be changed under `rw`.
const WRITES: &str = "
    write      a.txt            ok
    write      in               ok
    write      link1            ok
    write      missing          no-entry
    write      sub              is-directory
    write      out              not-permitted
    write      out-chain        not-permitted
    write      absolute         not-permitted
    write      pipe             not-permitted
    write      socket           not-permitted
    create     new.txt          ok
    create     a.txt            ok
    create     dangling         no-entry
    create     dangling-out     not-permitted
    create     out              not-permitted
    create     absolute         not-permitted
    create     pipe             not-permitted
    create     .                is-directory
    create-new new.txt          ok
    create-new a.txt            exist
    create-new out              exist
    create-new dangling-out     exist
    create-new pipe             exist
    touch      a.txt            ok
    truncate   a.txt            ok
    truncate   sub              is-directory
    truncate   out              not-permitted
    truncate   pipe             not-permitted
    mkdir      new              ok
    mkdir      sub              exist
    mkdir      out-dir          exist
    mkdir      missing/new      no-entry
    rmdir      empty            ok
    rmdir      sub              not-empty
    rmdir      a.txt            not-directory
    rmdir      out-dir          not-directory
    unlink     a.txt            ok
    unlink     out              ok
    unlink     pipe             ok
    unlink     missing          no-entry
    rename     a.txt            ok
    rename     sub              ok
    rename     missing          no-entry
    rename-to  sub/new.txt      ok
    rename-to  out              ok
    link       a.txt            ok
    link-to    sub/new.txt      ok
    link-to    sub/b.txt        exist
    symlink    new              ok
    symlink    a.txt            exist
    symlink-to a.txt            ok
    symlink-to sub/deep         ok
    symlink-to ../outside       not-permitted
    symlink-to sub/../a.txt     not-permitted
    symlink-to /etc/passwd      not-permitted
    set-times  a.txt            ok
    set-times  sub              ok
    set-times  pipe             ok
    set-times  out              not-permitted
    set-times-nofollow out      ok
";

/// Runs each row on a tree of its own: what is refused changes nothing, what is done changes nothing outside.
async fn check(access: Access, rows: &str) {
    for row in rows.lines().map(str::trim).filter(|row| !row.is_empty()) {
        let [op, path, expect] = row.split_whitespace().collect::<Vec<_>>()[..] else { panic!("{row}") };
        let tree = Tree::new();
        let (outside, root) = (tree.picture("outside"), tree.picture("root"));
        let mut view = View::new(&[tree.rule("root", "/data", access)]).unwrap();
        let dir = view.preopen("/data");
        let told = view.act(&dir, op, path).await;
        let code = told.as_ref().map_or_else(String::as_str, |_| "ok");
        assert_eq!(code, expect, "{access} {row}");
        assert_eq!(tree.picture("outside"), outside, "{access} {row}");
        if expect != "ok" || access == Access::Ro {
            assert_eq!(tree.picture("root"), root, "{access} {row}");
        }
    }
}

#[tokio::test]
async fn reading_reaches_what_is_inside_and_nothing_else() {
    check(Access::Ro, READS).await;
    check(Access::Rw, READS).await;
}

#[tokio::test]
async fn writing_reaches_what_is_inside_and_nothing_else() {
    check(Access::Rw, WRITES).await;
}

#[tokio::test]
async fn under_ro_every_change_is_refused_and_nothing_changes() {
    let tree = Tree::new();
    let before = tree.picture("");
    let mut view = View::new(&[tree.rule("root", "/data", Access::Ro)]).unwrap();
    let dir = view.preopen("/data");
    for op in CHANGES {
        for path in INSIDE {
            let code = view.act(&dir, op, path).await.expect_err(&format!("{op} {path}"));
            // What can't be done anyway may say so: a directory isn't written to, a FIFO isn't opened.
            let opens = ["write", "truncate", "set-times", "set-times-nofollow"].contains(&op) || path == ".";
            let other = ["is-directory", "exist", "no-entry", "not-permitted"].contains(&code.as_str());
            assert!(code == "read-only" || opens && other, "{op} {path}: {code}");
        }
        for path in OUTSIDE {
            let code = view.act(&dir, op, path).await.expect_err(&format!("{op} {path}"));
            assert!(["read-only", "not-permitted"].contains(&code.as_str()), "{op} {path}: {code}");
        }
        assert_eq!(view.act(&dir, op, "a.txt").await, Err("read-only".to_owned()), "{op}");
    }
    assert_eq!(tree.picture(""), before);
}

#[tokio::test]
async fn under_rw_nothing_outside_is_reached() {
    let tree = Tree::new();
    let before = tree.picture("");
    let mut view = View::new(&[tree.rule("root", "/data", Access::Rw)]).unwrap();
    let dir = view.preopen("/data");
    // The text of a link reaches nothing; what it may say stands among the rows above.
    for op in CHANGES.into_iter().filter(|op| *op != "symlink-to") {
        for path in OUTSIDE {
            let code = view.act(&dir, op, path).await.expect_err(&format!("{op} {path}"));
            assert_eq!(code, "not-permitted", "{op} {path}");
        }
    }
    assert_eq!(tree.picture(""), before);
}

#[tokio::test]
async fn a_directory_below_is_no_more_than_its_root() {
    let tree = Tree::new();
    let before = tree.picture("");
    let mut view = View::new(&[tree.rule("root", "/data", Access::Ro)]).unwrap();
    let dir = view.preopen("/data");
    // A guest may ask for a directory that it can change; it gets the one that was granted.
    let sub = view.open(&dir, "in-dir", "rdm").await.unwrap();
    assert_eq!(view.act(&sub, "read", "b.txt").await, Ok("beta".to_owned()));
    for op in CHANGES {
        assert_eq!(view.act(&sub, op, "b.txt").await, Err("read-only".to_owned()), "{op}");
        let code = view.act(&sub, op, "../a.txt").await.unwrap_err();
        assert!(["read-only", "not-permitted"].contains(&code.as_str()), "{op}: {code}");
    }
    assert_eq!(view.act(&sub, "read", "../a.txt").await, Err("not-permitted".to_owned()));
    assert_eq!(tree.picture(""), before);
}
