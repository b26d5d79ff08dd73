//! Compiling: from a component's bytes to machine code, away from the host's own process.
//!
//! A component is compiled once per machine: the artefact is kept in an authenticated cache, and only
//! what the cache or the compiling process of this host gave is ever loaded.

mod cache;
mod child;
mod process;

pub use child::compile_child;

use crate::meters::Meters;
use crate::prepared::off_thread;
use crate::{CompileLimits, Compiler, SandboxError, SandboxSettings};
use bytes::Bytes;
use cache::Cache;
use skep_core::{ByteSize, Digest, Fault, FaultCode};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;
use tracing::Instrument;
use wasmtime::Engine;
use wasmtime::component::Component;

/// Components compiled at once. Another waits for its turn, no longer than compiling may take.
const COMPILES_MAX: usize = 2;

/// Where components become machine code.
pub(crate) struct Workshop {
    engine: Engine,
    cache: Arc<Cache>,
    compiler: Compiler,
    limits: CompileLimits,
    turns: Semaphore,
    meters: Arc<Meters>,
}

impl Workshop {
    pub(crate) fn new(
        engine: &Engine,
        settings: SandboxSettings,
        meters: &Arc<Meters>,
    ) -> Result<Self, SandboxError> {
        let cache = Cache::open(settings.cache_dir, settings.cache_key, engine)?;
        Ok(Self {
            engine: engine.clone(),
            cache: Arc::new(cache),
            compiler: settings.compiler,
            limits: settings.compile,
            turns: Semaphore::new(COMPILES_MAX),
            meters: Arc::clone(meters),
        })
    }

    /// Refuses what is too large to be compiled.
    pub(crate) fn check_size(&self, bytes: usize) -> Result<(), Fault> {
        let limit = self.limits.component_bytes_max;
        if bytes as u64 <= limit.0 {
            return Ok(());
        }
        Err(limit_compile(format!(
            "the component of {} is above this host's limit of {limit}",
            ByteSize(bytes as u64)
        )))
    }

    /// The compiled component: from the cache, else from the bytes that `fetch` gives.
    pub(crate) async fn component(
        &self,
        digest: Digest,
        fetch: impl AsyncFnOnce() -> Result<Bytes, Fault>,
    ) -> Result<Component, Fault> {
        if let Some(component) = self.cached(digest).await? {
            return Ok(component);
        }
        let bytes = fetch().await?;
        self.check_size(bytes.len())?;
        let _turn = self.turn().await?;
        // Another may have compiled the same while this one waited for its turn.
        if let Some(component) = self.cached(digest).await? {
            return Ok(component);
        }
        let (engine, cache) = (self.engine.clone(), Arc::clone(&self.cache));
        let bytes = off_thread(move || checked(digest, bytes)).await?;
        let begun = Instant::now();
        let compiling = self.compile(bytes).instrument(tracing::info_span!("compile", component = %digest));
        let artefact = compiling.await?;
        self.meters.compiled(begun.elapsed());
        off_thread(move || {
            let component = loaded(&engine, &artefact);
            let component = component.map_err(|e| Fault::invalid_component(format!("{e:#}")))?;
            cache.write(digest, &artefact);
            Ok(component)
        })
        .await
    }

    async fn turn(&self) -> Result<SemaphorePermit<'_>, Fault> {
        match timeout(self.limits.wall.0, self.turns.acquire()).await {
            Ok(turn) => turn.map_err(|e| Fault::internal(e.to_string())),
            Err(_) => Err(Fault::overloaded("other components are being compiled: try again later")),
        }
    }

    async fn cached(&self, digest: Digest) -> Result<Option<Component>, Fault> {
        let (engine, cache) = (self.engine.clone(), Arc::clone(&self.cache));
        off_thread(move || {
            let artefact = cache.read(digest);
            let component = artefact.and_then(|artefact| match loaded(&engine, &artefact) {
                Ok(component) => Some(component),
                Err(error) => {
                    tracing::warn!(%digest, "a cached artefact can't be loaded and is compiled again: {error:#}");
                    None
                }
            });
            Ok(component)
        })
        .await
    }

    async fn compile(&self, component: Bytes) -> Result<Vec<u8>, Fault> {
        match &self.compiler {
            Compiler::Process(command) => process::compile(command, component, &self.limits).await,
            #[cfg(feature = "test-util")]
            Compiler::InProcess => {
                let engine = self.engine.clone();
                off_thread(move || {
                    let compiled = engine.precompile_component(&component);
                    compiled.map_err(|e| Fault::invalid_component(format!("{e:#}")))
                })
                .await
            }
        }
    }
}

fn checked(digest: Digest, bytes: Bytes) -> Result<Bytes, Fault> {
    if Digest::of(&bytes) == digest {
        return Ok(bytes);
    }
    Err(Fault::internal(format!(
        "the bytes kept for component {digest} are others: remove the skill and add it again"
    )))
}

fn loaded(engine: &Engine, artefact: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: the engine trusts artefacts, so only two reach this line: what this host's own compiling
    // process gave over a private pipe, and what the cache authenticated with a key of this host.
    unsafe { Component::deserialize(engine, artefact) }
}

fn limit_compile(message: impl Into<String>) -> Fault {
    Fault::new(FaultCode::LimitCompile, message)
}
