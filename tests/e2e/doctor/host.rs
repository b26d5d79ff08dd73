//! What is of the running host: whether it answers, its version, and what its skills wait for.

use super::doctor;
use crate::deployment::{Deployment, Host};
use rustix::fs::{FlockOperation, flock};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::path::Path;

#[test]
fn a_running_host_is_asked() {
    let dir = tempfile::tempdir().unwrap();
    let host = Host::start(&dir.path().join("data"), &[]);
    doctor(dir.path(), &[])
        .problems(&[])
        .found("host", "ok", env!("CARGO_PKG_VERSION"))
        .found("directories", "ok", "(skep) holds the data directory")
        .found("database", "ok", "its schema")
        .found("skills", "ok", "0 installed");
    let at = format!("unix:{}", host.socket().display());
    let elsewhere = doctor(dir.path(), &["--host", &at]);
    elsewhere.problems(&[]).found("host", "ok", "answers");
    assert!(elsewhere.findings.iter().all(|f| f["check"] == "host" || f["check"] == "skills"));
    host.stop();
    doctor(dir.path(), &[]).problems(&[]).found("directories", "information", "no host holds");
}

#[test]
fn what_skills_were_granted_and_cant_have_is_told() {
    let on = Deployment::embedded();
    let (dir, folder) = (on.dir.path(), on.folder("folder"));
    let files = format!("{}:/data", folder.display());
    on.add_guest("versioned-1", "versioned", &["--fs", &files]);
    doctor(dir, &[]).problems(&[]).found("skills", "ok", "1 installed");
    fs::remove_dir(&folder).unwrap();
    doctor(dir, &[]).problems(&["skills"]).found("skills", "problem", "skep revoke versioned --fs /data");
    fs::create_dir(&folder).unwrap();

    let secret = ["--secret", "KEY=https://api.example.com", "--net", "https://api.example.com"];
    on.skep(&[&["grant", "versioned"], &secret[..]].concat());
    doctor(dir, &[]).problems(&["skills"]).found("skills", "problem", "skep secret set KEY");
    on.skep(&["revoke", "versioned", "--net", "https://api.example.com"]);
    doctor(dir, &[]).found("skills", "problem", "skep grant versioned --net https://api.example.com");
    on.skep(&["revoke", "versioned", "--secret", "KEY"]);

    on.skep(&["grant", "versioned", "--skill", "ghost"]);
    doctor(dir, &[]).problems(&[]).found("skills", "warning", "may call ghost");
    on.add_guest("versioned-2", "versioned", &[]);
    doctor(dir, &[]).problems(&[]).found("skills", "warning", "skep approve versioned");
}

/// Answers each request on a data directory's socket; without an answer, it is taken and left.
fn stand_in(data: &Path, answer: Option<&'static str>) {
    let listener = UnixListener::bind(data.join("skep.sock")).unwrap();
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        for mut stream in listener.incoming().map(Result::unwrap) {
            if let Some(body) = answer {
                assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
                let length = body.len();
                write!(
                    stream,
                    "HTTP/1.1 503 Away\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
                )
                .unwrap();
            } else {
                kept.push(stream);
            }
        }
    });
}

/// A data directory that this process holds, as a host would.
fn held() -> (tempfile::TempDir, File) {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    fs::create_dir(&data).unwrap();
    let lock = File::create(data.join("lock")).unwrap();
    flock(&lock, FlockOperation::NonBlockingLockExclusive).unwrap();
    (dir, lock)
}

#[test]
fn a_host_of_another_version_that_isnt_ready_is_told() {
    let (dir, _lock) = held();
    let health = r#"{"version":"0.0.1","parts":{"database":"unavailable","bus":"ok"}}"#;
    stand_in(&dir.path().join("data"), Some(health));
    let said = doctor(dir.path(), &[]);
    said.found("host", "warning", "0.0.1").found("host", "problem", "its database is unavailable");
    assert!(!said.findings.iter().any(|f| f.to_string().contains("its bus")));
}

#[test]
fn a_host_that_holds_on_and_doesnt_answer_is_a_problem() {
    let (dir, lock) = held();
    doctor(dir.path(), &[]).found("host", "problem", "can't be reached");
    stand_in(&dir.path().join("data"), None);
    doctor(dir.path(), &[]).found("host", "problem", "no answer within").found("machine", "ok", "space");
    drop(lock);
}

#[test]
fn what_a_killed_host_left_is_no_problem() {
    let dir = tempfile::tempdir().unwrap();
    let host = Host::start(&dir.path().join("data"), &[]);
    drop(host);
    assert!(dir.path().join("data/skep.sock").exists());
    doctor(dir.path(), &[]).problems(&[]).found("host", "information", "was killed");
}
