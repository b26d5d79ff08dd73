//! The queues of one domain, in memory.

use super::quotas::Quotas;
use crate::lanes::session_quota;
use crate::message::EntryId;
use crate::queues::{Queue, Room};
use crate::{Bound, BusError, BusLimits, Delivery, Entry};
use skep_core::{CALL_DEPTH_MAX, CallId, Envelope, LaneSplit, RateLevel, SkillName, UnixMs};
use std::collections::{BTreeMap, HashMap};

/// Where a call is.
#[derive(Clone, Copy)]
enum Place {
    /// In the list behind its skill.
    Waiting(u64),
    /// In its queue.
    Queued(Queue, u64),
    /// Handed out.
    Started,
}

/// What one skill has at one depth. A call that waits for calls by its skill waits for deeper ones only, so no
/// two chains can hold what the other needs.
#[derive(Default)]
struct Share {
    /// Calls queued or running.
    active: u32,
    /// Calls behind those, in order of arrival.
    waiting: BTreeMap<u64, Entry>,
}

impl Share {
    /// The next call that has a place.
    fn next(&mut self) -> Option<Entry> {
        let first = self.waiting.first_entry()?;
        if self.active >= first.get().concurrency { None } else { Some(first.remove()) }
    }
}

/// Whose share: the skill's, at this depth.
type Sharer = (SkillName, usize);

fn sharer(envelope: &Envelope) -> Sharer {
    (envelope.to.skill.clone(), envelope.depth())
}

/// What taking a call back found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It had not started, and is gone.
    Back,
    /// It runs.
    Started,
    /// It is over, or never was.
    Unknown,
}

/// One domain.
#[derive(Default)]
pub(super) struct Domain {
    /// Entries in order of arrival: those in the lanes, of this host's sessions, and by depth.
    lanes: [BTreeMap<u64, Entry>; 3],
    sessions: BTreeMap<u64, Entry>,
    nested: [BTreeMap<u64, Entry>; CALL_DEPTH_MAX],
    shares: HashMap<Sharer, Share>,
    places: HashMap<CallId, Place>,
    quotas: Quotas,
    split: LaneSplit,
    turn: usize,
    bytes: u64,
    last: u64,
}

/// What counts of an entry against the bytes of its domain.
fn size(payload: &[u8]) -> u64 {
    payload.len() as u64
}

impl Domain {
    /// Whether a call is queued, waits or runs.
    pub(super) fn knows(&self, call: CallId) -> bool {
        self.places.contains_key(&call)
    }

    /// Entries that were admitted and not settled.
    pub(super) fn depth(&self) -> u64 {
        self.places.len() as u64
    }

    /// How many entries a queue holds, and when the first of them was accepted.
    pub(super) fn waiting(&self, queue: Queue) -> (u64, Option<UnixMs>) {
        let entries = match queue {
            Queue::Lane(lane) => &self.lanes[lane.rank()],
            Queue::Depth(depth) => &self.nested[depth],
            Queue::Sessions(_) => &self.sessions,
        };
        let first = entries.first_key_value().map(|(_, entry)| entry.envelope.accepted);
        (entries.len() as u64, first)
    }

    /// Admits an entry and says how far the rate of who asked is drawn down, or says what it found full.
    pub(super) fn send(
        &mut self,
        mut entry: Entry,
        limits: &BusLimits,
    ) -> Result<Option<RateLevel>, BusError> {
        let id = entry.envelope.id;
        if self.places.contains_key(&id) {
            return Err(BusError::Duplicate(id));
        }
        let charges = std::mem::take(&mut entry.charges);
        let drawn = self.quotas.check(&charges)?;
        if self.depth() >= limits.depth_max {
            return Err(limits.overloaded(Bound::Depth, &entry));
        }
        let bytes = size(&entry.payload);
        if self.bytes + bytes > limits.depth_bytes_max {
            return Err(limits.overloaded(Bound::Bytes, &entry));
        }
        self.send_to_share(entry, limits)?;
        self.bytes += bytes;
        Ok(self.quotas.charge(id, charges, drawn))
    }

    fn send_to_share(&mut self, entry: Entry, limits: &BusLimits) -> Result<(), BusError> {
        let share = self.shares.entry(sharer(&entry.envelope)).or_default();
        if share.active < entry.concurrency {
            share.active += 1;
            self.queue(entry);
            return Ok(());
        }
        if share.waiting.len() >= entry.waiting as usize {
            return Err(limits.overloaded(Bound::SkillWaiting, &entry));
        }
        self.last += 1;
        self.places.insert(entry.envelope.id, Place::Waiting(self.last));
        share.waiting.insert(self.last, entry);
        Ok(())
    }

