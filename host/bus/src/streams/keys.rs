//! The names of things in Redis. All keys of a domain share the hash tag `{skep:<domain>}`.

use super::broadcast::Audience;
use crate::Payer;
use crate::queues::Queue;
use sha2::{Digest, Sha256};
use skep_core::{DomainName, Envelope, Incarnation};

/// The one consumer group of all hosts, on all queues and on the audit relay.
pub(super) const GROUP: &str = "hosts";
/// The one consumer of the audit relay: records may be taken twice, so it doesn't matter by whom.
pub(super) const RELAY_CONSUMER: &str = "relay";
/// What stands before an incarnation in the consumer name under which it holds the calls of the dead.
const CLAIMER: &str = "claims-";

/// What a skill has at one depth, as it stands in keys.
pub(super) fn share(envelope: &Envelope) -> String {
    format!("{}:{}", envelope.depth(), envelope.to.skill)
}

/// Whose a quota is, as it stands in keys: in few and plain characters, whatever the principal is called.
pub(super) fn whose(payer: &Payer) -> String {
    match payer {
        Payer::Domain => "domain".to_owned(),
        Payer::Principal(who) => {
            let mut half = [0; 16];
            half.copy_from_slice(&Sha256::digest(who.to_string())[..16]);
            format!("{:032x}", u128::from_be_bytes(half))
        }
    }
}

/// The keys of one domain, as one host needs them.
pub(super) struct Keys {
    /// The domain's place among those of this host.
    pub(super) index: usize,
    pub(super) domain: DomainName,
    /// The prefix of all keys, and the first key of every script.
    pub(super) prefix: String,
    pub(super) audit: String,
    /// Where each call is that was admitted and isn't over.
    pub(super) state: String,
    /// What only this host should know.
    pub(super) mailbox: String,
    /// What all hosts should know.
    pub(super) notices: String,
    pub(super) dead_letters: String,
    /// The hosts that have a queue for their sessions.
    pub(super) holders: String,
    /// Where events are published.
    pub(super) channel: String,
    pub(super) audience: Audience,
}

impl Keys {
    pub(super) fn new(index: usize, domain: DomainName, me: Incarnation) -> Self {
        let prefix = format!("{{skep:{domain}}}");
        Self {
            index,
            audit: format!("{prefix}:audit"),
            state: format!("{prefix}:state"),
            mailbox: format!("{prefix}:host:{me}"),
            notices: format!("{prefix}:notices"),
            dead_letters: format!("{prefix}:dlq"),
            holders: format!("{prefix}:holders"),
            channel: format!("{prefix}:events"),
            audience: Audience::default(),
            domain,
            prefix,
        }
    }

    /// The stream of a queue.
    pub(super) fn queue(&self, queue: Queue) -> String {
        format!("{}:{queue}", self.prefix)
    }
}

/// The consumer name under which a host holds what it claimed from the dead: those calls are never run again.
pub(super) fn claimer(host: Incarnation) -> String {
    format!("{CLAIMER}{host}")
}

/// The host behind a consumer name of either kind.
pub(super) fn host_of(consumer: &str) -> Option<Incarnation> {
    consumer.strip_prefix(CLAIMER).unwrap_or(consumer).parse().ok()
}
