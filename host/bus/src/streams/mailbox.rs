//! Reading what is meant for this host alone, and the notices for all, over a connection of its own.

use super::answer::{self, StreamEntry};
use super::keys::Keys;
use super::link::Backoff;
use super::seal::{Frame, Kind};
use super::shared::Shared;
use super::wire::{self, Forged};
use crate::message::EntryId;
use crate::{BusError, Event};
use redis::aio::MultiplexedConnection;
use redis::{Pipeline, Value};
use std::sync::Arc;
use std::time::Duration;

/// Messages read at once from each stream.
const BATCH_MAX: usize = 64;
/// How long one read blocks.
const READ_WAIT: Duration = Duration::from_secs(1);

/// Streams that are read of each domain.
const STREAMS: usize = 2;

/// A stream that is read, and how far.
struct Cursor {
    keys: Arc<Keys>,
    key: String,
    last: EntryId,
    /// Whether what was read is removed: from the mailbox, not from the notices, which others read too.
    own: bool,
}

/// Passes events on until the life of this host ends.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut cursors: Vec<Cursor> = Vec::new();
    let mut opened = shared.opened();
    let mut backoff = Backoff::new();
    loop {
        let domains = opened.borrow_and_update().clone();
        for keys in domains.iter().skip(cursors.len() / STREAMS) {
            let streams: [_; STREAMS] = [(&keys.mailbox, true), (&keys.notices, false)];
            cursors.extend(streams.map(|(key, own)| Cursor {
                keys: keys.clone(),
                key: key.clone(),
                last: EntryId(0, 0),
                own,
            }));
        }
        let followed = tokio::select! {
            followed = follow(&shared, &mut cursors, &mut backoff) => followed,
            // The read knows nothing of the new domain: begin another. Reading removes nothing by itself.
            _ = opened.changed() => continue,
        };
        if let Err(error) = followed {
            tracing::warn!(%error, "the mailbox can't be read");
        }
        backoff.wait().await;
    }
}

async fn follow(shared: &Shared, cursors: &mut [Cursor], backoff: &mut Backoff) -> Result<(), BusError> {
    let mut connection = shared.link.dedicated(READ_WAIT).await?;
    loop {
        let read = read_next(&mut connection, cursors).await?;
        backoff.reset();
        for (key, entries) in answer::streams(read)? {
            let Some(cursor) = cursors.iter_mut().find(|cursor| cursor.key == key) else { continue };
            for entry in entries {
                pass_on(shared, cursor, entry).await?;
            }
        }
    }
}

/// Removes what was read before, and waits for more, in one round trip.
async fn read_next(connection: &mut MultiplexedConnection, cursors: &[Cursor]) -> Result<Value, BusError> {
    let mut pipe = Pipeline::new();
    for Cursor { key, last: EntryId(ms, seq), .. } in cursors.iter().filter(|c| c.own && c.last.0 > 0) {
        pipe.cmd("XTRIM").arg(key).arg("MINID").arg(EntryId(*ms, seq + 1).to_string()).ignore();
    }
    pipe.cmd("XREAD")
        .arg("COUNT")
        .arg(BATCH_MAX)
        .arg("BLOCK")
        .arg(READ_WAIT.as_millis() as u64)
        .arg("STREAMS");
    for cursor in cursors {
        pipe.arg(&cursor.key);
    }
    for cursor in cursors {
        pipe.arg(cursor.last.to_string());
    }
    let (read,): (Value,) =
        pipe.query_async(connection).await.map_err(|e| BusError::Unavailable(e.to_string()))?;
    Ok(read)
}

async fn pass_on(shared: &Shared, cursor: &mut Cursor, mut entry: StreamEntry) -> Result<(), BusError> {
    let kind = entry.take("k");
    let frame = entry.frame();
    match open(shared, &cursor.keys, &kind, &frame) {
        Ok(event) => {
            // Whoever breaks off here has not passed it on, and reads it again.
            let room = shared.events.reserve().await.map_err(|_| BusError::Closed)?;
            cursor.last = entry.id;
            room.send(event);
        }
        Err(reason) => {
            shared.bury(&cursor.keys, &cursor.key, entry.id, &frame, reason).await;
            cursor.last = entry.id;
        }
    }
    Ok(())
}

fn open(shared: &Shared, keys: &Keys, kind: &[u8], frame: &Frame) -> Result<Event, Forged> {
    let (seal, me) = (&shared.seal, shared.me);
    let is = |expected: Kind| kind == expected.as_str().as_bytes();
    if is(Kind::Reply) {
        wire::reply_open(seal, me, frame).map(Event::Reply)
    } else if is(Kind::Cancel) {
        wire::cancel_open(seal, &keys.domain, frame).map(Event::Cancel)
    } else if is(Kind::Progress) {
        wire::progress_open(seal, me, frame).map(Event::Progress)
    } else if is(Kind::Revision) {
        wire::revision_open(seal, &keys.domain, frame).map(Event::Revision)
    } else {
        Err(Forged::Header)
    }
}
