//! The engine: wasmtime, configured once for the whole host.

mod clock;

pub(crate) use clock::{Clock, TICK};

use crate::SandboxError;
use skep_core::Limits;
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, WasmBacktraceDetails,
};

/// Stack of guest code in one call.
const WASM_STACK_BYTES: usize = 512 << 10;
/// Stack of guest code and the host functions that it calls.
const ASYNC_STACK_BYTES: usize = 2 << 20;
/// Frames that are looked at after a trap.
const BACKTRACE_FRAMES_MAX: std::num::NonZeroUsize = std::num::NonZeroUsize::new(32).unwrap();

// What one component may be made of. Composed components and interpreters have dozens of core
// instances and tables, so these are far above what toolchains make, and far below what would hurt.
const CORE_INSTANCES_PER_COMPONENT_MAX: u32 = 256;
const MEMORIES_PER_COMPONENT_MAX: u32 = 16;
const TABLES_PER_COMPONENT_MAX: u32 = 64;
/// Elements of one table; C# and Python components have some 10,000.
const TABLE_ELEMENTS_MAX: usize = 100_000;
/// Host memory of one component's instances, besides memories and tables.
const COMPONENT_INSTANCE_BYTES_MAX: usize = 16 << 20;
/// Host memory of one core instance.
const CORE_INSTANCE_BYTES_MAX: usize = 8 << 20;

// What the pool holds per slot. A component that takes more finds it while others take less; when all
// take more at once, calls are refused as `overloaded`.
const MEMORIES_PER_SLOT: u32 = 4;
const TABLES_PER_SLOT: u32 = 8;
/// Two stacks overlap while one call hands over to the next.
const STACKS_PER_SLOT: u32 = 2;

/// Bytes of a linear memory that stay mapped between two calls: the heap of a small guest.
const MEMORY_KEPT_BYTES: usize = 2 << 20;
/// Bytes of a table that stay mapped between two calls.
const TABLE_KEPT_BYTES: usize = 64 << 10;

/// What the compiling process and the serving process must have in common.
pub(crate) fn compile_config() -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .max_wasm_stack(WASM_STACK_BYTES)
        .async_stack_size(ASYNC_STACK_BYTES)
        .async_stack_zeroing(true)
        .signals_based_traps(true)
        .wasm_backtrace_max_frames(Some(BACKTRACE_FRAMES_MAX))
        .wasm_backtrace_details(WasmBacktraceDetails::Disable)
        .shared_memory(false)
        .wasm_memory64(false)
        // wasmtime's own adapter modules need it: off, some guests panic the compiler.
        .wasm_multi_memory(true);
    config
}

/// The engine of a serving process: a pool of instances, sized to `slots`.
pub(crate) fn serving_engine(slots: u32, ceiling: &Limits) -> Result<Engine, SandboxError> {
    let memory_max = usize::try_from(ceiling.memory.0).unwrap_or(usize::MAX);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(slots)
        .total_core_instances(slots.saturating_mul(CORE_INSTANCES_PER_COMPONENT_MAX))
        .total_memories(per_slot(slots, MEMORIES_PER_SLOT, MEMORIES_PER_COMPONENT_MAX))
        .total_tables(per_slot(slots, TABLES_PER_SLOT, TABLES_PER_COMPONENT_MAX))
        .total_stacks(slots.saturating_mul(STACKS_PER_SLOT))
        .max_core_instances_per_component(CORE_INSTANCES_PER_COMPONENT_MAX)
        .max_memories_per_component(MEMORIES_PER_COMPONENT_MAX)
        .max_memories_per_module(MEMORIES_PER_COMPONENT_MAX)
        .max_tables_per_component(TABLES_PER_COMPONENT_MAX)
        .max_tables_per_module(TABLES_PER_COMPONENT_MAX)
        .table_elements(TABLE_ELEMENTS_MAX)
        .max_component_instance_size(COMPONENT_INSTANCE_BYTES_MAX)
        .max_core_instance_size(CORE_INSTANCE_BYTES_MAX)
        .max_memory_size(memory_max)
        .max_unused_warm_slots(slots);
    // Without the page map, keeping memory means clearing all of it: worse than giving it back.
    if PoolingAllocationConfig::is_pagemap_scan_available() {
        pool.pagemap_scan(Enabled::Yes)
            .linear_memory_keep_resident(MEMORY_KEPT_BYTES)
            .table_keep_resident(TABLE_KEPT_BYTES);
    }
    let mut config = compile_config();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    Engine::new(&config).map_err(|e| SandboxError::Engine(format!("{e:#}")))
}

fn per_slot(slots: u32, per_slot: u32, component_max: u32) -> u32 {
    slots.saturating_mul(per_slot).max(component_max)
}
