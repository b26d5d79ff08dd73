//! The sessions that this host holds: instances that live on between their calls.
//!
//! A session belongs to its skill and to whoever opened it, and runs the version it was opened with, under
//! the permit of then: what is granted later it doesn't see, what is revoked ends it.

mod seen;
mod way;

pub use seen::SessionSeen;

use crate::Inner;
use crate::flow::Served;
use crate::services::CallServices;
use parking_lot::Mutex;
use skep_core::{DomainName, Envelope, Fault, FaultCode, Principal, SessionId, SkillName, Target};
use skep_registry::{Resolved, Standing};
use skep_sandbox::{Call, Session};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};
use way::{Seat, gives_way};

/// How often is looked for sessions that rest for too long.
const IDLE_CHECK: Duration = Duration::from_secs(1);
/// Calls that may wait for a session while another one uses it. Each takes living room of this host.
const WAITERS_MAX: usize = 4;

/// All sessions of this host. How many there may be, the sandbox knows.
#[derive(Default)]
pub(crate) struct Sessions {
    held: Mutex<HashMap<SessionId, Arc<Held>>>,
}

/// One session.
struct Held {
    domain: DomainName,
    skill: SkillName,
    origin: Option<Principal>,
    /// What it was opened with.
    resolved: Arc<Resolved>,
    /// The revision up to which it is known that it may go on.
    checked: AtomicU64,
    /// Its instance. Locked while a call uses it; there is none only while the first call opens it.
    instance: Arc<tokio::sync::Mutex<Option<Session>>>,
    /// Turns for the call that uses it and for those that wait.
    turns: Arc<Semaphore>,
    rests_since: Mutex<Instant>,
}

/// A session that a call uses. When this is dropped it rests again, or ends if its instance is gone.
struct InUse<'a> {
    sessions: &'a Sessions,
    id: SessionId,
    held: Arc<Held>,
    instance: OwnedMutexGuard<Option<Session>>,
    _turn: OwnedSemaphorePermit,
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
    /// What a session of this host was opened with, once it is known to go on as of the revision that this
    /// host has seen.
    pub(crate) async fn session_opened(
        &self,
        id: SessionId,
        to: &Target,
        origin: Option<&Principal>,
    ) -> Result<Arc<Resolved>, Fault> {
        let held = self.sessions.find(id, to, origin)?;
        let opened = &held.resolved;
        if let Some(asked) = to.version.as_ref().filter(|asked| **asked != opened.version) {
            let (skill, runs) = (&to.skill, &opened.version);
            return Err(Fault::invalid_input(format!(
                "the session runs {runs} of `{skill}`, not {asked}: leave the version or the session out"
            )));
        }
        let seen = self.registry.revisions().seen();
        if held.checked.load(Ordering::Acquire) < seen {
            let standing = self.registry.standing(&to.domain, &to.skill).await?;
            if !held.may_go_on(&standing, seen) {
                self.sessions.end(id);
                return Err(gone());
            }
        }
        Ok(held.resolved.clone())
    }

    /// Runs a call in the session that it names, or in a new one.
    pub(crate) async fn run_in_session(
        &self,
        envelope: &Envelope,
        resolved: &Arc<Resolved>,
        call: Call,
        services: Arc<CallServices>,
    ) -> Result<Served, Fault> {
        let (to, origin) = (&envelope.to, envelope.chain.first());
        let mut used = match envelope.session {
            Some(id) => services.aside(self.sessions.resume(id, to, origin)).await?,
            None => {
                let id = SessionId::fresh(self.bus.incarnation());
                self.sessions.begin(id, to, origin, resolved).await?
            }
        };
        // The instance is out of its place while it runs, so a call that is cut off ends the session.
        let mut session = match used.instance.take() {
            Some(session) => session,
            None => self.open_session(&used)?,
        };
        let call = Call { session: Some(used.id), ..call };
        let report = session.run(call, &resolved.permit, services).await;
        let session_goes_on = session.alive().then_some(used.id);
        *used.instance = Some(session).filter(Session::alive);
        Ok(Served { report, resolved: Some(resolved.clone()), session: session_goes_on })
    }

    /// Opens a session. Where the sandbox has no place for it, others give way.
    fn open_session(&self, new: &InUse<'_>) -> Result<Session, Fault> {
        let Held { resolved, origin, .. } = &*new.held;
        loop {
            match self.sandbox.open(&resolved.prepared, &resolved.permit) {
                Err(full) if full.code == FaultCode::Overloaded => {
                    let mut all = self.sessions.held.lock();
                    let ended = give_way(&mut all, origin.as_ref(), |id, _| *id != new.id);
                    drop(all);
                    drop(ended.ok_or(full)?);
                }
                opened => return opened,
            }
        }
    }

    /// Ends sessions that rest for too long.
    pub(crate) async fn end_idle_sessions(self: Arc<Self>) {
        loop {
            tokio::time::sleep(IDLE_CHECK).await;
            self.sessions.end_idle();
        }
    }
}

