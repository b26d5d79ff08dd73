//! The router on real parts: the bus in memory, SQLite, a sandbox, and skills that try things.
#![allow(clippy::unwrap_used, reason = "a test that can't set itself up fails")]

mod breakers;
mod ground;
mod quotas;
mod removal;
mod sessions;
