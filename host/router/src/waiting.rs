//! The callers that wait on this host for replies, by call.

use crate::{Inner, audit::taken_back_event};
use parking_lot::Mutex;
use skep_bus::Entry;
use skep_core::{CallId, DomainName, Ending, Envelope, Fault, Progress, Reply};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Notify, mpsc, oneshot};

/// How often it is tried to take a call back that nobody waits for any more.
const TAKE_BACK_EVERY: Duration = Duration::from_millis(500);

/// Why there is no reply.
pub(crate) enum NoReply {
    /// The call's time is over.
    Late(Fault),
    /// None will come, and nobody is to blame for it: the bus lost the call, or this host lost the bus.
    Lost(Fault),
}

impl NoReply {
    pub(crate) fn fault(self) -> Fault {
        match self {
            Self::Late(fault) | Self::Lost(fault) => fault,
        }
    }
}

struct Caller {
    reply: oneshot::Sender<Result<Reply, NoReply>>,
    progress: Option<mpsc::Sender<Progress>>,
    domain: DomainName,
    since: Instant,
}

/// All callers that wait on this host.
pub(crate) struct Waiting {
    callers: Mutex<HashMap<CallId, Caller>>,
    /// Told of each caller that leaves.
    left: Notify,
    most: usize,
}

impl Waiting {
    pub(crate) fn new(most: usize) -> Self {
        Self { callers: Mutex::default(), left: Notify::new(), most }
    }

    /// Registers a caller, before its message is sent so that no reply comes too early.
    pub(crate) fn wait_for(
        &self,
        inner: &Arc<Inner>,
        entry: &Entry,
        progress: Option<mpsc::Sender<Progress>>,
    ) -> Result<Waiter, Fault> {
        let mut callers = self.callers.lock();
        // Asked again under the lock: a host that stops looks here for its last caller.
        inner.open(entry.envelope.depth())?;
        if callers.len() >= self.most {
            return Err(Fault::overloaded(format!(
                "{} callers wait on this host already: try again later",
                self.most
            )));
        }
        let (reply, receiver) = oneshot::channel();
        let (domain, since) = (entry.envelope.to.domain.clone(), Instant::now());
        callers.insert(entry.envelope.id, Caller { reply, progress, domain, since });
        let (inner, envelope) = (inner.clone(), entry.envelope.clone());
        let input_bytes = entry.payload.len();
        Ok(Waiter { inner, envelope, input_bytes, receiver, left: Some(gone()) })
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.callers.lock().len()
    }

    /// Hands a reply to its caller, if it still waits.
    pub(crate) fn answer(&self, reply: Reply) {
        let caller = self.callers.lock().remove(&reply.id);
        if let Some(caller) = caller {
            // The caller may have gone between the look-up and now; then nobody wants the reply.
            let _ = caller.reply.send(Ok(reply));
        }
    }

    /// The calls that have been waited for at least so long, by their domains.
    pub(crate) fn waiting_for(&self, long: Duration) -> HashMap<DomainName, Vec<CallId>> {
        let mut old = HashMap::<_, Vec<_>>::new();
        for (id, caller) in self.callers.lock().iter().filter(|(_, caller)| caller.since.elapsed() >= long) {
            old.entry(caller.domain.clone()).or_default().push(*id);
        }
        old
    }

    /// Tells a caller that no reply will come.
    pub(crate) fn lose(&self, id: CallId, fault: Fault) {
        let caller = self.callers.lock().remove(&id);
        if let Some(caller) = caller {
            let _ = caller.reply.send(Err(NoReply::Lost(fault)));
        }
    }

    /// Gives all callers the same answer, as no other will come.
    pub(crate) fn answer_all(&self, fault: &Fault) {
        let callers = std::mem::take(&mut *self.callers.lock());
        for caller in callers.into_values() {
            let _ = caller.reply.send(Err(NoReply::Lost(fault.clone())));
        }
    }

