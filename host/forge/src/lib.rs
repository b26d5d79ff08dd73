//! Floor 1: makes components. Knows toolchains, WIT and adapters; runs no guest.

mod component;

pub use component::{ComponentError, componentize};
