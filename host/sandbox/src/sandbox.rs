//! The sandbox as the other floors see it.

use crate::{Call, Inspection, Report, SandboxError, SandboxSettings, Services};
use bytes::Bytes;
use skep_core::{Digest, Fault, Permit};
use std::sync::Arc;

/// A sandbox: one engine, its pool of instances, its cache of artefacts. Clones share all of it.
#[derive(Clone)]
pub struct Sandbox {
    settings: Arc<SandboxSettings>,
}

/// A component that is compiled, checked and linked: ready to run.
pub struct Prepared {
    inspection: Inspection,
    component_digest: Digest,
}

impl Prepared {
    /// What the component is and offers.
    pub fn inspection(&self) -> &Inspection {
        &self.inspection
    }
    /// The digest of the component's bytes.
    pub fn component_digest(&self) -> Digest {
        self.component_digest
    }
}

impl Sandbox {
    /// A sandbox. Fails where the engine can't run on this machine or the cache directory isn't safe.
    pub fn new(settings: SandboxSettings) -> Result<Self, SandboxError> {
        Ok(Self { settings: Arc::new(settings) })
    }

    /// Inspects, compiles (or takes the cached artefact) and links a component. A contract skill's
    /// `list-tools` runs once, with no grants and all limits on.
    pub async fn prepare(&self, component: Bytes) -> Result<Arc<Prepared>, Fault> {
        let _ = (&self.settings.slots, component);
        Err(Fault::internal("not built yet"))
    }

    /// Like [`prepare`](Self::prepare) for a component that was inspected at install, so that no guest
    /// code runs. `fetch` is called only where the artefact isn't cached.
    pub async fn load(
        &self,
        component_digest: Digest,
        inspection: &Inspection,
        fetch: impl AsyncFnOnce() -> Result<Bytes, Fault>,
    ) -> Result<Arc<Prepared>, Fault> {
        let _ = (inspection, component_digest);
        self.prepare(fetch().await?).await
    }

    /// Runs one call in a fresh instance. Dropping the future stops the guest.
    pub async fn run(
        &self,
        skill: &Prepared,
        permit: &Permit,
        call: Call,
        services: Arc<dyn Services>,
    ) -> Report {
        let _ = (skill, permit, call, services);
        Report { outcome: Err(Fault::internal("not built yet")), logs: Vec::new(), usage: Default::default() }
    }
}
