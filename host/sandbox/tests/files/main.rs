//! The files of the machine as a guest sees them: what is granted works, nothing else does, nothing hangs.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what a test stands on may panic")]

mod check;
mod guest;
#[path = "../kit/mod.rs"]
mod kit;
mod paths;
mod single;
mod special;
mod streams;
mod tree;
mod view;
