//! Bounded waits end in time, and say whose they were; free ports are free.
#![allow(clippy::unwrap_used)]

use std::cell::Cell;
use std::collections::HashSet;
use std::net::TcpListener;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use skep_harness::{eventually, eventually_blocking, free_port, guest, repository, skill_folder};

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(50);

fn panic_text(run: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
    panic.downcast_ref::<String>().unwrap().clone()
}

#[test]
fn a_blocking_wait_ends_when_the_condition_holds() {
    let looks = Cell::new(0);
    let start = Instant::now();
    eventually_blocking(LONG, || looks.replace(looks.get() + 1) == 3);
    assert_eq!(looks.get(), 4);
    assert!(start.elapsed() < LONG);
}

#[test]
fn a_blocking_wait_ends_at_its_limit() {
    let text = panic_text(|| eventually_blocking(SHORT, || false));
    assert!(text.contains("not so within 50ms"), "{text}");
}

#[tokio::test]
async fn a_wait_ends_when_the_condition_holds() {
    let looks = Cell::new(0);
    eventually(LONG, async || looks.replace(looks.get() + 1) == 3).await;
    assert_eq!(looks.get(), 4);
}

#[test]
fn a_wait_ends_at_its_limit_and_names_its_caller() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let line = line!() + 1;
    let text = panic_text(|| runtime.block_on(eventually(SHORT, async || false)));
    assert!(text.contains(&format!("waits.rs:{line}:")), "{text}");
    assert!(text.contains("not so within 50ms"), "{text}");
}

#[test]
fn free_ports_are_free_and_differ() {
    let ports: Vec<u16> = (0..20).map(|_| free_port()).collect();
    assert_eq!(ports.iter().collect::<HashSet<_>>().len(), 20);
    for port in ports {
        TcpListener::bind(("127.0.0.1", port)).unwrap();
    }
}

#[test]
fn what_is_not_built_is_named_with_the_way_out() {
    assert!(repository().join("tests/harness/Cargo.toml").is_file());
    for text in
        [panic_text(|| drop(guest("no-such-guest"))), panic_text(|| drop(skill_folder("no-such-skill")))]
    {
        assert!(text.contains("no-such-"), "{text}");
        assert!(text.contains("run `make guests`"), "{text}");
    }
}
