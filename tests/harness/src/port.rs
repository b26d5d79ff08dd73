//! Free loopback ports.

use std::net::{Ipv4Addr, TcpListener};
use std::process;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the range Linux takes ports for outgoing connections from, so that a server which is
/// stopped for a while finds its port still free.
const PORT_MIN: u16 = 12_000;
const PORT_COUNT: u16 = 20_000;
/// Test processes run side by side and have neighbouring ids: this keeps them apart.
const PORTS_PER_PROCESS: u32 = 53;

/// A loopback port that nobody listens on, never the same one twice in a process.
///
/// Another process may take it before the caller does: whoever listens on it must be ready to try
/// again with another.
pub fn free_port() -> u16 {
    static NEXT: LazyLock<AtomicU16> = LazyLock::new(|| {
        let start = process::id().wrapping_mul(PORTS_PER_PROCESS) % u32::from(PORT_COUNT);
        AtomicU16::new(start as u16)
    });
    for _ in 0..PORT_COUNT {
        let port = PORT_MIN + NEXT.fetch_add(1, Ordering::Relaxed) % PORT_COUNT;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
    panic!("no free loopback port from {PORT_MIN} on");
}
