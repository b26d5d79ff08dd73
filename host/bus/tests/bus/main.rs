//! The bus: one contract on both implementations, and what only Redis can suffer.

mod contract;
mod death;
mod faults;
mod fixture;
mod fleet;
mod forgery;
mod lanes;
mod relay;
mod shares;
