//! The way out of the sandbox: the sender behind `wasi:http`, the only code that connects for a guest.
//!
//! - A request goes where a granted rule covers its origin, written in the one spelling that an origin has.
//! - Its host is an address, or a name that is resolved once. Every address must be public, or granted by that
//!   very address; the connection goes to a checked address, so a name that changes its mind changes nothing.
//! - One request, one connection: none is shared between guests. No proxy, no redirect, no trailers. What
//!   the guest didn't write isn't sent, but for `Host` and what secrets need: no trace context reaches a third party.
//! - All of it ends with the call: its time bounds every wait, and the guest's end closes what is open.

mod address;
mod body;
mod connect;
mod exchange;
mod gate;
mod hooks;
mod resolve;
mod scrub;
mod secrets;

pub(crate) use gate::Gate;
pub(crate) use hooks::{Egress, EgressParts, FIELDS_BYTES_MAX};
pub use resolve::{Resolver, SystemResolver};
pub(crate) use secrets::{Secrets, Withheld};

use crate::SandboxError;
use rustls::ClientConfig;
use std::sync::Arc;

/// How guests get to the network.
#[derive(Clone)]
pub struct NetworkSettings {
    /// What turns names into addresses.
    pub resolver: Arc<dyn Resolver>,
    /// Certificate authorities (DER) that are trusted besides the public ones.
    pub authorities: Vec<Vec<u8>>,
}

impl Default for NetworkSettings {
    /// The machine's own resolver, and the public authorities.
    fn default() -> Self {
        Self { resolver: Arc::new(SystemResolver::default()), authorities: Vec::new() }
    }
}

/// What the guests of a sandbox share of the network: how names are resolved, and whom TLS trusts.
pub(crate) struct Network {
    resolver: Arc<dyn Resolver>,
    tls: Arc<ClientConfig>,
}

impl Network {
    pub(crate) fn new(settings: NetworkSettings) -> Result<Arc<Self>, SandboxError> {
        let tls = connect::tls(settings.authorities)?;
        Ok(Arc::new(Self { resolver: settings.resolver, tls }))
    }
}
