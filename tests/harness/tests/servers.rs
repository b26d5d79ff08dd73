//! The private servers start, keep what they promise over a restart, and end.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use skep_harness::{HarnessError, MariaDb, Redis, eventually_blocking};

const SOON: Duration = Duration::from_secs(10);

/// Sends one inline command and reads one answer of at most 100 bytes.
fn ask(redis: &Redis, command: &str) -> String {
    let address = redis.url().replace("redis://", "");
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    stream.write_all(command.as_bytes()).unwrap();
    stream.write_all(b"\r\n").unwrap();
    let mut answer = [0; 100];
    let length = stream.read(&mut answer).unwrap();
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

fn runs(pid: u32) -> bool {
    Path::new("/proc").join(pid.to_string()).exists()
}

/// What a MariaDB sends first, which holds its version.
fn greeting(url: &str) -> String {
    let (_, rest) = url.split_once('@').unwrap();
    let (address, _) = rest.split_once('/').unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    let mut answer = [0; 100];
    let length = stream.read(&mut answer).unwrap();
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

#[test]
fn redis_forgets_over_a_restart() {
    let mut redis = Redis::start().unwrap();
    assert_eq!(ask(&redis, "SET name skep"), "+OK\r\n");
    let (url, pid) = (redis.url(), redis.pid());
    redis.restart().unwrap();
    assert_eq!(redis.url(), url);
    assert_ne!(redis.pid(), pid);
    assert!(!runs(pid));
    assert_eq!(ask(&redis, "GET name"), "$-1\r\n");
}

#[test]
fn a_paused_redis_answers_once_it_goes_on() {
    let mut redis = Redis::start().unwrap();
    redis.pause();
    let mut stream = TcpStream::connect(("127.0.0.1", redis.port())).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    stream.write_all(b"PING\r\n").unwrap();
    stream.read_exact(&mut [0; 7]).unwrap_err();
    redis.resume();
    stream.set_read_timeout(Some(SOON)).unwrap();
    let mut answer = [0; 7];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"+PONG\r\n");
}

#[test]
fn redis_with_an_append_only_file_remembers_over_a_restart() {
    let mut redis = Redis::start_with(&["--appendonly", "yes"]).unwrap();
    assert_eq!(ask(&redis, "SET name skep"), "+OK\r\n");
    redis.restart().unwrap();
    assert_eq!(ask(&redis, "GET name"), "$4\r\nskep\r\n");
}

#[test]
fn redis_ends_when_stopped_and_when_dropped() {
    let mut stopped = Redis::start().unwrap();
    let dropped = Redis::start().unwrap();
    assert_ne!(stopped.url(), dropped.url());
    let pids = [stopped.pid(), dropped.pid()];
    assert!(pids.iter().all(|&pid| runs(pid)));
    stopped.stop();
    stopped.stop();
    drop(dropped);
    assert!(!pids.iter().any(|&pid| runs(pid)));
}

#[test]
fn a_server_that_refuses_its_options_shows_its_log() {
    let error = Redis::start_with(&["--no-such-option", "1"]).unwrap_err();
    assert!(matches!(error, HarnessError::Exited { .. }), "{error}");
    assert!(error.to_string().contains("no-such-option"), "{error}");
}

#[test]
fn a_server_outlives_the_thread_that_started_it() {
    let redis = std::thread::spawn(|| Redis::start().unwrap()).join().unwrap();
    assert_eq!(ask(&redis, "PING"), "+PONG\r\n");
}

#[test]
fn mariadb_keeps_its_databases_over_a_restart() {
    let mut mariadb = MariaDb::start().unwrap();
    let url = mariadb.create_database("second").unwrap();
    assert!(url.starts_with("mysql://skep:skep@127.0.0.1:"), "{url}");
    assert!(url.ends_with("/second"), "{url}");
    let pid = mariadb.pid();
    mariadb.restart().unwrap();
    assert!(!runs(pid));
    assert!(greeting(&mariadb.url()).contains("MariaDB"));
    let again = mariadb.create_database("second").unwrap_err().to_string();
    assert!(again.contains("database exists"), "{again}");
}

#[test]
fn mariadb_ends_when_dropped() {
    let mariadb = MariaDb::start().unwrap();
    let pid = mariadb.pid();
    assert!(runs(pid));
    drop(mariadb);
    assert!(!runs(pid));
}

#[test]
fn a_server_ends_when_its_test_process_is_killed() {
    let notes = tempfile::tempdir().unwrap();
    let note = notes.path().join("pid");
    let mut process = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "starts_a_server_for_another_test", "--nocapture"])
        .env(NOTE, &note)
        .spawn()
        .unwrap();
    let pid = || fs::read_to_string(&note).ok()?.parse::<u32>().ok();
    eventually_blocking(SOON, || pid().is_some());
    let pid = pid().unwrap();
    assert!(runs(pid));
    process.kill().unwrap();
    process.wait().unwrap();
    eventually_blocking(SOON, || !runs(pid));
}

const NOTE: &str = "SKEP_HARNESS_TEST_NOTE";

/// The other process of the test above; on its own it only starts and ends a server.
#[test]
fn starts_a_server_for_another_test() {
    let redis = Redis::start().unwrap();
    assert!(runs(redis.pid()));
    if let Some(note) = std::env::var_os(NOTE) {
        let draft = Path::new(&note).with_extension("draft");
        fs::write(&draft, redis.pid().to_string()).unwrap();
        fs::rename(&draft, note).unwrap();
        // Until it is killed, or for as long as the other test may wait.
        std::thread::sleep(SOON);
    }
}
