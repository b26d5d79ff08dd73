//! The host's own audit chain: made here, carried by the bus, kept by the store.

use crate::CallRequest;
use crate::meters::Meters;
use parking_lot::Mutex;
use skep_bus::{AuditToken, Bus, BusError, Delivery};
use skep_core::{
    AuditAction, AuditChain, AuditEvent, AuditRecord, CallId, DomainName, Envelope, Fault, Principal, Reply,
    SkillName, Trace, UnixMs,
};
use skep_registry::Resolved;
use skep_store::{Store, StoreError};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Records kept here while neither bus nor database take them; the next ones are lost, which the gap shows.
const SPILLED_MAX: usize = 16_384;
/// Records brought to the database at once.
const BATCH: usize = 256;
/// Pause after the bus or the database refused.
const PAUSE: Duration = Duration::from_millis(200);

/// Makes the audit records of this host and brings those of all hosts to the database.
pub(crate) struct Auditor {
    chain: Mutex<AuditChain>,
    spilled: Mutex<VecDeque<AuditRecord>>,
    bus: Arc<dyn Bus>,
    store: Store,
    meters: Arc<Meters>,
}

impl Auditor {
    pub(crate) fn new(chain: AuditChain, meters: Arc<Meters>, bus: Arc<dyn Bus>, store: Store) -> Self {
        Self { chain: Mutex::new(chain), spilled: Mutex::default(), bus, store, meters }
    }

    /// Counts what happened, and tells of a call that is over.
    pub(crate) fn note(&self, event: &AuditEvent) {
        self.meters.ended(event);
        if self.bus.listened(Some(&event.domain))
            && let Some(ended) = crate::events::ended(event)
        {
            self.bus.broadcast(ended);
        }
    }

    /// The next record of this host's chain.
    pub(crate) fn chained(&self, event: &AuditEvent) -> Option<AuditRecord> {
        let record = self.chain.lock().next(event);
        record.inspect_err(|error| tracing::error!(%error, "an audit event could not be written")).ok()
    }

    /// Settles a delivery with its reply and its record.
    pub(crate) async fn settle(&self, delivery: Delivery, reply: Reply, event: &AuditEvent) {
        let call = reply.id;
        self.note(event);
        let Some(record) = self.chained(event) else { return };
        if let Err(error) = self.bus.settle(delivery, reply, record.clone()).await {
            tracing::warn!(%call, %error, "the bus did not take a reply: its caller learns by its deadline");
            self.spill(record);
        }
    }

    /// Records what has no delivery: refusals, and what operators do.
    pub(crate) async fn push(&self, event: &AuditEvent) {
        self.note(event);
        self.push_counted(event).await;
    }

    /// Records what was counted before.
    pub(crate) async fn push_counted(&self, event: &AuditEvent) {
        let Some(record) = self.chained(event) else { return };
        self.relay(record).await;
    }

    /// Brings a record of this host's chain on its way.
    pub(crate) async fn relay(&self, record: AuditRecord) {
        if let Err(error) = self.bus.audit_push(record.clone()).await {
            tracing::debug!(%error, "the bus did not take an audit record; it goes to the database from here");
            self.spill(record);
        }
    }

    /// Whether the records of further calls could be kept.
    pub(crate) fn room(&self) -> Result<(), Fault> {
        if self.spilled.lock().len() < SPILLED_MAX {
            return Ok(());
        }
        Err(Fault::unavailable("the audit can't be kept: bus and database are away for too long"))
    }

    /// How many records wait here.
    pub(crate) fn spilled(&self) -> usize {
        self.spilled.lock().len()
    }

    fn spill(&self, record: AuditRecord) {
        let mut spilled = self.spilled.lock();
        if spilled.len() < SPILLED_MAX {
            spilled.push_back(record);
        } else {
            tracing::error!(
                seq = record.seq,
                "an audit record is lost: bus and database are away for too long"
            );
        }
    }

    /// Brings records to the database until `stopped`. What was taken from the bus is brought home
    /// before this ends; only the waiting is cut short.
    pub(crate) async fn drain(&self, stopped: CancellationToken) {
        while !stopped.is_cancelled() {
            let drained = match stopped.run_until_cancelled(self.bus.audit_take(BATCH)).await {
                Some(taken) => self.bring(taken).await,
                None => return,
            };
            if let Err(error) = drained {
                tracing::warn!(%error, "audit records wait");
                stopped.run_until_cancelled(tokio::time::sleep(PAUSE)).await;
            }
        }
    }

    /// Brings what was spilled here and what the bus gave to the database; says how many there were.
    async fn bring(&self, taken: Result<Vec<(AuditToken, AuditRecord)>, BusError>) -> Result<usize, Fault> {
        let spilled = self.drain_spilled().await?;
        let taken = taken?;
        if taken.is_empty() {
            return Ok(spilled);
        }
        let (tokens, records): (Vec<_>, Vec<_>) = taken.into_iter().unzip();
        self.append(&records).await?;
        self.bus.audit_done(tokens).await?;
        Ok(records.len() + spilled)
    }

