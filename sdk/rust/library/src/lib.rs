//! Skills for Skep: a tool is an annotated function.
//!
//! ```
//! use schemars::JsonSchema;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Deserialize, JsonSchema)]
//! #[serde(deny_unknown_fields)]
//! struct Add {
//!     /// The first number.
//!     a: i64,
//!     /// The second number.
//!     b: i64,
//! }
//!
//! #[derive(Serialize, JsonSchema)]
//! struct Sum {
//!     sum: i64,
//! }
//!
//! /// Adds two numbers.
//! #[skep::tool]
//! fn add(input: Add) -> Result<Sum, skep::Error> {
//!     let sum = input.a.checked_add(input.b);
//!     Ok(Sum { sum: sum.ok_or_else(|| skep::Error::invalid_input("the sum is too large"))? })
//! }
//!
//! skep::skill!(add);
//! # fn main() {}
//! ```
//!
//! What a skill may ask of its host has a module each: [`context`] (who asks, how long, progress,
//! cancellation), [`config`], [`state`], [`skills`] (other skills), [`secrets`] and [`log`]. Files, variables, clocks and
//! random numbers come through the standard library. A panic is a defect and ends the call as `trapped`.
//!
//! Natively, as in `cargo test`, a stand-in in memory takes the host's place: see `testing`.

// What the macros write says `::skep`, in this crate too.
extern crate self as skep;

#[doc(hidden)]
pub mod bindings;
pub mod config;
pub mod context;
mod error;
pub mod log;
#[cfg(not(target_arch = "wasm32"))]
mod native;
pub mod secrets;
pub mod skills;
pub mod state;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
#[doc(hidden)]
pub mod tool;

#[cfg(not(target_arch = "wasm32"))]
use native as host;

pub use error::Error;
pub use skep_sdk_macros::{skill, tool};
pub use tool::Empty;

/// The host's functions under short names. Their native stand-ins have the same.
#[cfg(target_arch = "wasm32")]
mod host {
    pub use crate::bindings::{
        skep::skill::{context, secrets, skills, state as swap},
        wasi::{
            config::store as config,
            keyvalue::{atomics, store as keyvalue},
            logging::logging,
        },
    };
}
