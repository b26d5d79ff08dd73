//! The hot bucket: what a skill keeps with the messages, and loses with them.

use crate::BusError;
use async_trait::async_trait;
use bytes::Bytes;
use skep_core::{DomainName, SkillName, StateChange, StateChanged, StateKeys, StateLimits};

/// Hot state of skills. A change is one step that nothing comes between, on any host. Values aren't sealed:
/// on Redis they are as trustworthy as Redis, and what must be more than that belongs into the durable bucket.
#[async_trait]
pub trait HotState: Send + Sync {
    /// The value of a key.
    async fn state_get(
        &self,
        domain: &DomainName,
        skill: &SkillName,
        key: &str,
    ) -> Result<Option<Bytes>, BusError>;

    /// Changes a key. After [`BusError::OutcomeUnknown`] it may have been changed or not.
    async fn state_change(
        &self,
        domain: &DomainName,
        skill: &SkillName,
        key: &str,
        change: &StateChange,
        limits: StateLimits,
    ) -> Result<StateChanged, BusError>;

    /// A page of keys, ordered by their bytes; `from` counts the keys before it.
    async fn state_keys(
        &self,
        domain: &DomainName,
        skill: &SkillName,
        from: u64,
        max: usize,
    ) -> Result<StateKeys, BusError>;

    /// Forgets all of a skill's hot state.
    async fn state_clear(&self, domain: &DomainName, skill: &SkillName) -> Result<(), BusError>;
}
