//! The circuit breakers of skills, shared by all hosts. Lost with the bus's data, they are all closed again.

use crate::BusError;
use async_trait::async_trait;
use skep_core::{Admission, BreakerRules, BreakerSeen, BreakerState, CallId, DomainName, Ending, SkillName};
use std::time::Duration;

/// A breaker after a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Noted {
    /// How it stands.
    pub seen: BreakerSeen,
    /// The state that the note brought, if it brought one.
    pub became: Option<BreakerState>,
}

/// A breaker that is not as new, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakerOf {
    /// The bulkhead.
    pub domain: DomainName,
    /// The skill.
    pub skill: SkillName,
    /// How it stands.
    pub seen: BreakerSeen,
}

/// Asking and telling breakers; the rule is [`skep_core::Breaker`]'s. Each is a question to the bus, so a host that
/// knows of no failures of a skill asks and tells nothing.
#[async_trait]
pub trait Breakers: Send + Sync {
    /// Asks for a call to be let through. One that tries the skill has its place for `within`; then another may.
    async fn breaker_ask(
        &self,
        domain: &DomainName,
        skill: &SkillName,
        call: CallId,
        within: Duration,
    ) -> Result<Admission, BusError>;

    /// Notes how a call ended. Of a skill beyond [`BusLimits::breakers_max`](crate::BusLimits::breakers_max)
    /// nothing is remembered.
    async fn breaker_note(
        &self,
        domain: &DomainName,
        skill: &SkillName,
        call: CallId,
        ending: Ending,
        rules: &BreakerRules,
    ) -> Result<Noted, BusError>;

    /// Forgets a skill's failures, and closes its breaker; says whether it was not closed.
    async fn breaker_reset(&self, domain: &DomainName, skill: &SkillName) -> Result<bool, BusError>;

    /// The breakers that are not as new, of every domain of this host.
    async fn breakers(&self) -> Result<Vec<BreakerOf>, BusError>;
}
