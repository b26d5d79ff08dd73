//! The callers that wait on this host for replies, by call.

use parking_lot::Mutex;
use skep_bus::Bus;
use skep_core::{CallId, Envelope, Fault, Progress, Reply};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

struct Caller {
    reply: oneshot::Sender<Reply>,
    progress: Option<mpsc::Sender<Progress>>,
}

type Callers = Arc<Mutex<HashMap<CallId, Caller>>>;

/// All callers that wait on this host.
pub(crate) struct Waiting {
    callers: Callers,
    most: usize,
}

impl Waiting {
    pub(crate) fn new(most: usize) -> Self {
        Self { callers: Callers::default(), most }
    }

    /// Registers a caller, before its message is sent so that no reply comes too early.
    pub(crate) fn wait_for(
        &self,
        bus: &Arc<dyn Bus>,
        envelope: &Envelope,
        progress: Option<mpsc::Sender<Progress>>,
    ) -> Result<Waiter, Fault> {
        let mut callers = self.callers.lock();
        if callers.len() >= self.most {
            return Err(Fault::overloaded(format!("{} callers wait on this host already: try again later", self.most)));
        }
        let (reply, receiver) = oneshot::channel();
        callers.insert(envelope.id, Caller { reply, progress });
        let (callers, bus, envelope) = (self.callers.clone(), bus.clone(), envelope.clone());
        Ok(Waiter { callers, bus, envelope, receiver, answered: false })
    }

    /// Hands a reply to its caller, if it still waits.
    pub(crate) fn answer(&self, reply: Reply) {
        let caller = self.callers.lock().remove(&reply.id);
        if let Some(caller) = caller {
            // The caller may have gone between the look-up and now; then nobody wants the reply.
            let _ = caller.reply.send(reply);
        }
    }

    /// Hands a progress report to its caller; drops it if the caller can't take it now.
    pub(crate) fn progress(&self, progress: Progress) {
        let sender = self.callers.lock().get(&progress.call).and_then(|c| c.progress.clone());
        if let Some(sender) = sender {
            let _ = sender.try_send(progress);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.callers.lock().is_empty()
    }
}

/// One waiting caller. Dropped before the reply came, it takes the call back from the bus.
pub(crate) struct Waiter {
    callers: Callers,
    bus: Arc<dyn Bus>,
    envelope: Envelope,
    receiver: oneshot::Receiver<Reply>,
    answered: bool,
}

impl Waiter {
    /// The reply, whenever it comes.
    pub(crate) async fn reply(mut self) -> Reply {
        loop {
            if let Ok(reply) = (&mut self.receiver).await {
                self.answered = true;
                return reply;
            }
            // The sender lives in `callers` until it answers, so this can't be reached; waiting for
            // ever here is ended by the caller's deadline.
            std::future::pending::<()>().await;
        }
    }

    /// Stops waiting for a message that was never sent.
    pub(crate) fn forget(mut self) {
        self.answered = true;
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.callers.lock().remove(&self.envelope.id);
        if self.answered {
            return;
        }
        let (bus, envelope) = (self.bus.clone(), self.envelope.clone());
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            let to = &envelope.to;
            if let Err(error) = bus.cancel(&to.domain, &to.skill, envelope.lane, envelope.id).await {
                tracing::debug!(call = %envelope.id, %error, "a call whose caller has gone could not be taken back");
            }
        });
    }
}
