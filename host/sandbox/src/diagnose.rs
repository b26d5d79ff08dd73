//! Whether a machine can carry a sandbox, for those who ask what is wrong with it. Nothing of it stays.

use crate::SandboxError;
use crate::engine::serving_engine;
use skep_core::Limits;
use wasmtime::PoolingAllocationConfig;

/// What the machine has for a sandbox besides what it must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Diagnosis {
    /// Whether the kernel tells which pages of memory a guest has written to (PAGEMAP_SCAN, from Linux 6.7 on).
    /// Without it, memory is given back after each call rather than cleared.
    pub tells_written_pages: bool,
}

/// Sets aside the address space of a sandbox with so many places, as a host does when it starts.
pub fn diagnose(places: u32) -> Result<Diagnosis, SandboxError> {
    serving_engine(places, &Limits::ceiling())?;
    Ok(Diagnosis { tells_written_pages: PoolingAllocationConfig::is_pagemap_scan_available() })
}
