//! HTTP from a guest: what is granted works, and no spelling, name or answer leads anywhere else.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what a test stands on may panic")]

mod bounds;
mod forbidden;
#[path = "../kit/mod.rs"]
mod kit;
mod place;
mod rules;
mod scene;
mod served;