    fn queue(&mut self, entry: Entry) {
        self.last += 1;
        let (at, queue) = (self.last, Queue::of(&entry.envelope));
        self.places.insert(entry.envelope.id, Place::Queued(queue, at));
        self.entries(queue).insert(at, entry);
    }

    fn entries(&mut self, queue: Queue) -> &mut BTreeMap<u64, Entry> {
        match queue {
            Queue::Lane(lane) => &mut self.lanes[lane.rank()],
            Queue::Depth(depth) => &mut self.nested[depth],
            Queue::Sessions(_) => &mut self.sessions,
        }
    }

    /// Moves what waits behind a skill into its queue while the skill has places.
    fn advance(&mut self, sharer: Sharer) {
        let Some(mut share) = self.shares.remove(&sharer) else { return };
        while let Some(entry) = share.next() {
            share.active += 1;
            self.queue(entry);
        }
        if share.active > 0 || !share.waiting.is_empty() {
            self.shares.insert(sharer, share);
        }
    }

    /// Hands out what there is room for.
    pub(super) fn take(&mut self, hand: &mut Hand) {
        for depth in (1..CALL_DEPTH_MAX).rev() {
            hand.take(&mut self.nested[depth], depth, usize::MAX, &mut self.places);
        }
        if self.sessions.is_empty() && self.lanes.iter().all(BTreeMap::is_empty) {
            return;
        }
        self.turn += 1;
        let quota = session_quota(hand.room.at(0), self.turn);
        hand.take(&mut self.sessions, 0, quota, &mut self.places);
        let quotas = self.split.quotas(hand.room.at(0));
        for (lane, quota) in (0..3).zip(quotas).chain((0..3).zip([usize::MAX; 3])) {
            hand.take(&mut self.lanes[lane], 0, quota, &mut self.places);
        }
        hand.take(&mut self.sessions, 0, usize::MAX, &mut self.places);
    }

    /// Ends a delivery and frees its place.
    pub(super) fn settle(&mut self, delivery: &Delivery) {
        if self.places.remove(&delivery.envelope.id).is_some() {
            self.bytes = self.bytes.saturating_sub(delivery.bytes);
            self.quotas.discharge(delivery.envelope.id);
            self.free_place(sharer(&delivery.envelope));
        }
    }

    fn free_place(&mut self, sharer: Sharer) {
        if let Some(share) = self.shares.get_mut(&sharer) {
            share.active = share.active.saturating_sub(1);
        }
        self.advance(sharer);
    }

    /// Takes a call back if it has not started.
    pub(super) fn cancel(&mut self, envelope: &Envelope) -> Taken {
        let id = envelope.id;
        let entry = match self.places.get(&id).copied() {
            None => return Taken::Unknown,
            Some(Place::Started) => return Taken::Started,
            Some(Place::Waiting(at)) => {
                self.shares.get_mut(&sharer(envelope)).and_then(|share| share.waiting.remove(&at))
            }
            Some(Place::Queued(queue, at)) => {
                let entry = self.entries(queue).remove(&at);
                if let Some(entry) = &entry {
                    self.free_place(sharer(&entry.envelope));
                }
                entry
            }
        };
        let Some(entry) = entry else { return Taken::Unknown };
        self.bytes = self.bytes.saturating_sub(size(&entry.payload));
        self.places.remove(&id);
        self.quotas.discharge(id);
        Taken::Back
    }
}

/// What is handed out, and the room that is left.
pub(super) struct Hand {
    pub(super) room: Room,
    pub(super) taken: Vec<Delivery>,
}

impl Hand {
    /// Takes up to `most` entries of one queue, as far as there is room at their depth.
    fn take(
        &mut self,
        entries: &mut BTreeMap<u64, Entry>,
        depth: usize,
        most: usize,
        places: &mut HashMap<CallId, Place>,
    ) {
        for _ in 0..most.min(self.room.at(depth)) {
            let Some((at, entry)) = entries.pop_first() else { break };
            self.room.take(depth);
            places.insert(entry.envelope.id, Place::Started);
            let bytes = size(&entry.payload);
            let Entry { envelope, payload, .. } = entry;
            self.taken.push(Delivery { envelope, payload, id: EntryId(0, at), bytes });
        }
    }
}
