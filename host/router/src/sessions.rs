//! The sessions that this host holds: instances that live on between their calls.
//!
//! A session belongs to its skill and to whoever opened it, and runs the version it was opened with, under
//! the permit of then: what is granted later it doesn't see, what is revoked ends it.

use crate::flow::Served;
use crate::{Inner, Operator, Router, running::Started};
use parking_lot::Mutex;
use skep_core::{AuditAction, DomainName, Envelope, Fault, Grants, Principal, SessionId, SkillName, Target};
use skep_registry::Resolved;
use skep_sandbox::{Call, Services, Session};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::OwnedMutexGuard;

/// How often is looked for sessions that rest for too long.
const IDLE_CHECK: Duration = Duration::from_secs(1);

/// All sessions of this host.
pub(crate) struct Sessions {
    held: Mutex<HashMap<SessionId, Arc<Held>>>,
    most: usize,
}

/// One session.
struct Held {
    domain: DomainName,
    skill: SkillName,
    origin: Option<Principal>,
    /// What it was opened with.
    resolved: Arc<Resolved>,
    /// Its instance, once it is open. Locked while a call uses it.
    instance: Arc<tokio::sync::Mutex<Option<Session>>>,
    rests_since: Mutex<Instant>,
}

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

/// A session that a call uses. When this is dropped it rests again, or ends if its instance is gone.
struct InUse<'a> {
    sessions: &'a Sessions,
    id: SessionId,
    held: Arc<Held>,
    instance: OwnedMutexGuard<Option<Session>>,
}

impl Drop for InUse<'_> {
    fn drop(&mut self) {
        *self.held.rests_since.lock() = Instant::now();
        if self.instance.is_none() {
            self.sessions.held.lock().remove(&self.id);
        }
    }
}

impl Inner {
    /// Runs a call in the session that it names, or in a new one.
    pub(crate) async fn run_in_session(
        &self,
        envelope: &Envelope,
        started: &Started<'_>,
        resolved: &Arc<Resolved>,
        call: Call,
        services: Arc<dyn Services>,
    ) -> Result<Served, Fault> {
        let (to, origin) = (&envelope.to, envelope.chain.first());
        let mut used = match envelope.session {
            Some(id) => self.sessions.resume(id, to, origin).await?,
            None => {
                let id = SessionId::fresh(self.bus.incarnation());
                self.sessions.begin(id, to, origin, resolved).await?
            }
        };
        let opened = used.held.resolved.clone();
        started.runs(to, &opened);
        let may_go_on = Arc::ptr_eq(&opened, resolved) || self.still_granted(to, &opened).await?;
        // The instance is out of its place while it runs, so a call that is cut off ends the session.
        let mut session = match used.instance.take().filter(|_| may_go_on) {
            Some(session) => session,
            None if envelope.session.is_none() => self.sandbox.open(&opened.prepared, &opened.permit)?,
            None => return Err(gone()),
        };
        let call = Call { session: Some(used.id), config: opened.config.clone(), ..call };
        let report = session.run(call, &opened.permit, services).await;
        let session_goes_on = session.alive().then_some(used.id);
        *used.instance = Some(session).filter(Session::alive);
        Ok(Served { report, resolved: Some(opened), session: session_goes_on })
    }

    /// Ends sessions that rest for too long.
    pub(crate) async fn end_idle_sessions(self: Arc<Self>) {
        loop {
            tokio::time::sleep(IDLE_CHECK).await;
            self.sessions.end_idle();
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
        let ended = {
            let mut held = self.0.sessions.held.lock();
            let meant = |held: &&Arc<Held>| held.domain == by.domain && reach(&held.skill);
            let skill = held.get(&id).filter(meant).map(|held| held.skill.clone());
            skill.inspect(|_| drop(held.remove(&id)))
        };
        let skill = ended.ok_or_else(|| {
            let own = self.incarnation();
            Fault::not_found(format!(
                "host {own} holds no session {id}: ask the one whose name stands before its dot"
            ))
        })?;
        self.record(by, AuditAction::Remove, Some(&skill), format!("session {id}"), None).await;
        Ok(())
    }
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

    fn idle_for(&self) -> Duration {
        self.rests_since.lock().elapsed()
    }

    fn rests(&self) -> bool {
        self.instance.try_lock().is_ok()
    }

    fn is_of(&self, domain: &DomainName, skill: &SkillName) -> bool {
        self.domain == *domain && self.skill == *skill
    }
}

impl Sessions {
    pub(crate) fn new(most: usize) -> Self {
        Self { held: Mutex::default(), most }
    }

