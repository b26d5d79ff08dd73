//! The cache before the durable bucket, in memory: bounded, and what wasn't used for longest goes first.

use super::MemoryBus;
use crate::cache::{CACHE_HOLD_MAX, CACHE_LIFE_MAX};
use crate::{BusError, CacheTicket, Cached, StateCache};
use async_trait::async_trait;
use bytes::Bytes;
use skep_core::{DomainName, SkillName};
use std::collections::{BTreeMap, HashMap};
use std::time::Instant;
use uuid::Uuid;

/// Keys that are cached at most.
const CACHE_KEYS_MAX: usize = 8_192;
/// Bytes of keys and values that are cached at most.
const CACHE_BYTES_MAX: usize = 64 << 20;

type Place = (DomainName, SkillName, String);

/// What is known of one key.
#[derive(Default)]
struct Slot {
    /// When it was used, among the others.
    used: u64,
    /// Who writes it, and until when at most.
    holds: Vec<(Uuid, Instant)>,
    /// The one ticket that stands.
    ticket: Option<Uuid>,
    value: Option<(Option<Bytes>, Instant)>,
}

impl Slot {
    fn expire(&mut self, now: Instant) {
        self.holds.retain(|(_, until)| *until > now);
        self.value.take_if(|(_, until)| *until <= now);
    }

    /// The value, or a ticket that stands if nobody writes.
    fn get(&mut self, ticket: &CacheTicket) -> Option<Option<Bytes>> {
        if let Some((value, _)) = &self.value {
            return Some(value.clone());
        }
        if self.holds.is_empty() {
            self.ticket = Some(ticket.id);
        }
        None
    }

    fn hold(&mut self, ticket: &CacheTicket, now: Instant) {
        self.value = None;
        self.ticket = self.holds.is_empty().then_some(ticket.id);
        self.holds.push((ticket.id, now + CACHE_HOLD_MAX));
    }

    fn fill(&mut self, ticket: &CacheTicket, value: Option<Bytes>, now: Instant) {
        let held = self.release(ticket);
        let stands = self.ticket == Some(ticket.id) && held == ticket.hold;
        if stands || ticket.hold {
            self.ticket = None;
            self.value = stands.then_some((value, now + CACHE_LIFE_MAX));
        }
    }

    /// Ends a hold; says whether it stood until now.
    fn release(&mut self, ticket: &CacheTicket) -> bool {
        let before = self.holds.len();
        self.holds.retain(|(id, _)| *id != ticket.id);
        self.holds.len() < before
    }
}

/// All slots. Any of them may be lost at any time.
#[derive(Default)]
pub(super) struct Slots {
    slots: HashMap<Place, Slot>,
    by_use: BTreeMap<u64, Place>,
    bytes: usize,
    uses: u64,
}

fn size(place: &Place, slot: &Slot) -> usize {
    place.2.len() + slot.value.iter().flat_map(|(value, _)| value).map(Bytes::len).sum::<usize>()
}

impl Slots {
    /// Does something with the slot of a key, which is the last used then.
    fn with<T>(&mut self, ticket: &CacheTicket, now: Instant, act: impl FnOnce(&mut Slot) -> T) -> T {
        let place = (ticket.domain.clone(), ticket.skill.clone(), ticket.key.clone());
        let mut slot = self.remove(&place).unwrap_or_default();
        slot.expire(now);
        let answer = act(&mut slot);
        self.uses += 1;
        slot.used = self.uses;
        self.bytes += size(&place, &slot);
        self.by_use.insert(slot.used, place.clone());
        self.slots.insert(place, slot);
        while self.slots.len() > CACHE_KEYS_MAX || self.bytes > CACHE_BYTES_MAX {
            let Some((_, oldest)) = self.by_use.pop_first() else { break };
            self.remove(&oldest);
        }
        answer
    }

    fn remove(&mut self, place: &Place) -> Option<Slot> {
        let slot = self.slots.remove(place)?;
        self.by_use.remove(&slot.used);
        self.bytes -= size(place, &slot);
        Some(slot)
    }

    fn clear(&mut self, domain: &DomainName, skill: &SkillName) {
        let places = self.slots.keys().filter(|place| (&place.0, &place.1) == (domain, skill));
        for place in places.cloned().collect::<Vec<_>>() {
            self.remove(&place);
        }
    }
}

