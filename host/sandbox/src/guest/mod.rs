//! One guest: all that lives and ends with a call.

mod buckets;
mod budget;
mod context;
mod link;
mod log;
mod logging;
mod memory;
mod program;
mod secrets;
mod sink;
mod skills;
mod state;

pub(crate) use buckets::StateRefusal;
pub(crate) use budget::{Budget, Stop};
pub(crate) use context::Context;
pub(crate) use link::linker;
pub(crate) use log::Log;
pub(crate) use memory::MemoryLimit;
pub(crate) use program::{Printed, Program};
pub(crate) use sink::Source;
pub(crate) use skills::Callable;
pub(crate) use state::{Guest, GuestParts};

/// Open buckets, files, streams, requests and the like of one guest.
const RESOURCES_MAX: usize = 1024;
