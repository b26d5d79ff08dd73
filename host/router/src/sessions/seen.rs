//! Sessions as operators see them, and end them.

use super::Held;
use crate::{Operator, Router};
use skep_core::{AuditAction, DomainName, Fault, Principal, SessionId, SkillName};
use std::sync::Arc;
use std::time::Duration;

/// A session as operators see it.
#[derive(Debug, Clone)]
pub struct SessionSeen {
    /// Its id.
    pub id: SessionId,
    /// The skill.
    pub skill: SkillName,
    /// The version that it was opened with.
    pub version: semver::Version,
    /// Who opened it.
    pub origin: Option<Principal>,
    /// Whether a call uses it now.
    pub in_use: bool,
    /// How long it has rested.
    pub idle: Duration,
}

impl Held {
    fn seen(&self, id: SessionId) -> SessionSeen {
        SessionSeen {
            id,
            skill: self.skill.clone(),
            version: self.resolved.version.clone(),
            origin: self.origin.clone(),
            in_use: !self.rests(),
            idle: self.idle_for(),
        }
    }
}

impl Router {
    /// The sessions that this host holds in a domain, those that rest shortest first.
    pub fn sessions(&self, domain: &DomainName) -> Vec<SessionSeen> {
        let held = self.0.sessions.held.lock();
        let of_domain = held.iter().filter(|(_, held)| held.domain == *domain);
        let mut seen: Vec<_> = of_domain.map(|(id, held)| held.seen(*id)).collect();
        seen.sort_by_key(|session| session.idle);
        seen
    }

    /// Ends a session of a skill that is within `reach`, if this host holds it.
    pub async fn session_end(
        &self,
        by: &Operator,
        id: SessionId,
        reach: impl Fn(&SkillName) -> bool,
    ) -> Result<(), Fault> {
        let held = self.0.sessions.held.lock().get(&id).cloned();
        let meant = |held: &Arc<Held>| held.domain == by.domain && reach(&held.skill);
        let held = held.filter(meant).ok_or_else(|| {
            let own = self.incarnation();
            Fault::not_found(format!(
                "host {own} holds no session {id}: ask the one whose name stands before its dot"
            ))
        })?;
        self.0.sessions.end(id);
        self.record(by, AuditAction::Remove, Some(&held.skill), format!("session {id}"), None).await;
        Ok(())
    }
}
