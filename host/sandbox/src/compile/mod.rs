//! Compiling: from a component's bytes to a machine-code artefact, away from the host's own process.

mod child;

pub use child::compile_child;
