//! What every store must do, shown on SQLite and on MariaDB by the same tests.

#![allow(clippy::unwrap_used, reason = "a test that is surprised should stop")]

mod asks;
mod audit;
mod components;
mod damage;
mod domains;
mod ground;
mod hosts;
mod jobs;
mod keys;
mod outage;
mod plans;
mod proxy;
mod races;
mod retention;
mod sample;
mod schema;
mod secrets;
mod skills;
mod state;
mod tls;
mod versions;
