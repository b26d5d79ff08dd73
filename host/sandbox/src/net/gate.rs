//! What decides where a request may go: the granted rules, then each address that its host leads to.

use super::{Network, address};
use skep_core::{Host, NetRule, Origin};
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use tokio::time::{Instant, timeout_at};
use wasmtime_wasi_http::Error;

/// Addresses of one name that are tried. All of them are checked.
const ADDRESSES_TRIED_MAX: usize = 8;

/// The rules of one guest.
pub(crate) struct Gate(BTreeSet<NetRule>);

/// Why a request doesn't go: for the guest, and in words that name the way out.
pub(super) struct Refusal {
    pub(super) error: Error,
    pub(super) words: String,
}

impl Gate {
    pub(crate) fn new(rules: &BTreeSet<NetRule>) -> Self {
        Self(rules.clone())
    }

    /// Refuses an origin that no rule covers.
    pub(super) fn admit(&self, origin: &Origin) -> Result<(), Refusal> {
        if self.0.iter().any(|rule| rule.covers(origin)) {
            return Ok(());
        }
        let words = format!("{origin} was denied: `--net {}` would grant it", NetRule::from(origin));
        Err(Refusal { error: Error::HttpRequestDenied, words })
    }

    /// Where to connect to for `origin`: addresses of which each was checked. One that may not be reached
    /// spoils them all.
    pub(super) async fn addresses(
        &self,
        network: &Network,
        origin: &Origin,
        until: Instant,
    ) -> Result<Vec<SocketAddr>, Refusal> {
        let found = match &origin.host {
            Host::Ip(address) => vec![*address],
            Host::Name(name) => match timeout_at(until, network.resolver.resolve(name)).await {
                Err(_) => return Err(unresolved(origin, Error::DnsTimeout)),
                Ok(Err(error)) => {
                    tracing::debug!(%origin, %error, "a name can't be resolved");
                    return Err(unresolved(origin, Error::DnsError { rcode: None, info_code: None }));
                }
                Ok(Ok(found)) if found.is_empty() => {
                    return Err(unresolved(origin, Error::DestinationNotFound));
                }
                Ok(Ok(found)) => found,
            },
        };
        found.iter().try_for_each(|address| self.check(origin, *address))?;
        let tried = found.into_iter().take(ADDRESSES_TRIED_MAX);
        Ok(tried.map(|address| SocketAddr::new(address, origin.port)).collect())
    }

    /// Refuses an address that is neither public nor named by a rule.
    fn check(&self, origin: &Origin, address: IpAddr) -> Result<(), Refusal> {
        let Some(what) = address::not_public(address) else { return Ok(()) };
        if self.0.iter().any(|rule| rule.names(origin, address)) {
            return Ok(());
        }
        // The caller learns what kind of address it is; the operator finds which in the log.
        tracing::warn!(%origin, %address, "denied: not a public address");
        let words = format!(
            "{origin} was denied: it leads to an address that is {what}; only a grant of that very address \
             (`--net SCHEME://ADDRESS[:PORT]`) would open it"
        );
        Err(Refusal { error: Error::DestinationIpProhibited, words })
    }
}

fn unresolved(origin: &Origin, error: Error) -> Refusal {
    Refusal { error, words: format!("{origin} was not reached: its name leads to no address") }
}
