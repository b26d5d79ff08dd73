//! What the tasks of one host's bus share.

use super::answer;
use super::custody::Spot;
use super::keys::{GROUP, Keys};
use super::link::Link;
use super::scripts::{self, Args};
use super::seal::Seal;
use crate::{BusError, BusLimits, Event};
use parking_lot::Mutex;
use redis::{Cmd, Script};
use skep_core::{DomainName, Incarnation};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{Notify, mpsc, watch};

/// How far a bus is in its life. It only goes down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    Open,
    LeaseLost,
    Closed,
}

impl Life {
    /// Why nothing goes any more.
    fn check(self) -> Result<(), BusError> {
        match self {
            Self::Open => Ok(()),
            Self::LeaseLost => Err(BusError::LeaseLost),
            Self::Closed => Err(BusError::Closed),
        }
    }
}

/// The domains that were open at some time.
pub(super) type Domains = Arc<[Arc<Keys>]>;

pub(super) struct Shared {
    pub(super) me: Incarnation,
    /// The domains that are open, each at the place that its keys name. It only grows.
    domains: watch::Sender<Domains>,
    /// Held while a domain is opened, so that each gets a place of its own.
    pub(super) opening: tokio::sync::Mutex<()>,
    pub(super) seal: Seal,
    pub(super) limits: BusLimits,
    pub(super) link: Link,
    pub(super) life: watch::Sender<Life>,
    pub(super) events: mpsc::Sender<Event>,
    /// Signals that audit records may wait.
    pub(super) records: Notify,
    /// Calls that this host was given and has not settled for certain. Never given twice.
    pub(super) held: Mutex<HashSet<Spot>>,
    pub(super) forged: AtomicU64,
}

impl Shared {
    pub(super) fn new(seal: Seal, limits: BusLimits, link: Link, events: mpsc::Sender<Event>) -> Self {
        Self {
            me: Incarnation::fresh(),
            domains: watch::Sender::new(Domains::default()),
            opening: tokio::sync::Mutex::default(),
            seal,
            limits,
            link,
            life: watch::Sender::new(Life::Open),
            events,
            records: Notify::new(),
            held: Mutex::default(),
            forged: AtomicU64::new(0),
        }
    }

    pub(super) fn check_life(&self) -> Result<(), BusError> {
        self.life.borrow().check()
    }

    /// Ends this life; the first reason stays.
    pub(super) fn end(&self, life: Life) {
        self.life.send_if_modified(|now| {
            let open = *now == Life::Open;
            if open {
                *now = life;
            }
            open
        });
    }

    /// Waits for the end of this life and says why.
    pub(super) async fn ended(&self) -> BusError {
        let mut life = self.life.subscribe();
        match life.wait_for(|life| *life != Life::Open).await.map(|life| life.check()) {
            Ok(Err(reason)) => reason,
            _ => BusError::Closed,
        }
    }

    /// The domains that are open now.
    pub(super) fn domains(&self) -> Domains {
        self.domains.borrow().clone()
    }

    /// Tells when further domains are opened.
    pub(super) fn opened(&self) -> watch::Receiver<Domains> {
        self.domains.subscribe()
    }

    /// Opens a domain to all that reads and writes.
    pub(super) fn add(&self, keys: Keys) {
        self.domains.send_modify(|open| *open = open.iter().cloned().chain([Arc::new(keys)]).collect());
    }

    pub(super) fn keys(&self, domain: &DomainName) -> Result<Arc<Keys>, BusError> {
        let found = self.domains.borrow().iter().find(|keys| keys.domain == *domain).cloned();
        found.ok_or_else(|| BusError::UnknownDomain(domain.clone()))
    }

    pub(super) fn lease_ms(&self) -> u64 {
        self.limits.lease.as_millis() as u64
    }

    /// Runs a script over the shared connection and takes its one-word answer.
    pub(super) async fn word(&self, command: &Cmd) -> Result<String, BusError> {
        answer::text(self.link.command(command).await?)
    }

    /// A script on a domain, its arguments to be added.
    pub(super) fn script(&self, script: &Script, keys: &Keys) -> Cmd {
        scripts::run(script, &keys.prefix)
    }

    /// The command that makes what groups of a domain are missing.
    pub(super) fn groups(&self, keys: &Keys) -> Cmd {
        self.script(&scripts::GROUPS, keys).args([GROUP]).args([self.lease_ms()]).args([self.me.to_string()])
    }

    pub(super) fn forged(&self) -> u64 {
        self.forged.load(Ordering::Relaxed)
    }
}
