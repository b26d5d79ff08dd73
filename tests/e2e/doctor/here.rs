//! What is of this machine: configuration, directories, key file, limits, the listener, toolchains.

use super::{Said, asked, doctor};
use crate::deployment::{check, skep};
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;
use tempfile::TempDir;

/// A home whose data directory was used by a host that has ended, with records in its audit.
fn used() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut call = skep();
    call.env("HOME", dir.path()).args(["call", "ghost", "--data"]).arg(dir.path().join("data"));
    check(&call.output().unwrap(), 13, "ghost");
    dir
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// All that is below a directory: names, modes, sizes, times of change.
fn seen(dir: &Path) -> Vec<(PathBuf, u32, u64, SystemTime)> {
    let entries = walkdir::WalkDir::new(dir).sort_by_file_name().into_iter().map(Result::unwrap);
    let seen = entries.map(|entry| {
        let meta = entry.metadata().unwrap();
        (entry.path().to_owned(), meta.mode(), meta.len(), meta.modified().unwrap())
    });
    seen.collect()
}

#[test]
fn what_is_sound_is_told_and_left_as_it_is() {
    let dir = used();
    let before = seen(dir.path());
    doctor(dir.path(), &[])
        .problems(&[])
        .found("directories", "ok", "alone")
        .found("key file", "ok", "key")
        .found("database", "ok", "SQLite")
        .found("database", "ok", "its schema")
        .found("database", "ok", "the newest audit record was made with")
        .found("machine", "ok", "address space")
        .found("entrance", "ok", "Unix socket")
        .found("host", "information", "none runs");
    assert_eq!(seen(dir.path()), before);
    let mut for_people = skep();
    for_people.env("HOME", dir.path()).args(["doctor", "--data"]).arg(dir.path().join("data"));
    check(&for_people.output().unwrap(), 0, "no problem");
}

#[test]
fn before_the_first_host_there_is_nothing_and_nothing_is_made() {
    let dir = tempfile::tempdir().unwrap();
    doctor(dir.path(), &[])
        .problems(&[])
        .found("directories", "information", "isn't there yet")
        .found("key file", "information", "isn't there yet")
        .found("database", "information", "isn't there yet");
    assert_eq!(seen(dir.path()).len(), 1);
}

#[test]
fn directories_that_others_can_enter_are_a_problem() {
    let dir = used();
    let data = dir.path().join("data");
    chmod(&data, 0o755);
    doctor(dir.path(), &[]).problems(&["directories"]).found("directories", "problem", "chmod 700");
    assert_eq!(fs::metadata(&data).unwrap().mode() & 0o777, 0o755);
    chmod(&data, 0o700);
    chmod(&data.join("artefacts"), 0o770);
    doctor(dir.path(), &[]).problems(&["directories"]).found("directories", "problem", "artefacts");
    fs::remove_dir_all(&data).unwrap();
    fs::write(&data, "").unwrap();
    let said = doctor(dir.path(), &[]);
    said.found("directories", "problem", "is no directory");
}

#[test]
fn a_key_file_must_be_private_whole_and_the_right_one() {
    let dir = used();
    let key = dir.path().join("data/key");
    let own = fs::read_to_string(&key).unwrap();
    chmod(&key, 0o644);
    doctor(dir.path(), &[]).problems(&["key file"]).found("key file", "problem", "chmod 600");
    chmod(&key, 0o600);
    fs::write(&key, &own[..10]).unwrap();
    doctor(dir.path(), &[]).problems(&["key file"]).found("key file", "problem", "hex digits");
    fs::write(&key, "ab".repeat(32)).unwrap();
    doctor(dir.path(), &[]).problems(&["database"]).found("database", "problem", "wasn't made with the key");
    fs::remove_file(&key).unwrap();
    doctor(dir.path(), &[]).problems(&["database"]).found("database", "problem", "is gone");
    assert!(!key.exists());
    fs::write(&key, own).unwrap();
    chmod(&key, 0o600);
    doctor(dir.path(), &[]).problems(&[]);
}

