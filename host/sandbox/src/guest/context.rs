//! `skep:skill/context`: what a guest may know of the call that it serves.

use crate::services::Nobody;
use crate::{Call, Services, bindings::skep::skill::context};
use bytes::Bytes;
use skep_core::Progress;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wasmtime::component::{HasData, Linker};

/// Least time between two reports of progress; of what comes faster, only the newest is kept.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);
/// Longest word that a report may show.
const PROGRESS_MESSAGE_CHARS_MAX: usize = 256;

/// The call, and the way to its caller.
pub(crate) struct Context {
    call: Call,
    services: Arc<dyn Services>,
    sent: Option<Instant>,
    kept: Option<Progress>,
}

impl Context {
    pub(crate) fn new(call: Call, services: Arc<dyn Services>) -> Self {
        Self { call, services, sent: None, kept: None }
    }

    /// What the guest may ask of its host.
    pub(super) fn services(&self) -> &dyn Services {
        &*self.services
    }

    /// Lets go of the caller, whose call is over.
    pub(crate) fn leave(&mut self) {
        self.call.input = Bytes::new();
        self.services = Arc::new(Nobody);
        self.kept = None;
    }

    /// Sends the report that was kept, once its time has come.
    pub(crate) fn progress_due(&mut self) {
        if self.kept.is_some() && self.sent.is_none_or(|sent| sent.elapsed() >= PROGRESS_INTERVAL) {
            self.progress_last();
        }
    }

    /// Sends the report that was kept, at once.
    pub(crate) fn progress_last(&mut self) {
        if let Some(progress) = self.kept.take() {
            self.sent = Some(Instant::now());
            self.services.progress(progress);
        }
    }
}

impl context::Host for Context {
    fn call_id(&mut self) -> String {
        self.call.id.to_string()
    }

    fn attempt(&mut self) -> u32 {
        self.call.attempt
    }

    fn deadline(&mut self) -> u64 {
        self.call.deadline.0
    }

    fn caller(&mut self) -> Vec<String> {
        self.call.chain.iter().map(ToString::to_string).collect()
    }

    fn idempotency_key(&mut self) -> Option<String> {
        self.call.idempotency_key.clone()
    }

    fn session(&mut self) -> Option<String> {
        self.call.session.map(|session| session.to_string())
    }

    fn progress(&mut self, done: u64, total: Option<u64>, message: Option<String>) {
        let message = message.map(|m| m.chars().take(PROGRESS_MESSAGE_CHARS_MAX).collect());
        self.kept = Some(Progress { call: self.call.id, done, total, message });
        self.progress_due();
    }

    fn cancelled(&mut self) -> bool {
        self.services.cancelled()
    }
}

struct HasContext;

impl HasData for HasContext {
    type Data<'a> = &'a mut Context;
}

/// Serves the interface from the context in `T`.
pub(super) fn add_to_linker<T: 'static>(
    linker: &mut Linker<T>,
    context: fn(&mut T) -> &mut Context,
) -> wasmtime::Result<()> {
    context::add_to_linker::<T, HasContext>(linker, context)
}