impl Held {
    fn new(to: &Target, origin: Option<&Principal>, resolved: &Arc<Resolved>) -> Self {
        Self {
            domain: to.domain.clone(),
            skill: to.skill.clone(),
            origin: origin.cloned(),
            resolved: resolved.clone(),
            checked: AtomicU64::new(0),
            instance: Arc::default(),
            turns: Arc::new(Semaphore::new(1 + WAITERS_MAX)),
            rests_since: Mutex::new(Instant::now()),
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

    fn seat(&self, id: SessionId) -> Seat<'_> {
        Seat { id, origin: self.origin.as_ref(), rested: self.rests().then(|| self.idle_for()) }
    }

    /// A turn for a call that uses it or waits for it.
    fn turn(&self) -> Result<OwnedSemaphorePermit, Fault> {
        self.turns.clone().try_acquire_owned().map_err(|_| {
            Fault::overloaded(format!(
                "the session is in use, and {WAITERS_MAX} calls wait for it already: try again later, or \
                 begin another"
            ))
        })
    }

    /// Whether it may go on where its skill stands so, which was read at a revision.
    fn may_go_on(&self, standing: &Standing, at: u64) -> bool {
        let may = standing.lets_begin(&self.resolved.permit);
        if may {
            self.checked.fetch_max(at, Ordering::AcqRel);
        }
        may
    }
}

impl Sessions {
    /// Makes a place for a new session of a skill; where it has none left, others of it give way.
    async fn begin(
        &self,
        id: SessionId,
        to: &Target,
        origin: Option<&Principal>,
        resolved: &Arc<Resolved>,
    ) -> Result<InUse<'_>, Fault> {
        let held = Arc::new(Held::new(to, origin, resolved));
        let (instance, turn) = (held.instance.clone().lock_owned().await, held.turn()?);
        let most = resolved.permit.limits().sessions as usize;
        let own = |_: &SessionId, held: &Held| held.is_of(&to.domain, &to.skill);
        // Dropped after the lock is.
        let mut ended = Vec::new();
        let mut all = self.held.lock();
        while all.iter().filter(|(id, held)| own(id, held)).count() >= most {
            ended.push(give_way(&mut all, origin, own).ok_or_else(|| {
                Fault::overloaded(format!(
                    "all {most} sessions of `{}` on this host are in use, or belong to others who have no \
                     more of them: try again later, or raise its limit `sessions`",
                    to.skill
                ))
            })?);
        }
        all.insert(id, held.clone());
        Ok(InUse { sessions: self, id, held, instance, _turn: turn })
    }

    /// The session of this id. Whose it isn't learns nothing but that it is gone.
    fn find(&self, id: SessionId, to: &Target, origin: Option<&Principal>) -> Result<Arc<Held>, Fault> {
        let held = self.held.lock().get(&id).cloned();
        let held = held.filter(|held| held.is_of(&to.domain, &to.skill) && held.origin.as_ref() == origin);
        held.ok_or_else(gone)
    }

    /// The same once no other call uses it.
    async fn resume(
        &self,
        id: SessionId,
        to: &Target,
        origin: Option<&Principal>,
    ) -> Result<InUse<'_>, Fault> {
        let held = self.find(id, to, origin)?;
        let turn = held.turn()?;
        let instance = held.instance.clone().lock_owned().await;
        // It may have ended while this call waited for it.
        self.find(id, to, origin)?;
        Ok(InUse { sessions: self, id, held, instance, _turn: turn })
    }

    /// Ends one.
    fn end(&self, id: SessionId) {
        self.end_those(|now, _| *now == id);
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.held.lock().len()
    }

    /// Ends all.
    pub(crate) fn end_all(&self) {
        self.end_those(|_, _| true);
    }

    /// Ends those that have rested for longer than their skill allows.
    pub(crate) fn end_idle(&self) {
        self.end_those(|_, held| held.rests() && held.idle_for() >= held.resolved.permit.limits().idle.0);
    }

    /// The skills that have sessions here.
    pub(crate) fn skills(&self) -> HashSet<(DomainName, SkillName)> {
        self.held.lock().values().map(|held| (held.domain.clone(), held.skill.clone())).collect()
    }

    /// Ends the sessions of a skill that may not go on where it stands so, which was read at a revision.
    pub(crate) fn hold_to(&self, domain: &DomainName, skill: &SkillName, standing: &Standing, at: u64) {
        self.end_those(|_, held| held.is_of(domain, skill) && !held.may_go_on(standing, at));
    }

    /// Ends some. Their instances are dropped after the lock is: that takes its time.
    fn end_those(&self, these: impl Fn(&SessionId, &Held) -> bool) {
        let ended: Vec<_> = self.held.lock().extract_if(|id, held| these(id, held)).collect();
        drop(ended);
    }
}

/// Ends one that rests, of those that count, in favour of a new one of `origin`. Gives its instance, which
/// takes its place until it is dropped.
fn give_way(
    all: &mut HashMap<SessionId, Arc<Held>>,
    origin: Option<&Principal>,
    counts: impl Fn(&SessionId, &Held) -> bool,
) -> Option<Option<Session>> {
    let counted = all.iter().filter(|(id, held)| counts(id, held));
    let seats: Vec<_> = counted.map(|(id, held)| held.seat(*id)).collect();
    let id = gives_way(&seats, origin)?;
    let held = all.remove(&id)?;
    // A call may wait for it, and would keep it.
    Some(held.instance.try_lock().ok().and_then(|mut instance| instance.take()))
}

pub(crate) fn gone() -> Fault {
    Fault::session_gone(
        "there is no such session (any more): it ended, rested for too long, gave way to others, or its host is \
         gone; a call without a session begins a new one",
    )
}
