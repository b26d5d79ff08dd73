//! Tests of the mapping: examples one by one, the table of the public contract, and round trips.

mod bounds;
mod contract;
mod examples;
pub(crate) mod guest;
mod round_trip;
