//! What is refused when it is granted.

use super::tree::Tree;
use skep_core::Access::{self, Ro, Rw};
use skep_core::FileRule;
use skep_sandbox::files::{RootError, check_root, check_rules};
use std::path::{Path, PathBuf};

#[test]
fn good_roots_come_back_canonical() {
    let tree = Tree::new();
    let check = |asked: &str, gives: &str| {
        assert_eq!(check_root(&tree.path(asked), &[tree.path("outside")]).unwrap(), tree.path(gives));
    };
    check("root", "root");
    check("root/../root/./sub", "root/sub");
    check("root/in-dir", "root/sub");
    check("root/a.txt", "root/a.txt");
    check("root/link1", "root/sub/b.txt");
}

#[test]
fn what_is_missing_special_or_everything_is_refused() {
    let tree = Tree::new();
    let check = |host: &Path, says: &str| {
        let error = check_root(host, &[]).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    };
    check(&tree.path("missing"), "No such file");
    check(&tree.path("root/loop"), "symbolic links");
    check(&tree.path("root/pipe"), "neither a directory nor a regular file");
    check(&tree.path("root/socket"), "neither a directory nor a regular file");
    check(Path::new("/"), "contains /proc, /sys and /dev");
    check(Path::new("/proc"), "overlaps `/proc`");
    check(Path::new("/proc/self/status"), "overlaps `/proc`");
    check(Path::new("/sys/kernel"), "overlaps `/sys`");
    check(Path::new("/dev"), "overlaps `/dev`");
    check(Path::new("/dev/null"), "neither a directory nor a regular file");
}

#[test]
fn overlap_is_found_in_both_directions_and_through_links() {
    let tree = Tree::new();
    let check = |host: &str, forbidden: PathBuf, overlaps: bool| {
        let refused = matches!(
            check_root(&tree.path(host), std::slice::from_ref(&forbidden)),
            Err(RootError::Overlap(..))
        );
        assert_eq!(refused, overlaps, "{host} and {}", forbidden.display());
    };
    check("root", tree.path("root"), true);
    check("root", tree.path("root/sub"), true);
    check("root/sub", tree.path("root"), true);
    check("root/a.txt", tree.path("root/a.txt"), true);
    check("root/out-dir", tree.path("outside"), true);
    check("outside", tree.path("root/out-dir"), true);
    check("root", tree.path("root/data/not/made/yet"), true);
    check("root/sub", tree.path("root/in-dir/not-made-yet"), true);
    check("root/sub", tree.path("root/subtle"), false);
    check("root/empty", tree.path("root/sub"), false);
    check("root", tree.path("outside"), false);
}

#[test]
fn rules_that_could_not_be_held_together_are_refused() {
    let rule = |host: &str, guest: &str, access: Access| FileRule {
        host: PathBuf::from(host),
        guest: guest.parse().unwrap(),
        access,
    };
    let outer = rule("/srv", "/data", Rw);
    let check = |inner: FileRule, says: Option<&str>| {
        for rules in [[outer.clone(), inner.clone()], [inner.clone(), outer.clone()]] {
            let error = check_rules(&rules).err().map(|error| error.to_string());
            match says {
                Some(says) => assert!(error.as_ref().is_some_and(|error| error.contains(says)), "{error:?}"),
                None => assert_eq!(error, None),
            }
        }
    };
    check(
        rule("/srv/private", "/data/private", Ro),
        Some("`/data/private:ro` can't be held inside `/data:rw`"),
    );
    check(rule("/other", "/data", Ro), Some("granted twice"));
    check(rule("/srv/private", "/data/private", Rw), None);
    check(rule("/other", "/data/other", Ro), None);
    check(rule("/srv/private", "/private", Ro), None);
    check(rule("/srv-2", "/data/x", Ro), None);
    let many: Vec<_> = (0..257).map(|n| rule("/srv", &format!("/{n}"), Ro)).collect();
    assert!(matches!(check_rules(&many), Err(RootError::Many(257))));
}
