//! What the tasks of one host's bus share.

use super::answer::{self, StreamEntry};
use super::keys::{GROUP, Keys};
use super::link::{Line, Link};
use super::scripts::{self, Args};
use super::seal::{Frame, Seal};
use super::wire;
use crate::lanes::lane_index;
use crate::message::EntryId;
use crate::{BusError, BusLimits, Delivery, Event};
use parking_lot::Mutex;
use redis::{Cmd, Script, cmd};
use skep_core::{DomainName, Incarnation, Lane};
use std::collections::HashSet;
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

/// Bytes of a dead letter's parts that are kept.
const DEAD_LETTER_BYTES_MAX: usize = 4096;
/// Ids read from a pending list at once.
const PENDING_PAGE: usize = 1000;

/// The place of an entry: domain, lane, id.
type Spot = (usize, Lane, EntryId);

pub(super) struct Shared {
    pub(super) me: Incarnation,
    pub(super) domains: Vec<Keys>,
    pub(super) seal: Seal,
    pub(super) limits: BusLimits,
    pub(super) link: Link,
    pub(super) life: watch::Sender<Life>,
    pub(super) events: mpsc::Sender<Event>,
    /// Signals that audit records may wait.
    pub(super) records: Notify,
    /// Calls that this host was given and has not settled for certain. Never given twice.
    held: Mutex<HashSet<Spot>>,
    forged: AtomicU64,
}

impl Shared {
    pub(super) fn new(
        domains: Vec<DomainName>,
        seal: Seal,
        limits: BusLimits,
        link: Link,
        events: mpsc::Sender<Event>,
    ) -> Self {
        let me = Incarnation::fresh();
        Self {
            me,
            domains: domains
                .into_iter()
                .enumerate()
                .map(|(index, domain)| Keys::new(index, domain, me))
                .collect(),
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

    pub(super) fn keys(&self, domain: &DomainName) -> Result<&Keys, BusError> {
        let found = self.domains.iter().find(|keys| keys.domain == *domain);
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
        self.script(&scripts::GROUPS, keys).args([GROUP]).args([self.lease_ms()])
    }

    /// A call was settled for certain.
    pub(super) fn release(&self, keys: &Keys, lane: Lane, id: EntryId) {
        self.held.lock().remove(&(keys.index, lane, id));
    }

    /// Makes deliveries of entries that now are this host's. Forged ones go to the dead letters, and what this
    /// host has already is left out.
    pub(super) async fn take_over(
        &self,
        keys: &Keys,
        lane: Lane,
        entries: Vec<StreamEntry>,
    ) -> Result<Vec<Delivery>, BusError> {
        let mut found = Vec::with_capacity(entries.len());
        for mut entry in entries {
            let frame = entry.frame();
            match wire::call_open(&self.seal, &keys.domain, lane, &frame) {
                Ok(envelope) => {
                    let bytes = frame.bytes();
                    if self.held.lock().insert((keys.index, lane, entry.id)) {
                        found.push(Delivery { envelope, payload: frame.payload, id: entry.id, bytes });
                    }
                }
                Err(reason) => self.bury(keys, &keys.lanes[lane_index(lane)], entry.id, &frame, reason).await,
            }
        }
        Ok(found)
    }

    /// Moves what no host of this fleet wrote out of the way, where someone may look at it.
    pub(super) async fn bury(
        &self,
        keys: &Keys,
        stream: &str,
        id: EntryId,
        frame: &Frame,
        reason: wire::Forged,
    ) {
        self.forged.fetch_add(1, Ordering::Relaxed);
        tracing::warn!(stream, %id, ?reason, "an entry that no host of this fleet sealed was set aside");
        let cut = |part: &[u8]| part[..part.len().min(DEAD_LETTER_BYTES_MAX)].to_vec();
        let mut pipe = redis::pipe();
        pipe.cmd("XADD").arg(&keys.dead_letters).arg("MAXLEN").arg(self.limits.dead_letters_max).arg("*");
        pipe.arg("stream").arg(stream).arg("entry").arg(id.to_string());
        pipe.arg("h").arg(cut(&frame.header)).arg("p").arg(cut(&frame.payload));
        pipe.cmd("XACK").arg(stream).arg(GROUP).arg(id.to_string());
        pipe.cmd("XDEL").arg(stream).arg(id.to_string());
        if let Err(error) = self.link.pipeline(&pipe).await {
            // It stays in a pending list, and is found there again.
            tracing::warn!(stream, %id, %error, "it could not be set aside yet");
        }
    }

    pub(super) fn forged(&self) -> u64 {
        self.forged.load(Ordering::Relaxed)
    }

    /// The calls that Redis counts as given to `consumer`, a name of this host, and this host doesn't hold.
    pub(super) async fn not_held(
        &self,
        keys: &Keys,
        lane: Lane,
        consumer: &str,
        line: &mut Line<'_>,
    ) -> Result<Vec<Delivery>, BusError> {
        let stream = &keys.lanes[lane_index(lane)];
        let mut found = Vec::new();
        let mut from = "-".to_owned();
        loop {
            let mut page = cmd("XPENDING");
            page.arg(stream).arg(GROUP).arg(&from).arg("+").arg(PENDING_PAGE).arg(consumer);
            let ids = answer::pending_ids(line.command(&page).await?)?;
            let held = |id: &&EntryId| self.held.lock().contains(&(keys.index, lane, **id));
            for id in ids.iter().filter(|id| !held(id)) {
                found.extend(self.fetch(keys, lane, *id, line).await?);
            }
            match ids.last() {
                Some(last) if ids.len() == PENDING_PAGE => from = format!("({last}"),
                _ => return Ok(found),
            }
        }
    }

    async fn fetch(
        &self,
        keys: &Keys,
        lane: Lane,
        id: EntryId,
        line: &mut Line<'_>,
    ) -> Result<Vec<Delivery>, BusError> {
        let stream = &keys.lanes[lane_index(lane)];
        let id = id.to_string();
        let entries = answer::entries(line.command(&cmd("XRANGE").args([stream, &id, &id])).await?)?;
        if entries.is_empty() {
            line.command(&cmd("XACK").args([stream, GROUP, &id])).await?;
        }
        self.take_over(keys, lane, entries).await
    }
}
