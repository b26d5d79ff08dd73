//! The sandbox as the other floors see it: prepare once, run often.

use crate::compile::Workshop;
use crate::engine::{Clock, serving_engine};
use crate::guest::{Guest, linker};
use crate::prepared::Prepared;
use crate::run::{Run, Turn, run};
use crate::tool::Work;
use crate::{Call, Inspection, Report, SandboxError, SandboxSettings, Services};
use bytes::Bytes;
use skep_core::{Digest, Fault, Limits, Permit};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout_at;
use wasmtime::Engine;
use wasmtime::component::Linker;

/// A sandbox: one engine, its pool of instances, its cache of artefacts. Clones share all of it.
#[derive(Clone)]
pub struct Sandbox {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) engine: Engine,
    pub(crate) linker: Linker<Guest>,
    pub(crate) workshop: Workshop,
    pub(crate) ceiling: Limits,
    clock: Arc<Clock>,
    slots: Semaphore,
}

impl Sandbox {
    /// A sandbox. Fails where the engine can't run on this machine or the cache directory isn't safe.
    pub fn new(settings: SandboxSettings) -> Result<Self, SandboxError> {
        if settings.slots == 0 {
            return Err(SandboxError::Settings("a sandbox needs at least one slot"));
        }
        let engine = serving_engine(settings.slots, &settings.ceiling)?;
        let linker = linker(&engine).map_err(|e| SandboxError::Engine(format!("{e:#}")))?;
        let inner = Inner {
            clock: Clock::start(engine.clone())?,
            slots: Semaphore::new(settings.slots as usize),
            ceiling: settings.ceiling.clone(),
            workshop: Workshop::new(&engine, settings)?,
            linker,
            engine,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Inspects, compiles (or takes the cached artefact) and links a component. A contract skill's
    /// `list-tools` runs once, with no grants and all limits on.
    pub async fn prepare(&self, component: Bytes) -> Result<Arc<Prepared>, Fault> {
        Prepared::fresh(self, component).await.map(Arc::new)
    }

    /// Like [`prepare`](Self::prepare) for a component that was inspected at install, so that no guest
    /// code runs. `fetch` is called only where the artefact isn't cached.
    pub async fn load(
        &self,
        component_digest: Digest,
        inspection: &Inspection,
        fetch: impl AsyncFnOnce() -> Result<Bytes, Fault>,
    ) -> Result<Arc<Prepared>, Fault> {
        Prepared::known(self, component_digest, inspection, fetch).await.map(Arc::new)
    }

    /// Runs one call in a fresh instance. Dropping the future stops the guest.
    pub async fn run(
        &self,
        skill: &Prepared,
        permit: &Permit,
        call: Call,
        services: Arc<dyn Services>,
    ) -> Report {
        let started = Instant::now();
        let ends = started + permit.limits().wall.0.min(call.deadline.remaining());
        let mut report = match self.admit(permit, &call, ends).await {
            Ok(_slot) => skill.serve(self, Turn { permit, call, services, ends }).await,
            Err(fault) => Report::refused(fault),
        };
        report.usage.wall_us = micros(started.elapsed());
        report
    }

    /// Decides whether a call may start, and gives it a slot.
    async fn admit(&self, permit: &Permit, call: &Call, ends: Instant) -> Result<SemaphorePermit<'_>, Fault> {
        let limit = permit.limits().input;
        let size = call.input.len();
        if size as u64 > limit.0 {
            return Err(Fault::invalid_input(format!(
                "the input of {size} bytes is above the limit `input` of {limit}: raise the limit, or send less"
            )));
        }
        if Instant::now() >= ends {
            return Err(Fault::deadline("the call's time was over before the skill started"));
        }
        self.slot(ends).await
    }

    /// A slot of the pool, waited for until `ends`.
    pub(crate) async fn slot(&self, ends: Instant) -> Result<SemaphorePermit<'_>, Fault> {
        match timeout_at(ends.into(), self.inner.slots.acquire()).await {
            Ok(Ok(slot)) => Ok(slot),
            Ok(Err(_)) => Err(Fault::internal("the sandbox is closed")),
            Err(_) => Err(Fault::overloaded(
                "every slot stayed taken until the call's time was over: try again later",
            )),
        }
    }

    /// Runs `work` in a fresh instance. Needs a slot.
    pub(crate) async fn work<W: Work>(&self, turn: Turn<'_>, work: &W) -> Run<W::Given> {
        run(&self.inner.engine, &self.inner.clock, turn, work).await
    }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}
