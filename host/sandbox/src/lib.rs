//! Floor 1: the sandbox. The only crate that knows wasmtime: compile, introspect, link, run.
//!
//! Outwards it speaks in the product's words: a component is *prepared* once per version, then *run*
//! as often as wanted, each call in a fresh instance or in a session's own, with a permit and within its limits.

mod bindings;
mod call;
mod compile;
mod diagnose;
mod engine;
pub mod files;
mod guest;
mod inspect;
mod json;
mod meters;
mod net;
mod prepared;
mod run;
mod sandbox;
mod schema;
mod services;
mod session;
mod settings;
mod tool;
mod verdict;

pub use call::{Call, Report};
pub use compile::compile_child;
pub use diagnose::{Diagnosis, diagnose};
pub use inspect::{Examination, Export, Import, Inspection, Shape, Tool, examine, inspect};
pub use meters::Counts;
pub use net::{NetworkSettings, Resolver, SystemResolver};
pub use prepared::Prepared;
pub use sandbox::Sandbox;
pub use services::{Services, SkillInfo};
pub use session::Session;
pub use settings::{CompileLimits, Compiler, SandboxError, SandboxSettings};
