//! State of skills: the hot bucket is the bus's, the durable one the database's, behind a cache on the bus.

use crate::{Inner, Operator, Router};
use bytes::Bytes;
use skep_bus::{BusError, CACHE_HOLD_MAX, Cached};
use skep_core::{
    AuditAction, Bucket, DomainName, Fault, STATE_PAGE_MAX, SkillName, StateChange, StateChanged, StateError,
    StateKeys, StateLimits,
};
use skep_store::{STATE_CHANGE_TIME_MAX, StoreError};

// Readers stay off the cache for longer than a change can take.
const _: () = assert!(STATE_CHANGE_TIME_MAX.as_secs() < CACHE_HOLD_MAX.as_secs());

/// Whose state.
#[derive(Clone, Copy)]
pub(crate) struct Owner<'a> {
    pub(crate) domain: &'a DomainName,
    pub(crate) skill: &'a SkillName,
}

/// For operators: what a skill keeps, and changes of it.
impl Router {
    /// A page of a bucket's keys.
    pub async fn state_keys(
        &self,
        domain: &DomainName,
        skill: &SkillName,
        bucket: Bucket,
        from: u64,
    ) -> Result<StateKeys, Fault> {
        self.0.state_keys(Owner { domain, skill }, bucket, from).await.map_err(fault)
    }

    /// The value of a key.
    pub async fn state_value(
        &self,
        domain: &DomainName,
        skill: &SkillName,
        bucket: Bucket,
        key: &str,
    ) -> Result<Option<Bytes>, Fault> {
        self.0.state_get(Owner { domain, skill }, bucket, key).await.map_err(fault)
    }

    /// Changes a key, within the limits of its skill.
    pub async fn state_change(
        &self,
        by: &Operator,
        (skill, bucket, key): (&SkillName, Bucket, &str),
        change: StateChange,
        limits: StateLimits,
    ) -> Result<(), Fault> {
        let detail = format!("{bucket} {key:?}");
        let of = Owner { domain: &by.domain, skill };
        let done = self.0.state_change(of, bucket, key, change, limits).await.map_err(fault);
        self.record(by, AuditAction::State, Some(skill), detail, done.as_ref().err()).await;
        done.map(drop)
    }
}

/// Trouble with state in the words of an operator.
fn fault(error: StateError) -> Fault {
    match error {
        StateError::Unavailable(_) => Fault::unavailable(error.to_string()),
        other => Fault::invalid_input(other.to_string()),
    }
}

impl Inner {
    pub(crate) async fn state_get(
        &self,
        of: Owner<'_>,
        bucket: Bucket,
        key: &str,
    ) -> Result<Option<Bytes>, StateError> {
        match bucket {
            Bucket::Hot => self.bus.state_get(of.domain, of.skill, key).await.map_err(bus),
            Bucket::Durable => self.durable_get(of, key).await,
        }
    }

    pub(crate) async fn state_change(
        &self,
        of: Owner<'_>,
        bucket: Bucket,
        key: &str,
        change: StateChange,
        limits: StateLimits,
    ) -> Result<StateChanged, StateError> {
        match bucket {
            Bucket::Hot => {
                self.bus.state_change(of.domain, of.skill, key, &change, limits).await.map_err(bus)
            }
            Bucket::Durable => self.durable_change(of, key, change, limits).await,
        }
    }

    pub(crate) async fn state_keys(
        &self,
        of: Owner<'_>,
        bucket: Bucket,
        from: u64,
    ) -> Result<StateKeys, StateError> {
        let Owner { domain, skill } = of;
        match bucket {
            Bucket::Hot => self.bus.state_keys(domain, skill, from, STATE_PAGE_MAX).await.map_err(bus),
            Bucket::Durable => {
                self.store.state_keys(domain, skill, from, STATE_PAGE_MAX).await.map_err(store)
            }
        }
    }

    async fn durable_get(&self, of: Owner<'_>, key: &str) -> Result<Option<Bytes>, StateError> {
        let Owner { domain, skill } = of;
        let cached = self.bus.cache_get(domain, skill, key).await;
        if let Ok(Cached::Hit(value)) = cached {
            return Ok(value);
        }
        let value = self.store.state_get(domain, skill, key).await.map_err(store)?;
        if let Ok(Cached::Miss(ticket)) = cached
            && let Err(error) = self.bus.cache_fill(ticket, value.clone()).await
        {
            tracing::debug!(%skill, %error, "a value was not cached");
        }
        Ok(value)
    }

    async fn durable_change(
        &self,
        of: Owner<'_>,
        key: &str,
        change: StateChange,
        limits: StateLimits,
    ) -> Result<StateChanged, StateError> {
        let Owner { domain, skill } = of;
        let hold = self.bus.cache_hold(domain, skill, key).await.map_err(bus)?;
        let changed = self.store.state_change(domain, skill, key, &change, limits).await;
        let done = match &changed {
            Ok(changed) => self.bus.cache_fill(hold, changed.value.clone()).await,
            // Nothing was changed.
            Err(StoreError::State(_) | StoreError::NotFound(_)) => self.bus.cache_release(hold).await,
            // It may have been: readers stay off the cache for as long as the hold stands.
            Err(_) => Ok(()),
        };
        if let Err(error) = done {
            tracing::debug!(%skill, %error, "a key stays uncached for a while");
        }
        changed.map_err(store)
    }

    /// Makes sure that a skill that is about to be installed finds nothing of another that had its name: what
    /// couldn't be forgotten then, or was written by calls in their last moments.
    pub(crate) async fn state_begin(&self, domain: &DomainName, skill: &SkillName) {
        if self.registry.standing(domain, skill).await.is_ok_and(|standing| standing.is_gone()) {
            self.state_forget(domain, skill).await;
        }
    }

    /// Forgets what the bus keeps of a skill that was removed. What can't be reached is told: a skill that is
    /// installed under the same name would find it.
    pub(crate) async fn state_forget(&self, domain: &DomainName, skill: &SkillName) {
        let hot = self.bus.state_clear(domain, skill).await;
        let cached = self.bus.cache_clear(domain, skill).await;
        if let Err(error) = hot.and(cached) {
            tracing::error!(%skill, %error, "the hot state of a removed skill may still be there");
        }
    }
}

fn bus(error: BusError) -> StateError {
    match error {
        BusError::State(error) => error,
        other => StateError::Unavailable(other.to_string()),
    }
}

fn store(error: StoreError) -> StateError {
    match error {
        StoreError::State(error) => error,
        other => StateError::Unavailable(other.to_string()),
    }
}
