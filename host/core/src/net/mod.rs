//! Where a skill may reach to: hosts as they are written, origins that requests go to, rules that cover them.

mod host;
mod rule;
mod schema;

pub use host::{Host, HostPattern};
pub use rule::{NetError, NetRule, Origin, Scheme};
