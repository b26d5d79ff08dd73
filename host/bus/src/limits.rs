//! What bounds the bus.

use crate::{Bound, BusError, Entry};
use skep_core::{AuditRecord, Fault, FaultCode, Reply};
use std::time::Duration;

/// Every bound and wait of the bus. The memory bus has no use for leases and dead letters.
#[derive(Debug, Clone)]
pub struct BusLimits {
    /// Domains that a host opens in its life: each has queues of its own that every host reads.
    pub domains_max: usize,
    /// Entries in a domain: queued, waiting and running.
    pub depth_max: u64,
    /// Bytes of those.
    pub depth_bytes_max: u64,
    /// Bytes of one input.
    pub payload_bytes_max: u64,
    /// Bytes of one result; a larger one becomes the fault `limit_output`.
    pub reply_bytes_max: u64,
    /// Bytes of one header: an envelope, or a reply's log and fault. An answer's log is dropped if it is larger.
    pub header_bytes_max: u64,
    /// Audit records of a domain that wait for the database. Every admitted entry has a place reserved.
    pub audit_depth_max: u64,
    /// Deliveries handed out at once, however many slots are free.
    pub receive_batch_max: usize,
    /// Settlements not yet sent.
    pub settle_queue_max: usize,
    /// Settlements sent at once.
    pub settle_batch_max: usize,
    /// Bytes of settlements sent at once (the last one may exceed it).
    pub settle_batch_bytes_max: u64,
    /// Events not yet taken by this host; the others wait in its stream.
    pub event_queue_max: usize,
    /// Progress reports waiting to be sent, one a call.
    pub progress_queue_max: usize,
    /// Messages in a host's stream past which progress reports are dropped.
    pub host_stream_max: u64,
    /// Events that wait to be heard on this host, and as many that wait to be told to others.
    pub broadcast_queue_max: usize,
    /// Skills of a domain whose failures are remembered for their breakers.
    pub breakers_max: usize,
    /// Dead letters kept for inspection.
    pub dead_letters_max: u64,
    /// How long [`receive`](crate::Bus::receive) waits for work.
    pub receive_wait: Duration,
    /// How long [`audit_take`](crate::Bus::audit_take) waits for records.
    pub audit_wait: Duration,
    /// After what time taken audit records are handed out again.
    pub audit_retry: Duration,
    /// How often a host looks whether others listen to events.
    pub listeners_look: Duration,
    /// How long the bus may take to answer before it counts as unavailable.
    pub answer_wait: Duration,
    /// How long a host lives on without renewing its lease.
    pub lease: Duration,
    /// How often it renews it; it looks five times as often for hosts that didn't.
    pub lease_renew: Duration,
    /// How often a host compares what it should be running with what it is.
    pub pending_check: Duration,
}

impl Default for BusLimits {
    fn default() -> Self {
        Self {
            domains_max: 256,
            depth_max: 10_000,
            depth_bytes_max: 256 << 20,
            payload_bytes_max: 16 << 20,
            reply_bytes_max: 16 << 20,
            header_bytes_max: 1 << 20,
            audit_depth_max: 100_000,
            receive_batch_max: 64,
            settle_queue_max: 1024,
            settle_batch_max: 64,
            settle_batch_bytes_max: 4 << 20,
            event_queue_max: 1024,
            progress_queue_max: 1024,
            host_stream_max: 16_384,
            broadcast_queue_max: 4096,
            breakers_max: 1000,
            dead_letters_max: 1000,
            receive_wait: Duration::from_secs(1),
            audit_wait: Duration::from_secs(1),
            audit_retry: Duration::from_secs(30),
            listeners_look: Duration::from_secs(1),
            answer_wait: Duration::from_secs(2),
            lease: Duration::from_secs(12),
            lease_renew: Duration::from_secs(4),
            pending_check: Duration::from_secs(3),
        }
    }
}

impl BusLimits {
    /// The error for a bound that an entry found full.
    pub(crate) fn overloaded(&self, bound: Bound, entry: &Entry) -> BusError {
        let limit = match bound {
            Bound::Depth => self.depth_max,
            Bound::Bytes => self.depth_bytes_max,
            Bound::SkillWaiting => u64::from(entry.waiting),
        };
        BusError::Overloaded { bound, limit }
    }

    pub(crate) fn check(part: &'static str, bytes: usize, limit: u64) -> Result<(), BusError> {
        let bytes = bytes as u64;
        if bytes <= limit { Ok(()) } else { Err(BusError::TooLarge { part, bytes, limit }) }
    }

    pub(crate) fn check_record(&self, record: &AuditRecord) -> Result<(), BusError> {
        Self::check("audit record", record.body.len(), self.header_bytes_max)
    }

    /// The reply itself, or what fits of it.
    pub(crate) fn fit(&self, mut reply: Reply) -> Reply {
        if let Ok(output) = &reply.outcome
            && output.as_bytes().len() as u64 > self.reply_bytes_max
        {
            reply.outcome = Err(Fault::new(
                FaultCode::LimitOutput,
                format!(
                    "the result has {} bytes, and at most {} may pass",
                    output.as_bytes().len(),
                    self.reply_bytes_max
                ),
            ));
        }
        let log_bytes: usize = reply.logs.iter().map(|record| record.text.len() + record.source.len()).sum();
        // Escaped as JSON, a byte may take six.
        if log_bytes as u64 * 6 > self.header_bytes_max {
            reply.logs.clear();
        }
        reply
    }
}
