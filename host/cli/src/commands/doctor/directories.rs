//! The data directory and the artefacts in it: private, writable, with room; and who holds them.

use super::finding::Finding;
use super::ground::Ground;
use rustix::fs::{Access, access, statvfs};
use rustix::process::geteuid;
use skep_core::ByteSize;
use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Less room than this won't last.
const ROOM_LOW: ByteSize = ByteSize(1 << 30);
/// With less room than this, the next skill or audit record may not fit.
const ROOM_MIN: ByteSize = ByteSize(64 << 20);

pub(super) async fn check(ground: &Ground) -> Vec<Finding> {
    let (dir, artefacts) = (ground.home.dir(), ground.home.artefacts());
    let found = match fs::metadata(dir) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return vec![Finding::information(format!("{} isn't there yet: a host makes it", dir.display()))];
        }
        Err(error) => {
            let found = format!("{} can't be looked at: {error}", dir.display());
            return vec![Finding::problem(found, "let this user into the directories above it")];
        }
    };
    let mut findings = vec![private(dir, &found)];
    findings
        .extend(statvfs(dir).ok().map(|disk| room(ByteSize(disk.f_bavail.saturating_mul(disk.f_frsize)))));
    // A host follows no link to its artefacts.
    findings.extend(fs::symlink_metadata(&artefacts).ok().map(|found| private(&artefacts, &found)));
    findings.push(holder(ground.holder()));
    findings
}

/// Whether this user, and nobody else, can use a directory.
fn private(dir: &Path, found: &Metadata) -> Finding {
    let (shown, mode, me) = (dir.display(), found.mode() & 0o777, geteuid().as_raw());
    if !found.is_dir() {
        return Finding::problem(format!("{shown} is no directory"), "move it away, or name another: --data");
    }
    if found.uid() != me {
        let whose = format!("{shown} belongs to user {}, and this is user {me}", found.uid());
        return Finding::problem(whose, format!("run skep as that user, or `chown -R {me} {shown}`"));
    }
    if mode & 0o077 != 0 {
        let open = format!("others can enter {shown} (mode {mode:o})");
        return Finding::problem(open, format!("chmod 700 {shown}"));
    }
    match access(dir, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK) {
        Ok(()) => Finding::ok(format!("{shown} is this user's alone")),
        Err(error) => Finding::problem(
            format!("{shown} can't be written to: {error}"),
            format!("chmod 700 {shown}, on a disk that isn't read-only"),
        ),
    }
}

fn room(free: ByteSize) -> Finding {
    let way_out = "free some, or move the data directory: --data";
    let told = ByteSize(free.0 >> 20 << 20);
    match free {
        free if free < ROOM_MIN => Finding::problem(format!("only {told} of the disk are free"), way_out),
        free if free < ROOM_LOW => Finding::warning(format!("only {told} of the disk are free"), way_out),
        _ => Finding::ok(format!("{told} of the disk are free")),
    }
}

fn holder(pid: Option<u32>) -> Finding {
    let Some(pid) = pid else { return Finding::information("no host holds the data directory") };
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    Finding::ok(format!("process {pid} ({}) holds the data directory", name.trim()))
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    #[test]
    fn a_full_disk_is_told_before_it_is_full() {
        let state = |free| room(ByteSize(free)).state;
        let (low, min) = (ROOM_LOW.0, ROOM_MIN.0);
        assert_eq!(
            [low, low - 1, min, min - 1].map(state),
            [State::Ok, State::Warning, State::Warning, State::Problem]
        );
    }
}
