//! Secrets, through a real guest and real servers: where a value goes, where it doesn't, and what comes back.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends where it finds nothing")]

#[path = "../kit/mod.rs"]
mod kit;

mod answers;
mod echo;
mod places;
mod scene;
