//! What goes over the bus, as the router sees it.

use crate::queues::Queue;
use bytes::Bytes;
use skep_core::{CallId, DomainName, Envelope, Principal, Progress, Quota, Reply};
use std::fmt;

/// A call on its way in.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Who asks whom for what.
    pub envelope: Envelope,
    /// The input, JSON text.
    pub payload: Bytes,
    /// How many calls of this skill may be queued or running at once, over all hosts, at each depth of calls
    /// by skills: so a call never stands behind one that waits for it.
    pub concurrency: u32,
    /// How many more may wait behind those.
    pub waiting: u32,
    /// What it is charged to; one charge for each payer.
    pub charges: Vec<Charge>,
}

/// Whose quota a call is charged to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Payer {
    /// Who asked. A principal has a quota of its own in each domain.
    Principal(Principal),
    /// The domain.
    Domain,
}

/// A quota that a call is charged to. An admitted call draws on the rate, and is under way until it is settled or
/// taken back; a refused one costs nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// Whose it is.
    pub payer: Payer,
    /// What it allows.
    pub quota: Quota,
}

/// A call handed to this host. Started from here on: settle it, however it ends; only that frees its place.
#[derive(Debug)]
pub struct Delivery {
    /// Who asks whom for what.
    pub envelope: Envelope,
    /// The input, JSON text.
    pub payload: Bytes,
    pub(crate) id: EntryId,
    pub(crate) bytes: u64,
}

impl Delivery {
    /// The depth whose room it takes, in [`Room::depths`](crate::Room::depths).
    pub fn depth(&self) -> usize {
        Queue::of(&self.envelope).depth()
    }
}

/// Something that this host alone should know.
#[derive(Debug)]
pub enum Event {
    /// A call accepted here was answered. The first reply of a call counts; further ones are possible.
    Reply(Reply),
    /// A call that runs here has lost its caller.
    Cancel(CallId),
    /// A call accepted here has got further.
    Progress(Progress),
    /// The database has reached this revision.
    Revision(u64),
    /// A call whose host died while it ran, or that only that host could have run: settle it as interrupted,
    /// don't run it.
    Interrupted(Delivery),
}

/// Where an audit record waits to be forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditToken {
    pub(crate) domain: DomainName,
    pub(crate) id: EntryId,
}

/// The place of an entry in its queue, as Redis writes it: milliseconds and a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct EntryId(pub(crate) u64, pub(crate) u64);

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.0, self.1)
    }
}
