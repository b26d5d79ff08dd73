//! What a running guest may ask of its host, answered by the router.

use crate::slots::Place;
use crate::state::Owner;
use crate::steps::{below, step};
use crate::{CallRequest, Router};
use async_trait::async_trait;
use bytes::Bytes;
use skep_core::{
    Allowance, Bucket, Envelope, Fault, Incarnation, LogRecord, Outcome, Principal, Progress, SecretName,
    SecretValue, SkillName, StateChange, StateChanged, StateError, StateKeys, StateLimits, Target, ToolName,
    Trace,
};
use skep_sandbox::{Services, SkillInfo};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

/// Progress reports that wait to be passed on to other hosts; what is more is dropped, the guest never waits.
pub(crate) const REPORTS_MAX: usize = 1024;

/// A progress report and the host whose caller waits for it.
pub(crate) type Report = (Incarnation, Progress);

/// The services of one call.
pub(crate) struct CallServices {
    router: Router,
    envelope: Envelope,
    /// Where the call is in its trace.
    trace: Option<Trace>,
    place: Place,
    state_limits: StateLimits,
    cancelled: CancellationToken,
}

impl CallServices {
    pub(crate) fn new(
        router: Router,
        envelope: Envelope,
        trace: Option<Trace>,
        place: Place,
        state_limits: StateLimits,
        cancelled: CancellationToken,
    ) -> Self {
        Self { router, envelope, trace, place, state_limits, cancelled }
    }

    /// Waits for `work` without holding a slot.
    pub(crate) async fn aside<T>(&self, work: impl Future<Output = T>) -> T {
        self.place.aside(work).await
    }

    fn owner(&self) -> Owner<'_> {
        Owner { domain: &self.envelope.to.domain, skill: &self.envelope.to.skill }
    }

    /// The skill asks on behalf of all who asked for this call; it can't outlive it.
    fn request(&self, skill: &SkillName, tool: Option<&ToolName>, input: Bytes) -> CallRequest {
        let caller = &self.envelope;
        let mut chain = caller.chain.clone();
        chain.push(Principal::Skill(caller.to.skill.clone()));
        CallRequest {
            to: Target {
                domain: caller.to.domain.clone(),
                skill: skill.clone(),
                version: None,
                tool: tool.cloned(),
            },
            input,
            chain,
            allowance: Allowance::Unmetered,
            timeout: Some(caller.deadline.remaining()),
            lane: caller.lane,
            idempotency_key: None,
            job: None,
            session: None,
            trace: self.trace.clone(),
            progress: None,
        }
    }
}

#[async_trait]
impl Services for CallServices {
    fn progress(&self, progress: Progress) {
        let inner = &self.router.0;
        inner.tell_progress(&self.envelope, &progress);
        // Told at once, so that the reply doesn't overtake it.
        if self.envelope.from == inner.bus.incarnation() {
            inner.waiting.progress(progress);
        } else {
            let _ = inner.progress.try_send((self.envelope.from, progress));
        }
    }

    fn logged(&self, record: &LogRecord) {
        self.router.0.tell_log(&self.envelope, record);
    }

    fn cancelled(&self) -> bool {
        self.cancelled.is_cancelled()
    }

    async fn state_get(&self, bucket: Bucket, key: &str) -> Result<Option<Bytes>, StateError> {
        let here = step!(below(self.trace.as_ref()), "state-get", ?bucket);
        self.router.0.state_get(self.owner(), bucket, key).instrument(here.span).await
    }

    async fn state_change(
        &self,
        bucket: Bucket,
        key: &str,
        change: StateChange,
    ) -> Result<StateChanged, StateError> {
        let here = step!(below(self.trace.as_ref()), "state-change", ?bucket);
        let changed = self.router.0.state_change(self.owner(), bucket, key, change, self.state_limits);
        changed.instrument(here.span).await
    }

    async fn state_keys(&self, bucket: Bucket, from: u64) -> Result<StateKeys, StateError> {
        self.router.0.state_keys(self.owner(), bucket, from).await
    }

    async fn call_skill(&self, skill: &SkillName, tool: Option<&ToolName>, input: Bytes) -> Outcome {
        let request = self.request(skill, tool, input);
        self.aside(self.router.call(request)).await.outcome
    }

    async fn secret(&self, name: &SecretName) -> Result<Option<SecretValue>, Fault> {
        self.router.0.secret(&self.envelope.to.domain, name).await
    }

    async fn find_skills(&self, capability: &str, callable: &[SkillName]) -> Result<Vec<SkillInfo>, Fault> {
        self.router.registry().offers(&self.envelope.to.domain, capability, callable).await
    }
}
