//! Where the router takes its deliveries.

use super::reader::Reader;
use super::scripts::Args;
use super::shared::{Domains, Shared};
use crate::queues::Room;
use crate::{BusError, Delivery};
use redis::cmd;
use std::cmp::Reverse;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;

/// How often a read that watches too few queues is woken until it is back: it may be about to block.
const WAKE_EVERY: Duration = Duration::from_millis(5);

type Read = Result<Vec<Delivery>, BusError>;

/// The only seat at the reader. A read runs in a task of its own, so that nobody who stops waiting for it loses
/// what it brings.
pub(super) struct Seat {
    shared: Arc<Shared>,
    reader: Arc<Mutex<Reader>>,
    client: Arc<AtomicI64>,
    opened: watch::Receiver<Domains>,
    /// The read that is on its way, and for what room.
    reading: Option<(Room, JoinHandle<Read>)>,
    /// What was read and not handed out yet, the deepest first.
    ready: Vec<Delivery>,
}

impl Seat {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let reader = Reader::new(shared.clone());
        let (client, opened) = (reader.client(), shared.opened());
        let reader = Arc::new(Mutex::new(reader));
        Self { shared, reader, client, opened, reading: None, ready: Vec::new() }
    }

    /// What there is room for, or comes within the wait.
    pub(super) async fn take(&mut self, room: Room) -> Read {
        if !room.is_open() {
            tokio::time::sleep(self.shared.limits.receive_wait).await;
            return Ok(Vec::new());
        }
        loop {
            let handed = self.hand_out(room);
            if !handed.is_empty() {
                return Ok(handed);
            }
            let (read_for, read) = self.reading.get_or_insert_with(|| {
                let reader = self.reader.clone();
                (room, tokio::spawn(async move { reader.lock().await.read(room).await }))
            });
            let enough = read_for.covers(&room);
            let read = match enough {
                true => tokio::select! {
                    biased;
                    read = &mut *read => read,
                    // It knows nothing of a domain that was opened since.
                    _ = self.opened.changed() => wake(&self.shared, &self.client, read).await,
                },
                false => wake(&self.shared, &self.client, read).await,
            };
            self.reading = None;
            self.ready.extend(read.map_err(|e| BusError::Internal(format!("the reader broke: {e}")))??);
            self.ready.sort_by_key(|delivery| Reverse(delivery.depth()));
            if enough {
                return Ok(self.hand_out(room));
            }
        }
    }

    fn hand_out(&mut self, mut room: Room) -> Vec<Delivery> {
        let ready = std::mem::take(&mut self.ready).into_iter();
        let (handed, kept) = ready.partition(|delivery| room.take(delivery.depth()));
        self.ready = kept;
        handed
    }

    /// Stops reading, for good.
    pub(super) async fn leave(&mut self) {
        if let Some((_, read)) = self.reading.take() {
            read.abort();
            // Whatever it says, it is over.
            let _ = read.await;
        }
    }
}

/// Ends a read that blocks, since by now there is room for more than it watches.
async fn wake(
    shared: &Shared,
    client: &AtomicI64,
    read: &mut JoinHandle<Read>,
) -> Result<Read, tokio::task::JoinError> {
    let mut again = tokio::time::interval(WAKE_EVERY);
    loop {
        tokio::select! {
            biased;
            read = &mut *read => return read,
            _ = again.tick() => {}
        }
        let number = client.load(Ordering::Acquire);
        if let Err(error) = shared.link.command(&cmd("CLIENT").args(["UNBLOCK"]).args([number])).await {
            // It comes back by itself, after its wait.
            tracing::debug!(%error, "a blocked read could not be woken");
            return read.await;
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some((_, read)) = &self.reading {
            read.abort();
        }
    }
}
