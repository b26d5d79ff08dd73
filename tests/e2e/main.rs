//! End to end: the real binary, as its users run it, on {memory + SQLite} and on {Redis + MariaDB}.
#![allow(missing_docs, unreachable_pub, reason = "a test program has no readers of its own")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't go on should say where")]

mod authoring;
mod bad_components;
mod breakers;
mod canary;
mod cli;
#[allow(dead_code, reason = "shared with the conformance tests")]
mod client;
mod collector;
mod completions;
mod demo;
mod deployment;
mod dev;
mod doctor;
mod domains;
mod events;
mod existing_programs;
#[path = "../exposition/mod.rs"]
mod exposition;
mod files;
mod fleet;
mod flow;
mod following;
mod foreign;
#[path = "../hostile/mod.rs"]
mod hostile;
mod hot_load;
mod identity;
mod jobs;
mod languages;
mod mcp;
mod network;
mod programs;
mod quotas;
mod rest;
mod traces;
mod watching;
