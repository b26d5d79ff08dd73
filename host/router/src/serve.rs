//! The loops of a host: receive work, take events, keep the revision fresh, bring the audit home; and the end.

use crate::flow::Served;
use crate::{Inner, Router, refusals, services};
use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use skep_bus::{BusError, Event};
use skep_core::{DomainName, Fault, SkillName};
use skep_registry::Standing;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};

/// How often the database is asked for its revision.
const REVISION_EVERY: Duration = Duration::from_millis(300);
/// Pause after the bus refused.
const PAUSE: Duration = Duration::from_millis(100);
/// How long a stopping host tries to bring its audit to the database.
const FLUSH_MAX: Duration = Duration::from_secs(5);
/// How long stopped calls may take to be settled.
const STOP_MAX: Duration = Duration::from_secs(5);
/// Deliveries taken at once.
const BATCH_MAX: usize = 64;

impl Router {
    pub(crate) fn spawn_loops(&self, reports: mpsc::Receiver<services::Report>) {
        let inner = &self.0;
        let loops = &inner.loops;
        let receiving = inner.receiving.clone();
        let receive = inner.clone();
        loops.spawn(async move { receiving.run_until_cancelled(receive.receive_all()).await });
        self.until_stopped(|inner| async move { inner.take_events().await });
        self.until_stopped(|inner| async move { inner.follow_revision().await });
        self.until_stopped(|inner| async move { inner.hold_to_grants().await });
        self.until_stopped(|inner| async move { inner.follow_domains().await });
        self.until_stopped(|inner| async move { inner.end_idle_sessions().await });
        self.until_stopped(|inner| async move { inner.sum_up_refusals().await });
        self.until_stopped(|inner| async move { inner.follow_breakers().await });
        let (stopped, drain) = (inner.stopped.clone(), inner.clone());
        loops.spawn(async move { drain.auditor.drain(stopped).await });
        self.until_stopped(|inner| async move { inner.pass_progress(reports).await });
        self.until_stopped(|inner| async move { inner.hear().await });
        self.until_stopped(|inner| async move { inner.find_lost().await });
        let health = self.clone();
        self.until_stopped(|_| health.follow_health());
    }

    pub(crate) fn until_stopped<F: Future<Output = ()> + Send + 'static>(
        &self,
        work: impl FnOnce(Arc<Inner>) -> F,
    ) {
        let (stopped, work) = (self.0.stopped.clone(), work(self.0.clone()));
        self.0.loops.spawn(async move { stopped.run_until_cancelled(work).await });
    }

    /// Waits until the other hosts have taken this one for dead: then drain it and start anew.
    pub async fn lost(&self) {
        self.0.lost.cancelled().await;
    }

    /// Ends this host: accepts no more, finishes what it has within the time its settings give,
    /// stops what is left, and brings the audit to the database.
    pub async fn drain(&self) {
        let inner = &self.0;
        let until = Instant::now() + inner.settings.drain;
        inner.draining.store(true, Ordering::Release);
        inner.tell_stopping();
        // As long as its own callers wait it goes on to serve: it may be the only host there is.
        let _ = timeout_at(until, inner.waiting.empty()).await;
        inner.receiving.cancel();
        inner.calls.close();
        if timeout_at(until, inner.calls.wait()).await.is_err() {
            inner.running.cancel_all(&Fault::cancelled("the host stopped before the call was done"));
            if timeout(STOP_MAX, inner.calls.wait()).await.is_err() {
                tracing::error!("some calls could not be settled: their callers learn by their deadlines");
            }
        }
        inner.sessions.end_all();
        inner.stopped.cancel();
        inner.loops.close();
        inner.loops.wait().await;
        inner.record_refusals().await;
        inner.auditor.flush(FLUSH_MAX).await;
        inner.bus.close().await;
    }
}

