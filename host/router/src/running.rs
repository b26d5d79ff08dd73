//! The calls that run on this host, and what stops them: their caller, a revoke, the end of the host.

use parking_lot::Mutex;
use skep_core::{CallId, DomainName, Fault, KeyId, Permit, Principal, SkillName, Target};
use skep_registry::{Resolved, Standing};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long a call that was asked to end may take to do so. The sandbox stops its guest sooner; this is for
/// what isn't a guest yet.
const CANCEL_GRACE: Duration = Duration::from_secs(1);

#[derive(Default)]
struct Call {
    /// It is to end by itself, soon.
    asked: CancellationToken,
    /// It is to end now.
    stop: CancellationToken,
    why: OnceLock<Fault>,
    /// What it runs under, once it is resolved.
    under: Mutex<Option<(DomainName, SkillName, Permit)>>,
    /// The API key by which it came in, if by one.
    key: Option<KeyId>,
}

impl Call {
    // The first reason counts.
    fn stop(&self, why: Fault) {
        let _ = self.why.set(why);
        self.asked.cancel();
        self.stop.cancel();
    }

    fn ask(&self, why: Fault) {
        let _ = self.why.set(why);
        self.asked.cancel();
    }
}

/// All running calls of this host.
#[derive(Default)]
pub(crate) struct Running(Mutex<HashMap<CallId, Arc<Call>>>);

impl Running {
    /// Registers a call on whose behalf it is. It is forgotten when the returned value is dropped.
    pub(crate) fn start(&self, id: CallId, origin: Option<&Principal>) -> Started<'_> {
        let key = origin.and_then(|origin| match origin {
            Principal::Key(id) => id.parse().ok(),
            _ => None,
        });
        let call = Arc::new(Call { key, ..Call::default() });
        self.0.lock().insert(id, call.clone());
        Started { running: self, id, call }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.lock().len()
    }

    /// Asks one call to end, if it runs here; its guest learns of it, and is stopped if it takes long.
    pub(crate) fn cancel(&self, id: CallId, why: Fault) {
        let call = self.0.lock().get(&id).cloned();
        if let Some(call) = call {
            call.ask(why);
        }
    }

    /// Stops all calls.
    pub(crate) fn cancel_all(&self, why: &Fault) {
        for call in self.0.lock().values() {
            call.stop(why.clone());
        }
    }

    /// The skills that run here.
    pub(crate) fn skills(&self) -> HashSet<(DomainName, SkillName)> {
        let calls = self.0.lock();
        let under = |call: &Arc<Call>| call.under.lock().as_ref().map(|(d, s, _)| (d.clone(), s.clone()));
        calls.values().filter_map(under).collect()
    }

    /// The API keys by which calls came that run here.
    pub(crate) fn keys(&self) -> HashSet<KeyId> {
        self.0.lock().values().filter_map(|call| call.key.clone()).collect()
    }

    /// Stops the calls that came by a key.
    pub(crate) fn stop_of_key(&self, key: &KeyId) {
        for call in self.0.lock().values().filter(|call| call.key.as_ref() == Some(key)) {
            call.stop(Fault::cancelled("the API key that the call was made with was revoked"));
        }
    }

    /// Stops the calls of a skill that is gone, and those that hold what is no longer granted.
    pub(crate) fn hold_to(&self, domain: &DomainName, skill: &SkillName, standing: &Standing) {
        let why = || match standing.is_gone() {
            true => format!("`{skill}` was removed while it ran"),
            false => format!("a grant that the call of `{skill}` used was revoked"),
        };
        for call in self.0.lock().values() {
            let under = call.under.lock();
            let Some((d, s, permit)) = under.as_ref() else { continue };
            if d == domain && s == skill && !standing.lets_run(permit) {
                call.stop(Fault::cancelled(why()));
            }
        }
    }
}

/// A call that runs.
pub(crate) struct Started<'a> {
    running: &'a Running,
    id: CallId,
    call: Arc<Call>,
}

impl Started<'_> {
    /// Notes what the call runs under, so that a revoke finds it.
    pub(crate) fn runs(&self, to: &Target, resolved: &Resolved) {
        let under = (to.domain.clone(), to.skill.clone(), resolved.permit.clone());
        *self.call.under.lock() = Some(under);
    }

    /// Set once the call is to end.
    pub(crate) fn asked(&self) -> CancellationToken {
        self.call.asked.clone()
    }

    /// Waits until the call is to stop at once, and says why.
    pub(crate) async fn stopped(&self) -> Fault {
        let asked_in_vain = async {
            self.call.asked.cancelled().await;
            tokio::time::sleep(CANCEL_GRACE).await;
        };
        tokio::select! {
            () = self.call.stop.cancelled() => {}
            () = asked_in_vain => {}
        }
        self.call.why.get().cloned().unwrap_or_else(|| Fault::cancelled("the call was stopped"))
    }
}

impl Drop for Started<'_> {
    fn drop(&mut self) {
        self.running.0.lock().remove(&self.id);
    }
}