    async fn drain_spilled(&self) -> Result<usize, Fault> {
        let records: Vec<_> = self.spilled.lock().iter().take(BATCH).cloned().collect();
        if !records.is_empty() {
            self.append(&records).await?;
            self.spilled.lock().drain(..records.len());
        }
        Ok(records.len())
    }

    async fn append(&self, records: &[AuditRecord]) -> Result<(), Fault> {
        match self.store.audit_append(records).await {
            // Someone wrote to the bus or the database. All others were stored, and verifying tells.
            Err(error @ StoreError::AuditMismatch { .. }) => {
                tracing::error!(%error, "the audit was tampered with");
                Ok(())
            }
            stored => stored.map_err(|e| Fault::unavailable(e.to_string())),
        }
    }

    /// Brings everything there is to the database, as far as `limit` allows.
    pub(crate) async fn flush(&self, limit: Duration) {
        let all = async {
            loop {
                match self.bring(self.bus.audit_take(BATCH).await).await {
                    Ok(0) => return,
                    Ok(_) => {}
                    Err(_) => tokio::time::sleep(PAUSE).await,
                }
            }
        };
        if tokio::time::timeout(limit, all).await.is_err() {
            tracing::warn!("some audit records stay with the bus; another host brings them to the database");
        }
    }
}

/// What a served call leaves.
pub(crate) fn call_event(delivery: &Delivery, reply: &Reply, resolved: Option<&Resolved>) -> AuditEvent {
    let envelope = &delivery.envelope;
    let (chain, to) = (envelope.chain.clone(), &envelope.to);
    let since_accept = UnixMs::now().0.saturating_sub(envelope.accepted.0);
    AuditEvent {
        call: Some(envelope.id),
        trace: envelope.trace.as_ref().map(Trace::id),
        tool: to.tool.clone(),
        version: reply.version.clone(),
        digest: reply.digest,
        grants: resolved.map(|r| r.permit.grants()),
        fault: reply.outcome.as_ref().err().map(|f| f.code),
        duration_us: since_accept.saturating_mul(1000).max(reply.usage.wall_us),
        input_bytes: delivery.payload.len() as u64,
        output_bytes: reply.outcome.as_ref().map_or(0, |o| o.as_bytes().len() as u64),
        detail: attempt_at(envelope),
        ..AuditEvent::new(AuditAction::Call, chain, to.domain.clone(), Some(to.skill.clone()))
    }
}

/// Which job a call is an attempt at, if it is one.
fn attempt_at(envelope: &Envelope) -> String {
    envelope.job.map(|job| format!("job {job}, attempt {}", envelope.attempt)).unwrap_or_default()
}

/// What a refused call leaves.
pub(crate) fn refusal_event(id: Option<CallId>, request: &CallRequest, fault: &Fault) -> AuditEvent {
    let to = &request.to;
    AuditEvent {
        call: id,
        trace: request.trace.as_ref().map(Trace::id),
        tool: to.tool.clone(),
        version: to.version.clone(),
        fault: Some(fault.code),
        input_bytes: request.input.len() as u64,
        detail: "refused at accept".to_owned(),
        ..AuditEvent::new(AuditAction::Call, request.chain.clone(), to.domain.clone(), Some(to.skill.clone()))
    }
}

/// What a call leaves that was taken back before any host started it.
pub(crate) fn taken_back_event(envelope: &Envelope, input_bytes: usize, fault: &Fault) -> AuditEvent {
    let to = &envelope.to;
    AuditEvent {
        call: Some(envelope.id),
        trace: envelope.trace.as_ref().map(Trace::id),
        tool: to.tool.clone(),
        version: to.version.clone(),
        fault: Some(fault.code),
        duration_us: UnixMs::now().0.saturating_sub(envelope.accepted.0).saturating_mul(1000),
        input_bytes: input_bytes as u64,
        detail: "taken back before it was started".to_owned(),
        ..AuditEvent::new(
            AuditAction::Call,
            envelope.chain.clone(),
            to.domain.clone(),
            Some(to.skill.clone()),
        )
    }
}

/// What an operator's action leaves; the skill is the one that it was done to, if it was one.
pub(crate) fn operation_event(
    action: AuditAction,
    chain: &[Principal],
    at: (&DomainName, Option<&SkillName>),
    detail: String,
    fault: Option<&Fault>,
) -> AuditEvent {
    let fault = fault.map(|f| f.code);
    AuditEvent { fault, detail, ..AuditEvent::new(action, chain.to_vec(), at.0.clone(), at.1.cloned()) }
}
