//! The sandbox as the other floors see it: prepare once, run often.

use crate::compile::Workshop;
use crate::engine::{Clock, serving_engine};
use crate::guest::{Guest, linker};
use crate::meters::{Counts, Meters};
use crate::net::Network;
use crate::prepared::Prepared;
use crate::run::{Room, Run, Turn, run};
use crate::session::Session;
use crate::tool::Work;
use crate::{Call, Inspection, Report, SandboxError, SandboxSettings, Services};
use bytes::Bytes;
use skep_core::{Digest, Fault, Limits, Permit};
use std::sync::Arc;
use std::time::Instant;
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
    pub(crate) clock: Arc<Clock>,
    pub(crate) network: Arc<Network>,
    pub(crate) meters: Arc<Meters>,
    slots: Semaphore,
    sessions: Arc<Semaphore>,
}

impl Sandbox {
    /// A sandbox. Fails where the engine can't run on this machine or the cache directory isn't safe.
    pub fn new(settings: SandboxSettings) -> Result<Self, SandboxError> {
        if settings.slots == 0 {
            return Err(SandboxError::Settings("a sandbox needs at least one slot"));
        }
        let places = settings.slots.saturating_add(settings.sessions);
        let engine = serving_engine(places, &settings.ceiling)?;
        let linker = linker(&engine).map_err(|e| SandboxError::Engine(format!("{e:#}")))?;
        let meters = Arc::<Meters>::default();
        let inner = Inner {
            clock: Clock::start(engine.clone())?,
            slots: Semaphore::new(settings.slots as usize),
            sessions: Arc::new(Semaphore::new(settings.sessions as usize)),
            ceiling: settings.ceiling.clone(),
            network: Network::new(settings.network.clone())?,
            workshop: Workshop::new(&engine, settings, &meters)?,
            meters,
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
        let turn = Turn::new(permit, call, services);
        let started = turn.started;
        let report = match self.admit(&turn).await {
            Ok(_slot) => {
                let mut room = Room::default();
                skill.serve(self, &mut room, turn).await
            }
            Err(fault) => Report::refused(fault),
        };
        report.timed(started)
    }

    /// What its guests hold now, and what it has done so far.
    pub fn counts(&self) -> Counts {
        self.inner.meters.counts()
    }

    /// Opens a session of a skill: one guest for all of its calls, all of them with this very permit. Its
    /// files are opened at the first call. It takes its place until it is dropped.
    pub fn open(&self, skill: &Arc<Prepared>, permit: &Permit) -> Result<Session, Fault> {
        if !skill.keeps_sessions() {
            return Err(Fault::invalid_component("a command ends with its call: it can't keep sessions"));
        }
        let place = Arc::clone(&self.inner.sessions).try_acquire_owned().map_err(|_| {
            Fault::overloaded("this host has as many open sessions as it may: try again later")
        })?;
        Ok(Session::new(self.clone(), Arc::clone(skill), permit.clone(), place))
    }

    /// Decides whether a call may start, and gives it a slot.
    async fn admit(&self, turn: &Turn<'_>) -> Result<SemaphorePermit<'_>, Fault> {
        turn.check()?;
        self.slot(turn.ends).await
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

    /// Runs `work` in the room. Needs a slot, or a session's place.
    pub(crate) async fn work<W: Work>(&self, room: &mut Room, turn: Turn<'_>, work: &W) -> Run<W::Given> {
        run(&self.inner, room, turn, work).await
    }
}
