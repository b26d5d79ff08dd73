//! One guest: all that lives and ends with a call.

mod budget;
mod context;
mod egress;
mod link;
mod log;
mod memory;
mod state;

pub(crate) use budget::{Budget, Slice, Stop};
pub(crate) use context::Context;
pub(crate) use link::linker;
pub(crate) use log::Log;
pub(crate) use memory::MemoryLimit;
pub(crate) use state::{Guest, GuestParts};