#[async_trait]
impl StateCache for MemoryBus {
    async fn cache_get(&self, domain: &DomainName, skill: &SkillName, key: &str) -> Result<Cached, BusError> {
        self.check_domain(domain)?;
        let ticket = CacheTicket::new(domain, skill, key, false);
        let found = self.cache.lock().with(&ticket, Instant::now(), |slot| slot.get(&ticket));
        Ok(found.map_or(Cached::Miss(ticket), Cached::Hit))
    }

    async fn cache_hold(
        &self,
        domain: &DomainName,
        skill: &SkillName,
        key: &str,
    ) -> Result<CacheTicket, BusError> {
        self.check_domain(domain)?;
        let (ticket, now) = (CacheTicket::new(domain, skill, key, true), Instant::now());
        self.cache.lock().with(&ticket, now, |slot| slot.hold(&ticket, now));
        Ok(ticket)
    }

    async fn cache_fill(&self, ticket: CacheTicket, value: Option<Bytes>) -> Result<(), BusError> {
        self.check_domain(&ticket.domain)?;
        let now = Instant::now();
        self.cache.lock().with(&ticket, now, |slot| slot.fill(&ticket, value, now));
        Ok(())
    }

    async fn cache_release(&self, ticket: CacheTicket) -> Result<(), BusError> {
        self.check_domain(&ticket.domain)?;
        self.cache.lock().with(&ticket, Instant::now(), |slot| slot.release(&ticket));
        Ok(())
    }

    async fn cache_clear(&self, domain: &DomainName, skill: &SkillName) -> Result<(), BusError> {
        self.check_domain(domain)?;
        self.cache.lock().clear(domain, skill);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn ticket(key: &str, hold: bool) -> CacheTicket {
        CacheTicket::new(&DomainName::default(), &"echo".parse().unwrap(), key, hold)
    }

    /// Whether a value of this size gets in and can be looked up at once.
    fn fill(slots: &mut Slots, key: &str, bytes: usize, now: Instant) {
        let ticket = ticket(key, true);
        slots.with(&ticket, now, |slot| slot.hold(&ticket, now));
        slots.with(&ticket, now, |slot| slot.fill(&ticket, Some(vec![1; bytes].into()), now));
    }

    fn has(slots: &mut Slots, key: &str, now: Instant) -> bool {
        let ticket = ticket(key, false);
        slots.with(&ticket, now, |slot| slot.get(&ticket)).is_some()
    }

    #[test]
    fn what_was_not_used_for_longest_makes_room() {
        let (mut slots, now) = (Slots::default(), Instant::now());
        for number in 0..CACHE_KEYS_MAX {
            fill(&mut slots, &number.to_string(), 1, now);
        }
        assert!(has(&mut slots, "0", now));
        fill(&mut slots, "one more", 1, now);
        assert_eq!(slots.slots.len(), CACHE_KEYS_MAX);
        assert!(has(&mut slots, "0", now) && !has(&mut slots, "1", now));

        for number in 0..100 {
            fill(&mut slots, &format!("large {number}"), 1 << 20, now);
            assert!(slots.bytes <= CACHE_BYTES_MAX);
        }
        let sum: usize = slots.slots.iter().map(|(place, slot)| size(place, slot)).sum();
        assert_eq!((slots.bytes, slots.by_use.len()), (sum, slots.slots.len()));
        assert!(has(&mut slots, "large 99", now) && !has(&mut slots, "large 1", now));
        slots.clear(&DomainName::default(), &"echo".parse().unwrap());
        assert_eq!((slots.bytes, slots.by_use.len(), slots.slots.len()), (0, 0, 0));
    }

    #[test]
    fn values_and_holds_end_by_themselves() {
        let (mut slots, start) = (Slots::default(), Instant::now());
        fill(&mut slots, "k", 1, start);
        let (before, after) = (CACHE_LIFE_MAX - Duration::from_millis(1), CACHE_LIFE_MAX);
        assert!(has(&mut slots, "k", start + before) && !has(&mut slots, "k", start + after));

        // A writer that is slower than its hold: what others cached meanwhile is forgotten when it comes.
        let slow = ticket("k", true);
        slots.with(&slow, start, |slot| slot.hold(&slow, start));
        let reader = ticket("k", false);
        let late = start + CACHE_HOLD_MAX;
        slots.with(&reader, late, |slot| slot.get(&reader));
        slots.with(&reader, late, |slot| slot.fill(&reader, None, late));
        assert!(has(&mut slots, "k", late));
        slots.with(&slow, late, |slot| slot.fill(&slow, None, late));
        assert!(!has(&mut slots, "k", late));
    }
}
