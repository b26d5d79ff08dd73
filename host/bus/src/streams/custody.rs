//! Custody: the calls that this host was given and has not settled for certain, and the entries that no host wrote.

use super::answer::{self, StreamEntry};
use super::keys::{GROUP, Keys};
use super::link::Line;
use super::scripts::Args;
use super::seal::Frame;
use super::shared::Shared;
use super::wire;
use crate::message::EntryId;
use crate::queues::Queue;
use crate::{BusError, Delivery};
use redis::cmd;
use std::sync::atomic::Ordering;

/// Bytes of a dead letter's parts that are kept.
const DEAD_LETTER_BYTES_MAX: usize = 4096;
/// Ids read from a pending list at once.
const PENDING_PAGE: usize = 1000;

/// The place of an entry: domain, queue, id.
pub(super) type Spot = (usize, Queue, EntryId);

impl Shared {
    /// A call was settled for certain.
    pub(super) fn release(&self, keys: &Keys, queue: Queue, id: EntryId) {
        self.held.lock().remove(&(keys.index, queue, id));
    }

    /// Makes deliveries of entries that now are this host's. Forged ones go to the dead letters, and what this
    /// host has already is left out.
    pub(super) async fn take_over(
        &self,
        keys: &Keys,
        queue: Queue,
        entries: Vec<StreamEntry>,
    ) -> Vec<Delivery> {
        let mut found = Vec::with_capacity(entries.len());
        for mut entry in entries {
            let frame = entry.frame();
            match wire::call_open(&self.seal, &keys.domain, queue, &frame) {
                Ok(envelope) => {
                    let bytes = frame.bytes();
                    if self.held.lock().insert((keys.index, queue, entry.id)) {
                        found.push(Delivery { envelope, payload: frame.payload, id: entry.id, bytes });
                    }
                }
                Err(reason) => self.bury(keys, &keys.queue(queue), entry.id, &frame, reason).await,
            }
        }
        found
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

    /// Finds the calls that Redis counts as given to `consumer`, a name of this host, and this host doesn't
    /// hold. It does once they are in `found`, so they count even where the search breaks off.
    pub(super) async fn not_held(
        &self,
        keys: &Keys,
        queue: Queue,
        consumer: &str,
        line: &mut Line<'_>,
        found: &mut Vec<Delivery>,
    ) -> Result<(), BusError> {
        let stream = &keys.queue(queue);
        let mut from = "-".to_owned();
        loop {
            let mut page = cmd("XPENDING");
            page.arg(stream).arg(GROUP).arg(&from).arg("+").arg(PENDING_PAGE).arg(consumer);
            let ids = answer::pending_ids(line.command(&page).await?)?;
            let held = |id: &&EntryId| self.held.lock().contains(&(keys.index, queue, **id));
            for id in ids.iter().filter(|id| !held(id)) {
                found.extend(self.fetch(keys, queue, *id, line).await?);
            }
            match ids.last() {
                Some(last) if ids.len() == PENDING_PAGE => from = format!("({last}"),
                _ => return Ok(()),
            }
        }
    }

    async fn fetch(
        &self,
        keys: &Keys,
        queue: Queue,
        id: EntryId,
        line: &mut Line<'_>,
    ) -> Result<Vec<Delivery>, BusError> {
        let stream = &keys.queue(queue);
        let id = id.to_string();
        let entries = answer::entries(line.command(&cmd("XRANGE").args([stream, &id, &id])).await?)?;
        if entries.is_empty() {
            line.command(&cmd("XACK").args([stream, GROUP, &id])).await?;
        }
        Ok(self.take_over(keys, queue, entries).await)
    }
}
