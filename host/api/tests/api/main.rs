//! The API as clients meet it: the real router over the bus in memory, SQLite and a sandbox, behind real sockets.
#![allow(clippy::unwrap_used, reason = "a test that can't set itself up fails")]

mod asks;
mod audit;
mod bounds;
mod breaker;
mod calls;
mod document;
mod domains;
mod entrance;
mod events;
#[path = "../../../../tests/exposition/mod.rs"]
#[allow(dead_code, unreachable_pub, clippy::expect_used, reason = "shared with the tests of the whole")]
mod exposition;
mod follow;
mod ground;
mod keys;
mod leaving;
mod mcp;
mod metrics;
mod mint;
mod quotas;
mod reach;
mod secrets;
mod skills;
mod standing;
mod tags;
mod tokens;
mod upkeep;