    /// Hands a progress report to its caller; drops it if the caller can't take it now.
    pub(crate) fn progress(&self, progress: Progress) {
        let sender = self.callers.lock().get(&progress.call).and_then(|c| c.progress.clone());
        if let Some(sender) = sender {
            let _ = sender.try_send(progress);
        }
    }

    /// Waits until no caller waits.
    pub(crate) async fn empty(&self) {
        while !self.callers.lock().is_empty() {
            self.left.notified().await;
        }
    }
}

fn gone() -> Fault {
    Fault::cancelled("the caller went away before any host started the call")
}

/// One waiting caller. Dropped before the reply came, it takes the call back from the bus.
pub(crate) struct Waiter {
    inner: Arc<Inner>,
    envelope: Envelope,
    input_bytes: usize,
    receiver: oneshot::Receiver<Result<Reply, NoReply>>,
    /// Why the call is taken back when this is dropped; nothing once it is answered.
    left: Option<Fault>,
}

impl Waiter {
    /// The reply, or why there is none once the call's deadline and `grace` are over at the latest.
    pub(crate) async fn reply(mut self, grace: Duration) -> Result<Reply, NoReply> {
        let limit = self.envelope.deadline.remaining() + grace;
        // The sender stays in `callers` until it answers, so only time can end this otherwise.
        if let Ok(Ok(answer)) = tokio::time::timeout(limit, &mut self.receiver).await {
            self.left = None;
            return answer;
        }
        let late = Fault::deadline("no host answered within the call's time");
        self.left = Some(late.clone());
        Err(NoReply::Late(late))
    }

    /// The message.
    pub(crate) fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// Stops waiting for a message that was never sent.
    pub(crate) fn forget(mut self) {
        self.left = None;
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.inner.waiting.callers.lock().remove(&self.envelope.id);
        self.inner.waiting.left.notify_one();
        let Some(left) = self.left.take() else { return };
        let (inner, envelope, bytes) = (self.inner.clone(), self.envelope.clone(), self.input_bytes);
        let tracker = inner.calls.clone();
        if tokio::runtime::Handle::try_current().is_ok() {
            tracker.spawn(async move { inner.take_back(&envelope, bytes, &left).await });
        }
    }
}

impl Inner {
    /// Takes a call back. If no host had started it, nobody else audits it, so it is done here.
    async fn take_back(&self, envelope: &Envelope, input_bytes: usize, left: &Fault) {
        // If it runs here, nobody need be asked.
        self.running.cancel(envelope.id, left.clone());
        let unstarted = loop {
            match self.bus.cancel(envelope).await {
                Ok(unstarted) => break unstarted,
                Err(error) => {
                    tracing::debug!(call = %envelope.id, %error, "a call can't be taken back yet");
                    let pause = self.receiving.run_until_cancelled(tokio::time::sleep(TAKE_BACK_EVERY));
                    if pause.await.is_none() || envelope.deadline.remaining().is_zero() {
                        return;
                    }
                }
            }
        };
        if unstarted {
            self.note_ending(envelope, Ending::Neither).await;
            self.auditor.push(&taken_back_event(envelope, input_bytes, left)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn callers_whom_nobody_will_answer_are_let_go() {
        let waiting = Waiting::new(2);
        let (reply, receiver) = oneshot::channel();
        let id = CallId::fresh();
        let domain = DomainName::default();
        let caller = Caller { reply, progress: None, domain: domain.clone(), since: Instant::now() };
        waiting.callers.lock().insert(id, caller);
        assert_eq!(waiting.waiting_for(Duration::ZERO), HashMap::from([(domain, vec![id])]));
        assert_eq!(waiting.waiting_for(Duration::from_secs(3600)), HashMap::new());
        waiting.answer_all(&Fault::interrupted("taken for dead"));
        let told = receiver.await.unwrap().map(drop).unwrap_err().fault();
        assert_eq!(told.message, "taken for dead");
        waiting.empty().await;
    }
}
