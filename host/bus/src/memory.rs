//! The bus of a host that stands alone: one process, nothing kept, the same bounds and answers.

mod backlog;
mod breakers;
mod broadcast;
mod cache;
mod domain;
mod quotas;
mod relay;
mod state;

use crate::broadcast::Ears;
use crate::message::EntryId;
use crate::queues::{Room, check_depth};
use crate::{AuditToken, Bus, BusError, BusLimits, Delivery, Entry, Event};
use async_trait::async_trait;
use domain::{Domain, Hand, Taken};
use parking_lot::Mutex;
use relay::Relay;
use skep_core::{AuditRecord, CallId, DomainName, Envelope, Incarnation, Progress, RateLevel, Reply};
use std::collections::HashMap;
use tokio::sync::{Notify, mpsc, watch};

/// A bus in memory, for one host.
pub struct MemoryBus {
    incarnation: Incarnation,
    limits: BusLimits,
    state: Mutex<State>,
    hot: Mutex<state::Buckets>,
    cache: Mutex<cache::Slots>,
    breakers: Mutex<breakers::Books>,
    work: Notify,
    records: Notify,
    events: mpsc::Sender<Event>,
    inbox: tokio::sync::Mutex<mpsc::Receiver<Event>>,
    ears: Ears,
    closed: watch::Sender<bool>,
}

struct State {
    domains: HashMap<DomainName, Domain>,
    /// Where the next receive begins, so that no domain is always last.
    turn: usize,
    names: Vec<DomainName>,
    relay: Relay,
}

impl MemoryBus {
    /// A bus for these domains.
    pub fn open(domains: Vec<DomainName>, limits: BusLimits) -> Self {
        let (events, inbox) = mpsc::channel(limits.event_queue_max);
        let empty = |name: &DomainName| (name.clone(), Domain::default());
        Self {
            incarnation: Incarnation::fresh(),
            state: Mutex::new(State {
                domains: domains.iter().map(empty).collect(),
                turn: 0,
                names: domains,
                relay: Relay::default(),
            }),
            hot: Mutex::default(),
            cache: Mutex::default(),
            breakers: Mutex::default(),
            work: Notify::new(),
            records: Notify::new(),
            events,
            inbox: tokio::sync::Mutex::new(inbox),
            ears: Ears::new(limits.broadcast_queue_max),
            closed: watch::Sender::new(false),
            limits,
        }
    }

    fn open_state(&self) -> Result<parking_lot::MutexGuard<'_, State>, BusError> {
        if *self.closed.borrow() { Err(BusError::Closed) } else { Ok(self.state.lock()) }
    }

    /// Whether this bus is open and serves a domain.
    fn check_domain(&self, domain: &DomainName) -> Result<(), BusError> {
        self.open_state()?.domain(domain).map(drop)
    }

    async fn tell(&self, event: Event) -> Result<(), BusError> {
        let mut closed = self.closed.subscribe();
        tokio::select! {
            sent = self.events.send(event) => sent.map_err(|_| BusError::Closed),
            _ = closed.wait_for(|closed| *closed) => Err(BusError::Closed),
        }
    }
}

impl State {
    fn domain(&mut self, name: &DomainName) -> Result<&mut Domain, BusError> {
        self.domains.get_mut(name).ok_or_else(|| BusError::UnknownDomain(name.clone()))
    }

    fn audit_admit(&self, limits: &BusLimits) -> Result<(), BusError> {
        let reserved: u64 = self.domains.values().map(Domain::depth).sum();
        let limit = limits.audit_depth_max;
        if self.relay.len() + reserved < limit { Ok(()) } else { Err(BusError::AuditFull { limit }) }
    }

    fn take(&mut self, room: Room) -> Vec<Delivery> {
        let mut hand = Hand { room, taken: Vec::new() };
        self.turn = self.turn.wrapping_add(1);
        for offset in 0..self.names.len() {
            let name = &self.names[(self.turn.wrapping_add(offset)) % self.names.len()];
            if let Some(domain) = self.domains.get_mut(name) {
                domain.take(&mut hand);
            }
        }
        hand.taken
    }
}

#[async_trait]
impl Bus for MemoryBus {
    fn incarnation(&self) -> Incarnation {
        self.incarnation
    }

    async fn open_domain(&self, domain: &DomainName) -> Result<(), BusError> {
        let (mut state, limit) = (self.open_state()?, self.limits.domains_max);
        if !state.domains.contains_key(domain) {
            if state.names.len() >= limit {
                return Err(BusError::TooManyDomains { limit });
            }
            state.domains.insert(domain.clone(), Domain::default());
            state.names.push(domain.clone());
        }
        Ok(())
    }

