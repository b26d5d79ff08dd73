//! The coalescing writer: whatever has settled goes out in one script call a domain, while the next gathers.

use super::keys::{GROUP, Keys, share};
use super::link::Backoff;
use super::scripts::{self, Args};
use super::seal::Frame;
use super::shared::{Life, Shared};
use crate::message::EntryId;
use crate::queues::Queue;
use crate::{BusError, Delivery};
use skep_core::{CallId, Incarnation};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// A delivery that has ended, ready to be sent.
pub(super) struct Settlement {
    keys: Arc<Keys>,
    queue: Queue,
    id: EntryId,
    call: CallId,
    share: String,
    bytes: u64,
    to: Incarnation,
    reply: Frame,
    audit: Frame,
}

impl Settlement {
    pub(super) fn new(keys: Arc<Keys>, delivery: Delivery, reply: Frame, audit: Frame) -> Self {
        let Delivery { envelope, id, bytes, .. } = delivery;
        Self {
            keys,
            queue: Queue::of(&envelope),
            id,
            call: envelope.id,
            share: share(&envelope),
            bytes,
            to: envelope.from,
            reply,
            audit,
        }
    }

    fn size(&self) -> u64 {
        self.reply.bytes() + self.audit.bytes()
    }
}

/// What the writer is asked.
pub(super) enum Order {
    /// Send this.
    Settle(Box<Settlement>),
    /// Say when everything before is sent.
    Flush(oneshot::Sender<()>),
}

/// Sends settlements until the life of this host ends.
pub(super) async fn run(shared: Arc<Shared>, mut orders: mpsc::Receiver<Order>) {
    while let Some(first) = orders.recv().await {
        let mut batch = Batch::default();
        let mut next = Some(first);
        while let Some(order) = next {
            batch.add(order);
            next = if batch.is_full(&shared) { None } else { orders.try_recv().ok() };
        }
        for settlements in &batch.settled {
            send(&shared, settlements).await;
        }
        for waiter in batch.flushed {
            // Whoever asked may have stopped waiting.
            let _ = waiter.send(());
        }
    }
}

#[derive(Default)]
struct Batch {
    /// By the places of their domains.
    settled: Vec<Vec<Settlement>>,
    flushed: Vec<oneshot::Sender<()>>,
    count: usize,
    bytes: u64,
}

impl Batch {
    fn add(&mut self, order: Order) {
        match order {
            Order::Settle(settlement) => {
                self.count += 1;
                self.bytes += settlement.size();
                let place = settlement.keys.index;
                if self.settled.len() <= place {
                    self.settled.resize_with(place + 1, Vec::new);
                }
                self.settled[place].push(*settlement);
            }
            Order::Flush(waiter) => self.flushed.push(waiter),
        }
    }

    fn is_full(&self, shared: &Shared) -> bool {
        let limits = &shared.limits;
        !self.flushed.is_empty()
            || self.count >= limits.settle_batch_max
            || self.bytes >= limits.settle_batch_bytes_max
    }
}

/// Sends settlements of one domain, again and again until Redis has them or took this host for dead.
async fn send(shared: &Shared, settlements: &[Settlement]) {
    let Some(Settlement { keys, .. }) = settlements.first() else { return };
    let me = shared.me.to_string();
    let mut command = shared.script(&scripts::SETTLE, keys).args([GROUP, &me]).args([shared.lease_ms()]);
    for settlement in settlements {
        let Settlement { queue, id, call, share, bytes, to, .. } = settlement;
        command.arg(queue.to_string()).arg(id.to_string()).arg(call.to_string()).arg(share);
        command.arg(*bytes).arg(to.to_string());
        command = command.args(settlement.reply.fields()).args(settlement.audit.fields());
    }
    let mut backoff = Backoff::new();
    while shared.check_life().is_ok() {
        match shared.word(&command).await.as_deref() {
            Ok("dead") => shared.end(Life::LeaseLost),
            Ok(_) => {
                for settlement in settlements {
                    shared.release(keys, settlement.queue, settlement.id);
                }
                shared.records.notify_one();
                return;
            }
            Err(error) => {
                tracing::warn!(%error, count = settlements.len(), "settlements wait for Redis");
                backoff.wait().await;
            }
        }
    }
}

/// Waits until everything ordered so far is sent.
pub(super) async fn flush(orders: &mpsc::Sender<Order>) -> Result<(), BusError> {
    let (done, sent) = oneshot::channel();
    orders.send(Order::Flush(done)).await.map_err(|_| BusError::Closed)?;
    sent.await.map_err(|_| BusError::Closed)
}
