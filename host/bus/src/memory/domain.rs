//! The queues of one domain, in memory.

use crate::lanes::{LaneSplit, lane_index};
use crate::message::EntryId;
use crate::{Bound, BusError, BusLimits, Delivery, Entry};
use skep_core::{CallId, Lane, SkillName};
use std::collections::{BTreeMap, HashMap};

/// Where a call is.
enum Place {
    /// In the list behind its skill.
    Waiting(u64),
    /// In its lane.
    Queued(Lane, u64),
    /// Handed out.
    Started,
}

/// One skill's share.
#[derive(Default)]
struct Share {
    /// Calls queued or running.
    active: u32,
    /// Calls behind those, in order of arrival.
    waiting: BTreeMap<u64, Entry>,
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
    lanes: [BTreeMap<u64, Entry>; 3],
    shares: HashMap<SkillName, Share>,
    places: HashMap<CallId, Place>,
    split: LaneSplit,
    bytes: u64,
    last: u64,
}

/// What counts of an entry against the bytes of its domain.
fn size(payload: &[u8]) -> u64 {
    payload.len() as u64
}

impl Domain {
    /// Entries that were admitted and not settled.
    pub(super) fn depth(&self) -> u64 {
        self.places.len() as u64
    }

    /// Admits an entry, or says what it found full.
    pub(super) fn send(&mut self, entry: Entry, limits: &BusLimits) -> Result<(), BusError> {
        if self.places.contains_key(&entry.envelope.id) {
            return Err(BusError::Duplicate(entry.envelope.id));
        }
        if self.depth() >= limits.depth_max {
            return Err(limits.overloaded(Bound::Depth, &entry));
        }
        let bytes = size(&entry.payload);
        if self.bytes + bytes > limits.depth_bytes_max {
            return Err(limits.overloaded(Bound::Bytes, &entry));
        }
        let share = self.shares.entry(entry.envelope.to.skill.clone()).or_default();
        if share.active >= entry.concurrency && share.waiting.len() >= entry.waiting as usize {
            return Err(limits.overloaded(Bound::SkillWaiting, &entry));
        }
        self.last += 1;
        self.bytes += bytes;
        let skill = entry.envelope.to.skill.clone();
        self.places.insert(entry.envelope.id, Place::Waiting(self.last));
        share.waiting.insert(self.last, entry);
        self.advance(&skill);
        Ok(())
    }

    /// Moves what waits behind a skill into the lanes while the skill has places.
    fn advance(&mut self, skill: &SkillName) {
        let Some(share) = self.shares.get_mut(skill) else { return };
        while let Some(first) = share.waiting.first_entry() {
            if share.active >= first.get().concurrency {
                break;
            }
            let (at, entry) = first.remove_entry();
            share.active += 1;
            let lane = entry.envelope.lane;
            self.places.insert(entry.envelope.id, Place::Queued(lane, at));
            self.lanes[lane_index(lane)].insert(at, entry);
        }
        if share.active == 0 && share.waiting.is_empty() {
            self.shares.remove(skill);
        }
    }

    /// Hands out up to `slots` entries.
    pub(super) fn take(&mut self, slots: usize, taken: &mut Vec<Delivery>) {
        if self.lanes.iter().all(BTreeMap::is_empty) {
            return;
        }
        let quotas = self.split.quotas(slots);
        let end = taken.len() + slots;
        for (lane, quota) in quotas.into_iter().enumerate() {
            self.take_from(lane, quota, taken);
        }
        for lane in 0..self.lanes.len() {
            self.take_from(lane, end - taken.len(), taken);
        }
    }

    fn take_from(&mut self, lane: usize, count: usize, taken: &mut Vec<Delivery>) {
        for _ in 0..count {
            let Some((at, entry)) = self.lanes[lane].pop_first() else { break };
            self.places.insert(entry.envelope.id, Place::Started);
            let bytes = size(&entry.payload);
            let Entry { envelope, payload, .. } = entry;
            taken.push(Delivery { envelope, payload, id: EntryId(0, at), bytes });
        }
    }

    /// Ends a delivery and frees its place.
    pub(super) fn settle(&mut self, delivery: &Delivery) {
        if self.places.remove(&delivery.envelope.id).is_some() {
            self.release(&delivery.envelope.to.skill, delivery.bytes);
        }
    }

    fn release(&mut self, skill: &SkillName, bytes: u64) {
        self.bytes = self.bytes.saturating_sub(bytes);
        if let Some(share) = self.shares.get_mut(skill) {
            share.active = share.active.saturating_sub(1);
        }
        self.advance(skill);
    }

    /// Takes a call back if it has not started.
    pub(super) fn cancel(&mut self, skill: &SkillName, id: CallId) -> Taken {
        match self.places.get(&id) {
            None => return Taken::Unknown,
            Some(Place::Started) => return Taken::Started,
            Some(Place::Waiting(at)) => {
                let share = self.shares.get_mut(skill);
                let Some(entry) = share.and_then(|share| share.waiting.remove(at)) else {
                    return Taken::Unknown;
                };
                self.bytes = self.bytes.saturating_sub(size(&entry.payload));
            }
            Some(Place::Queued(lane, at)) => {
                if let Some(entry) = self.lanes[lane_index(*lane)].remove(at) {
                    self.release(&entry.envelope.to.skill, size(&entry.payload));
                }
            }
        }
        self.places.remove(&id);
        Taken::Back
    }
}