    async fn send(&self, entry: Entry) -> Result<Option<RateLevel>, BusError> {
        BusLimits::check("input", entry.payload.len(), self.limits.payload_bytes_max)?;
        check_depth(&entry.envelope)?;
        // There is no other host that could hold a session.
        if let Some(session) = entry.envelope.session.filter(|session| session.host != self.incarnation) {
            return Err(BusError::NoSuchHost(session.host));
        }
        let mut state = self.open_state()?;
        state.audit_admit(&self.limits)?;
        let rate = state.domain(&entry.envelope.to.domain)?.send(entry, &self.limits)?;
        drop(state);
        self.work.notify_one();
        Ok(rate)
    }

    async fn receive(&self, room: Room) -> Result<Vec<Delivery>, BusError> {
        let room = room.at_most(self.limits.receive_batch_max);
        let mut closed = self.closed.subscribe();
        let deadline = tokio::time::Instant::now() + self.limits.receive_wait;
        loop {
            let taken = self.open_state()?.take(room);
            if !taken.is_empty() {
                return Ok(taken);
            }
            tokio::select! {
                () = self.work.notified() => {}
                _ = closed.wait_for(|closed| *closed) => return Err(BusError::Closed),
                () = tokio::time::sleep_until(deadline) => return Ok(Vec::new()),
            }
        }
    }

    async fn settle(&self, delivery: Delivery, reply: Reply, audit: AuditRecord) -> Result<(), BusError> {
        {
            let mut state = self.open_state()?;
            state.domain(&delivery.envelope.to.domain)?.settle(&delivery);
            state.relay.push(audit);
        }
        self.work.notify_one();
        self.records.notify_one();
        self.tell(Event::Reply(self.limits.fit(reply))).await
    }

    async fn cancel(&self, envelope: &Envelope) -> Result<bool, BusError> {
        let taken = self.open_state()?.domain(&envelope.to.domain)?.cancel(envelope);
        if taken == Taken::Started {
            self.tell(Event::Cancel(envelope.id)).await?;
        }
        self.work.notify_one();
        Ok(taken == Taken::Back)
    }

    async fn unknown(&self, domain: &DomainName, calls: &[CallId]) -> Result<Vec<CallId>, BusError> {
        let mut state = self.open_state()?;
        let there = state.domain(domain)?;
        Ok(calls.iter().copied().filter(|call| !there.knows(*call)).collect())
    }

    async fn progress(&self, to: Incarnation, progress: Progress) -> Result<(), BusError> {
        if to == self.incarnation {
            // Best effort: with the queue full, the reply matters more.
            let _ = self.events.try_send(Event::Progress(progress));
        }
        Ok(())
    }

    async fn event(&self) -> Result<Event, BusError> {
        let mut closed = self.closed.subscribe();
        let mut inbox = self.inbox.lock().await;
        tokio::select! {
            biased;
            event = inbox.recv() => event.ok_or(BusError::Closed),
            _ = closed.wait_for(|closed| *closed) => Err(BusError::Closed),
        }
    }

    async fn announce(&self, revision: u64) -> Result<(), BusError> {
        self.tell(Event::Revision(revision)).await
    }

    async fn announced(&self) -> Result<u64, BusError> {
        Ok(0)
    }

    async fn audit_push(&self, record: AuditRecord) -> Result<(), BusError> {
        self.limits.check_record(&record)?;
        let mut state = self.open_state()?;
        state.audit_admit(&self.limits)?;
        state.relay.push(record);
        drop(state);
        self.records.notify_one();
        Ok(())
    }

    async fn audit_take(&self, max: usize) -> Result<Vec<(AuditToken, AuditRecord)>, BusError> {
        let deadline = tokio::time::Instant::now() + self.limits.audit_wait;
        loop {
            let taken = self.open_state()?.relay.take(max, self.limits.audit_retry);
            if !taken.is_empty() {
                let token = |id| AuditToken { domain: DomainName::default(), id: EntryId(0, id) };
                return Ok(taken.into_iter().map(|(id, record)| (token(id), record)).collect());
            }
            tokio::select! {
                () = self.records.notified() => {}
                () = tokio::time::sleep_until(deadline) => return Ok(Vec::new()),
            }
        }
    }

    async fn audit_done(&self, tokens: Vec<AuditToken>) -> Result<(), BusError> {
        let mut state = self.open_state()?;
        for token in tokens {
            state.relay.done(token.id.1);
        }
        Ok(())
    }

    async fn ping(&self) -> Result<(), BusError> {
        self.open_state().map(drop)
    }

    async fn close(&self) {
        self.closed.send_replace(true);
    }
}