#[test]
fn a_configuration_that_cant_be_used_is_a_finding() {
    let dir = used();
    let file = dir.path().join("skep.toml");
    let with = |text: &str| {
        fs::write(&file, text).unwrap();
        doctor(dir.path(), &["--config", file.to_str().unwrap()])
    };
    let said = with("slots = \"many\"\ncolour = 1\n");
    said.problems(&["configuration"]).found("configuration", "problem", "slots");
    said.found("configuration", "problem", "`colour` is unknown").found("directories", "ok", "alone");
    with("slots = = 1").problems(&["configuration"]).found("configuration", "problem", "skep.toml");
    let watch = format!("watch = {:?}", dir.path().join("nowhere"));
    with(&watch).problems(&["configuration"]).found("configuration", "problem", "nowhere");
    with("slots = 4").problems(&[]).found("configuration", "ok", "skep.toml");
    let gone = doctor(dir.path(), &["--config", "gone.toml"]);
    gone.problems(&["configuration"]).found("configuration", "problem", "gone.toml");
}

#[test]
fn a_password_that_everybody_can_read_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("skep.toml");
    let text = "redis = \"redis://127.0.0.1:1\"\nmysql = \"mysql://skep:hunter2@127.0.0.1:1/skep\"\n";
    fs::write(&file, text).unwrap();
    let flags = ["--config", file.to_str().unwrap()];
    chmod(&file, 0o644);
    let said = doctor(dir.path(), &flags);
    said.found("configuration", "warning", "chmod o=").found("key file", "warning", "must share one");
    assert!(!format!("{:?}", said.output).contains("hunter2"));
    chmod(&file, 0o640);
    let said = doctor(dir.path(), &flags);
    assert!(said.findings.iter().all(|f| f["check"] != "configuration" || f["state"] == "ok"));
}

#[test]
fn limits_of_the_machine_that_are_too_low_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let limited = |limit: &str| -> Said {
        let mut command = Command::new("sh");
        let doctor = format!("ulimit {limit}; exec {} doctor --json --data data", env!("CARGO_BIN_EXE_skep"));
        command.env("HOME", dir.path()).current_dir(dir.path()).args(["-c", &doctor]);
        asked(command)
    };
    limited("-n 256").problems(&[]).found("machine", "warning", "only 256 files");
    limited("-n 4096").problems(&[]).found("machine", "ok", "4096 files");
    limited("-v 8000000").problems(&["machine"]).found("machine", "problem", "ulimit -v");
}

#[test]
fn a_listener_that_others_can_reach_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let said = doctor(dir.path(), &["--listen", "0.0.0.0:7700"]);
    said.problems(&[]).found("entrance", "warning", "TLS").found("entrance", "warning", "`hosts` is empty");
    said.found("entrance", "information", "SKEP_TOKEN");
    let said = doctor(dir.path(), &["--listen", "127.0.0.1:7700", "--token", &"t".repeat(32)]);
    said.problems(&[]).found("entrance", "ok", "this machine alone");
    assert_eq!(said.findings.iter().filter(|f| f["check"] == "entrance").count(), 1);
    let said = doctor(dir.path(), &["--listen", "127.0.0.1:7700", "--token", "short"]);
    said.problems(&["configuration"]).found("configuration", "problem", "32");
}

#[test]
fn a_toolchain_that_is_missing_is_no_problem() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = skep();
    command.env("PATH", dir.path()).args(["doctor", "--json", "--data"]).arg(dir.path().join("data"));
    let said = asked(command);
    said.problems(&[]).found("toolchains", "information", "Rust: cargo is missing");
    let cargo = dir.path().join("cargo");
    fs::write(&cargo, "").unwrap();
    chmod(&cargo, 0o755);
    let mut command = skep();
    command.env("PATH", dir.path()).args(["doctor", "--json", "--data"]).arg(dir.path().join("data"));
    asked(command).found("toolchains", "information", "Rust: `skep build` has what it needs");
}
