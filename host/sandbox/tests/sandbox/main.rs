//! The sandbox through real guests: calls, sessions, programs, files, network, secrets, limits.
//!
//! One program for all of them: each one more would link the whole engine once more.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where it finds nothing")]

mod cache;
mod calls;
mod commands;
mod compile;
mod files;
mod imports;
mod kit;
mod limits;
mod network;
mod secrets;
mod sessions;
