//! The bus: one contract on both implementations, and what only Redis can suffer.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod backlog;
mod breakers;
mod breakers_fleet;
mod broadcast;
mod cache;
mod contract;
mod death;
mod domains;
mod faults;
mod fixture;
mod fleet;
mod forgery;
mod lanes;
mod model;
mod nested;
mod quotas;
mod quotas_fleet;
mod relay;
mod sessions;
mod shares;
mod state;
