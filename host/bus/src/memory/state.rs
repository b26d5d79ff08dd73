//! Hot state in memory.

use super::MemoryBus;
use crate::{BusError, HotState};
use async_trait::async_trait;
use bytes::Bytes;
use skep_core::{
    DomainName, STATE_PAGE_MAX, SkillName, StateChange, StateChanged, StateError, StateKeys, StateLimits,
    StateTotals,
};
use std::collections::{BTreeMap, HashMap};

/// The buckets of all skills.
pub(super) type Buckets = HashMap<(DomainName, SkillName), Bucket>;

#[derive(Default)]
pub(super) struct Bucket {
    values: BTreeMap<String, Bytes>,
    totals: StateTotals,
}

impl Bucket {
    fn change(
        &mut self,
        key: &str,
        change: &StateChange,
        limits: StateLimits,
    ) -> Result<StateChanged, StateError> {
        change.check(key)?;
        let now = self.values.get(key);
        let Some(then) = change.apply(now)? else {
            return Ok(StateChanged { applied: false, value: now.cloned() });
        };
        self.totals = self.totals.after(key, now, then.as_ref(), limits)?;
        match then.clone() {
            Some(value) => self.values.insert(key.to_owned(), value),
            None => self.values.remove(key),
        };
        Ok(StateChanged { applied: true, value: then })
    }

    fn keys(&self, from: u64, max: usize) -> StateKeys {
        let max = max.clamp(1, STATE_PAGE_MAX);
        let from_index = usize::try_from(from).unwrap_or(usize::MAX);
        let keys = self.values.keys().skip(from_index).take(max + 1).cloned().collect();
        StateKeys::page(keys, from, max)
    }
}

#[async_trait]
impl HotState for MemoryBus {
    async fn state_get(
        &self,
        domain: &DomainName,
        skill: &SkillName,
        key: &str,
    ) -> Result<Option<Bytes>, BusError> {
        self.check_domain(domain)?;
        let buckets = self.hot.lock();
        let bucket = buckets.get(&(domain.clone(), skill.clone()));
        Ok(bucket.and_then(|bucket| bucket.values.get(key)).cloned())
    }

    async fn state_change(
        &self,
        domain: &DomainName,
        skill: &SkillName,
        key: &str,
        change: &StateChange,
        limits: StateLimits,
    ) -> Result<StateChanged, BusError> {
        self.check_domain(domain)?;
        let mut buckets = self.hot.lock();
        let bucket = buckets.entry((domain.clone(), skill.clone())).or_default();
        Ok(bucket.change(key, change, limits)?)
    }

    async fn state_keys(
        &self,
        domain: &DomainName,
        skill: &SkillName,
        from: u64,
        max: usize,
    ) -> Result<StateKeys, BusError> {
        self.check_domain(domain)?;
        let buckets = self.hot.lock();
        let bucket = buckets.get(&(domain.clone(), skill.clone()));
        Ok(bucket.map(|bucket| bucket.keys(from, max)).unwrap_or_default())
    }

    async fn state_clear(&self, domain: &DomainName, skill: &SkillName) -> Result<(), BusError> {
        self.check_domain(domain)?;
        self.hot.lock().remove(&(domain.clone(), skill.clone()));
        Ok(())
    }
}
