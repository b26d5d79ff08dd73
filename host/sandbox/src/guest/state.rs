//! What a store holds: one guest's view of the world, dropped with it.

use super::buckets::Buckets;
use super::secrets::Placeholders;
use super::skills::{Callable, Skills};
use super::{Budget, Context, Log, MemoryLimit, Program, RESOURCES_MAX, Stop};
use crate::engine::Clock;
use crate::files::{FilesCtx, FilesCtxView, FilesView, Roots};
use crate::net::{Egress, FIELDS_BYTES_MAX, Secrets};
use crate::{Call, Services};
use skep_core::Limits;
use std::{collections::BTreeMap, sync::Arc, time::Instant};
use wasmtime::UpdateDeadline;
use wasmtime::component::{Instance, ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_config::{WasiConfig, WasiConfigVariables};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

/// Most random bytes in one request.
const RANDOM_BYTES_MAX: u64 = 64 << 10;

/// One guest.
pub(crate) struct Guest {
    pub(crate) context: Context,
    pub(crate) memory: MemoryLimit,
    pub(crate) budget: Arc<Budget>,
    /// The component's instance, from its first call on.
    pub(crate) instance: Option<Instance>,
    log: Arc<Log>,
    callable: Callable,
    secrets: Arc<Secrets>,
    table: ResourceTable,
    wasi: WasiCtx,
    files: FilesCtx,
    http: WasiHttpCtx,
    pub(crate) egress: Egress,
    settings: Arc<BTreeMap<String, String>>,
    /// `settings` in the shape that the import serves, made when it is first asked.
    settings_served: Option<WasiConfigVariables>,
    clock: Arc<Clock>,
}

/// What a guest is made from.
pub(crate) struct GuestParts<'a> {
    pub(crate) context: Context,
    pub(crate) memory: MemoryLimit,
    pub(crate) budget: Arc<Budget>,
    pub(crate) log: Arc<Log>,
    pub(crate) callable: Callable,
    pub(crate) roots: Arc<Roots>,
    pub(crate) env: &'a BTreeMap<String, String>,
    pub(crate) settings: Arc<BTreeMap<String, String>>,
    pub(crate) clock: Arc<Clock>,
    pub(crate) egress: Egress,
    pub(crate) secrets: Arc<Secrets>,
}

impl Guest {
    pub(crate) fn new(parts: GuestParts<'_>) -> Self {
        let mut wasi = WasiCtx::builder();
        wasi.stdout(parts.log.stdout())
            .stderr(parts.log.stderr())
            .max_random_size(RANDOM_BYTES_MAX)
            .allow_blocking_current_thread(false)
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false);
        for (name, value) in parts.env {
            wasi.env(name, value);
        }
        let mut table = ResourceTable::new();
        table.set_max_capacity(RESOURCES_MAX);
        let mut http = WasiHttpCtx::new();
        http.set_field_size_limit(FIELDS_BYTES_MAX);
        Self {
            context: parts.context,
            memory: parts.memory,
            budget: parts.budget,
            instance: None,
            log: parts.log,
            callable: parts.callable,
            secrets: parts.secrets,
            table,
            wasi: wasi.build(),
            files: FilesCtx::new(parts.roots),
            http,
            egress: parts.egress,
            settings: parts.settings,
            settings_served: None,
            clock: parts.clock,
        }
    }

    /// Makes it ready for its session's next call.
    pub(crate) fn turn_over(
        &mut self,
        call: Call,
        services: Arc<dyn Services>,
        limits: &Limits,
        ends: Instant,
    ) {
        self.log.turn_over(call.id, limits.log, Arc::clone(&services));
        self.memory.turn_over();
        self.budget = Arc::new(Budget::new(limits.cpu.0));
        self.settings = Arc::clone(&call.config);
        self.settings_served = None;
        self.secrets = Arc::new(self.secrets.anew(Arc::clone(&services)));
        self.egress.turn_over(Arc::clone(&self.secrets), limits.traffic, ends);
        self.context = Context::new(call, services);
    }

    /// Lets go of the caller, whose call is over.
    pub(crate) fn leave(&mut self) {
        self.log.leave();
        self.secrets.leave();
        self.context.leave();
    }

    /// Called when guest code meets a new tick: charges it, and lets others run.
    pub(crate) fn tick(&mut self) -> Result<UpdateDeadline, Stop> {
        self.budget.charge(self.clock.now());
        self.budget.check()?;
        self.context.progress_due();
        Ok(UpdateDeadline::Yield(1))
    }

    /// The view of `wasi:logging`.
    pub(super) fn log(&mut self) -> &mut Arc<Log> {
        &mut self.log
    }

    /// The view of `wasi:keyvalue` and `skep:skill/state`.
    pub(super) fn buckets(&mut self) -> Buckets<'_> {
        Buckets { services: self.context.services(), table: &mut self.table }
    }

    /// The view of `skep:skill/skills`.
    pub(super) fn skills(&mut self) -> Skills<'_> {
        Skills { services: self.context.services(), callable: &self.callable }
    }

    /// The view of `skep:skill/secrets`.
    pub(super) fn placeholders(&mut self) -> Placeholders<'_> {
        Placeholders(&self.secrets)
    }

    /// Makes it a program: with arguments, variables, a standard input, and an output that is its answer.
    pub(crate) fn start(&mut self, program: &Program) {
        std::mem::swap(self.wasi.cli(), program.wasi(&self.secrets.granted()).cli());
    }

    /// The view of `wasi:config/store`.
    pub(super) fn config(&mut self) -> WasiConfig<'_> {
        let served = self.settings_served.get_or_insert_with(|| {
            self.settings.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
        });
        WasiConfig::from(&*served)
    }
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl FilesView for Guest {
    fn files(&mut self) -> FilesCtxView<'_> {
        FilesCtxView { ctx: &mut self.files, table: &mut self.table }
    }
}

impl wasmtime_wasi_io::IoView for Guest {
    fn table(&mut self) -> &mut ResourceTable {
        &mut self.table
    }
}

impl WasiHttpView for Guest {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.egress, table: &mut self.table, ctx: &mut self.http }
    }
}
