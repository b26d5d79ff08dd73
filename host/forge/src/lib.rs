//! Floor 1: makes components. Knows toolchains, WIT and adapters; runs no guest.

mod bindings;
mod build;
mod cases;
mod component;
mod embedded;
mod error;
mod language;
mod new;
mod project;
mod shape;
mod tools;
mod world;

pub use build::{Built, build};
pub use cases::{Case, CaseGrants, Cases, Expectation, contains};
pub use component::{ComponentError, componentize};
pub use error::ForgeError;
pub use language::Language;
pub use new::NewProject;
pub use project::Project;
pub use shape::ProjectShape;
pub use tools::{Program, Said, Tools};
pub use world::{World, attach_wit};