    /// Makes a place for a new session; those that rest longest give way.
    async fn begin(
        &self,
        id: SessionId,
        to: &Target,
        origin: Option<&Principal>,
        resolved: &Arc<Resolved>,
    ) -> Result<InUse<'_>, Fault> {
        let held = Arc::new(Held {
            domain: to.domain.clone(),
            skill: to.skill.clone(),
            origin: origin.cloned(),
            resolved: resolved.clone(),
            instance: Arc::default(),
            rests_since: Mutex::new(Instant::now()),
        });
        let instance = held.instance.clone().lock_owned().await;
        let mut all = self.held.lock();
        let own_most = resolved.permit.limits().sessions as usize;
        let own = |held: &Held| held.is_of(&to.domain, &to.skill);
        make_room(&mut all, own_most, own).map_err(|most| {
            Fault::overloaded(format!(
                "all {most} sessions of `{}` on this host are in use: try again later, or raise its limit `sessions`",
                to.skill
            ))
        })?;
        make_room(&mut all, self.most, |_| true).map_err(|most| {
            Fault::overloaded(format!("all {most} sessions of this host are in use: try again later"))
        })?;
        all.insert(id, held.clone());
        Ok(InUse { sessions: self, id, held, instance })
    }

    /// The session of this id, once no other call uses it. Whose it isn't learns nothing but that it is gone.
    async fn resume(
        &self,
        id: SessionId,
        to: &Target,
        origin: Option<&Principal>,
    ) -> Result<InUse<'_>, Fault> {
        let held = self.held.lock().get(&id).cloned();
        let held = held.filter(|held| held.is_of(&to.domain, &to.skill) && held.origin.as_ref() == origin);
        let held = held.ok_or_else(gone)?;
        let instance = held.instance.clone().lock_owned().await;
        // It may have ended while this call waited for it.
        if self.held.lock().get(&id).is_none_or(|now| !Arc::ptr_eq(now, &held)) {
            return Err(gone());
        }
        Ok(InUse { sessions: self, id, held, instance })
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.held.lock().len()
    }

    /// Ends all.
    pub(crate) fn end_all(&self) {
        self.held.lock().clear();
    }

    /// Ends those that have rested for longer than their skill allows.
    pub(crate) fn end_idle(&self) {
        let over = |held: &Held| held.rests() && held.idle_for() >= held.resolved.permit.limits().idle.0;
        self.held.lock().retain(|_, held| !over(held));
    }

    /// The skills that have sessions here.
    pub(crate) fn skills(&self) -> HashSet<(DomainName, SkillName)> {
        self.held.lock().values().map(|held| (held.domain.clone(), held.skill.clone())).collect()
    }

    /// Ends the sessions of a skill that hold what is no longer granted.
    pub(crate) fn hold_to(&self, domain: &DomainName, skill: &SkillName, grants: &Grants) {
        let lost = |held: &Held| held.is_of(domain, skill) && !held.resolved.permit.still_granted(grants);
        self.held.lock().retain(|_, held| !lost(held));
    }
}

/// Ends those that rest longest until fewer than `most` of those that count are left; else gives `most`.
fn make_room(
    all: &mut HashMap<SessionId, Arc<Held>>,
    most: usize,
    counts: impl Fn(&Held) -> bool,
) -> Result<(), usize> {
    while all.values().filter(|held| counts(held)).count() >= most {
        let resting = all.iter().filter(|(_, held)| counts(held) && held.rests());
        let oldest = resting.max_by_key(|(_, held)| held.idle_for()).map(|(id, _)| *id);
        all.remove(&oldest.ok_or(most)?);
    }
    Ok(())
}

pub(crate) fn gone() -> Fault {
    Fault::session_gone(
        "there is no such session (any more): it ended, rested for too long, gave way to others, or its host is \
         gone; a call without a session begins a new one",
    )
}