impl Inner {
    async fn receive_all(self: Arc<Self>) {
        loop {
            let room = self.slots.room(BATCH_MAX).await;
            let received = tokio::select! {
                received = self.bus.receive(room) => received,
                // Of a depth that had no room, something may wait.
                () = self.slots.opened(room) => continue,
            };
            match received {
                Ok(deliveries) => {
                    let announced = self.announced();
                    for delivery in deliveries {
                        let place = self.slots.place(delivery.depth()).await;
                        let (inner, announced) = (self.clone(), announced.clone());
                        self.calls.spawn(async move { inner.serve(delivery, place, announced.await).await });
                    }
                }
                Err(error) if self.is_final(&error) => return,
                Err(error) => {
                    tracing::warn!(%error, "no work can be received");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// Asks the bus once for a batch. Asked after the batch was received, it knows of every change that was
    /// made known before any of these calls was sent. Where the bus can't say, the database does each second.
    fn announced(&self) -> Shared<BoxFuture<'static, u64>> {
        let bus = self.bus.clone();
        async move { bus.announced().await.unwrap_or_default() }.boxed().shared()
    }

    async fn take_events(self: Arc<Self>) {
        loop {
            match self.bus.event().await {
                Ok(Event::Reply(reply)) => self.waiting.answer(reply),
                Ok(Event::Progress(progress)) => self.waiting.progress(progress),
                Ok(Event::Cancel(id)) => {
                    self.running.cancel(id, Fault::cancelled("the caller has gone or took the call back"));
                }
                Ok(Event::Revision(revision)) => self.hear_revision(revision),
                Ok(Event::Interrupted(delivery)) => {
                    let fault = Fault::interrupted(
                        "the host that had the call died: whether it had an effect is unknown",
                    );
                    self.settle(delivery, Served::nothing(fault)).await;
                }
                Err(error) if self.is_final(&error) => return,
                Err(error) => {
                    tracing::warn!(%error, "no events can be received");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// Whether the bus is over for this host. Taken for dead, it must not go on as if it lived: its
    /// calls were given up by the others.
    fn is_final(&self, error: &BusError) -> bool {
        match error {
            BusError::LeaseLost => {
                tracing::error!(%error, "this host stops");
                self.draining.store(true, Ordering::Release);
                self.running.cancel_all(&(*error).clone().into());
                // Replies go to a stream that nobody reads any more.
                self.waiting.answer_all(&Fault::interrupted(
                    "the host that waited for the answer was taken for dead: the call's outcome is unknown",
                ));
                self.lost.cancel();
                true
            }
            BusError::Closed => true,
            _ => false,
        }
    }

    /// A notice is only a hint: the database says what the revision is, and what was cancelled.
    fn hear_revision(self: &Arc<Self>, revision: u64) {
        self.jobs.look();
        let inner = self.clone();
        self.loops.spawn(async move {
            if inner.registry.revisions().seen() < revision {
                // A failure shows in the next dispatch, which confirms the revision itself.
                let _ = inner.registry.revisions().refresh().await;
            }
        });
    }

    async fn follow_revision(self: Arc<Self>) {
        loop {
            *self.turned.lock() = std::time::Instant::now();
            if let Err(fault) = self.registry.revisions().refresh().await {
                tracing::warn!(%fault, "the revision can't be confirmed; nothing is dispatched until it is");
            }
            tokio::time::sleep(REVISION_EVERY).await;
        }
    }

    /// Stops running calls and ends sessions whose skill, grants or key were taken away, at each new revision.
    async fn hold_to_grants(self: Arc<Self>) {
        let mut revision = self.registry.revisions().subscribe();
        while revision.changed().await.is_ok() {
            // A revoke that is missed here would be missed until the next change.
            while let Err(fault) = self.hold_all_to_grants().await {
                tracing::warn!(%fault, "the grants of running calls can't be confirmed yet");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    async fn hold_all_to_grants(&self) -> Result<(), Fault> {
        for (domain, skill) in self.running.skills().union(&self.sessions.skills()) {
            let seen = self.registry.revisions().seen();
            let standing = self.registry.standing(domain, skill).await?;
            self.hold_to(domain, skill, &standing, seen);
        }
        self.hold_to_keys().await
    }

    /// Lets go on what may, of all that this host does for a skill that stood so at a revision.
    pub(crate) fn hold_to(&self, domain: &DomainName, skill: &SkillName, standing: &Standing, at: u64) {
        self.running.hold_to(domain, skill, standing);
        self.sessions.hold_to(domain, skill, standing, at);
    }

    async fn sum_up_refusals(self: Arc<Self>) {
        loop {
            tokio::time::sleep(refusals::SUMMED_EVERY).await;
            self.record_refusals().await;
        }
    }

    async fn record_refusals(&self) {
        for event in self.refusals.sum_up() {
            self.auditor.push_counted(&event).await;
        }
    }

    async fn pass_progress(self: Arc<Self>, mut reports: mpsc::Receiver<services::Report>) {
        while let Some((to, progress)) = reports.recv().await {
            if let Err(error) = self.bus.progress(to, progress).await {
                tracing::debug!(%error, "a progress report was dropped");
            }
        }
    }
}
