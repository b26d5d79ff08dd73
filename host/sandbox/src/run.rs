//! One call, from permit to report, and the room that its guest lives in.

use crate::engine::Clock;
use crate::files::Roots;
use crate::guest::{Budget, Callable, Context, Guest, GuestParts, Log, MemoryLimit, Stop};
use crate::net::{Egress, EgressParts, Gate, Secrets};
use crate::prepared::off_thread;
use crate::sandbox::Inner;
use crate::tool::Work;
use crate::{Call, Services, verdict};
use skep_core::{Fault, Limits, LogRecord, Permit, Usage};
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::timeout_at;
use wasmtime::Store;
use wasmtime::component::Val;

/// How often is asked whether a call was cancelled. A guest that computes yields at every tick, so this
/// holds for it as for one that waits.
const CANCEL_CHECK: Duration = Duration::from_millis(25);
/// How long a guest of a cancelled call has to end by itself, once that was seen.
const CANCEL_GRACE: Duration = Duration::from_millis(50);
/// Live handles of the component model in one store.
const HANDLES_MAX: usize = 10_000;
/// What a guest may hand over to the host at once, if its output limit doesn't call for more.
const COPY_BYTES_MIN: u64 = 16 << 20;
/// What a guest may hand over to the host at once, whatever its output limit.
const COPY_BYTES_MAX: u64 = 256 << 20;

/// One guest's run: what is known of it when it is over, however it ended.
pub(crate) struct Run<T> {
    pub(crate) given: Result<T, Fault>,
    pub(crate) logs: Vec<LogRecord>,
    pub(crate) usage: Usage,
}

/// A call: what it may do, and until when.
pub(crate) struct Turn<'a> {
    pub(crate) permit: &'a Permit,
    pub(crate) call: Call,
    pub(crate) services: Arc<dyn Services>,
    pub(crate) started: Instant,
    pub(crate) ends: Instant,
}

impl<'a> Turn<'a> {
    /// A call that begins now.
    pub(crate) fn new(permit: &'a Permit, call: Call, services: Arc<dyn Services>) -> Self {
        let started = Instant::now();
        let ends = started + permit.limits().wall.0.min(call.deadline.remaining());
        Self { permit, call, services, started, ends }
    }

    /// Refuses what must not start.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        let limit = self.permit.limits().input;
        let size = self.call.input.len();
        if size as u64 > limit.0 {
            return Err(Fault::invalid_input(format!(
                "the input of {size} bytes is above the limit `input` of {limit}: raise the limit, or send less"
            )));
        }
        if Instant::now() >= self.ends {
            return Err(Fault::deadline("the call's time was over before the skill started"));
        }
        Ok(())
    }
}

/// Where a guest lives: for one call, or, if the room is kept, for those of a session.
#[derive(Default)]
pub(crate) enum Room {
    /// Nobody was here yet.
    #[default]
    Fresh,
    /// The guest answered, and may be called again.
    Kept(Stage),
    /// The guest is at work, or ended in another way than by answering.
    Left,
}

/// A guest's store, and what outlives or outruns it.
pub(crate) struct Stage {
    store: Store<Guest>,
    log: Arc<Log>,
}

/// Runs `work` in the room, within the permit's limits and until its turn ends.
pub(crate) async fn run<W: Work>(
    sandbox: &Inner,
    room: &mut Room,
    turn: Turn<'_>,
    work: &W,
) -> Run<W::Given> {
    let (limits, ends, services) = (turn.permit.limits(), turn.ends, Arc::clone(&turn.services));
    let entered = enter(sandbox, std::mem::replace(room, Room::Left), turn).await;
    let Stage { mut store, log } = match entered {
        Ok(stage) => stage,
        Err(fault) => return Run { given: Err(fault), logs: Vec::new(), usage: Usage::default() },
    };
    let budget = Arc::clone(&store.data().budget);
    let given = bounded(&sandbox.clock, &budget, &*services, ends, work.perform(&mut store)).await;
    let guest = store.data_mut();
    guest.context.progress_last();
    let given = match given {
        Ok(Ok(given)) => Ok(given),
        Ok(Err(error)) => Err(verdict::fault(&error, guest, limits)),
        Err(stop) => Err(verdict::stopped(stop, limits)),
    };
    let usage = Usage { wall_us: 0, cpu_ticks: budget.ticks(), memory_peak: guest.memory.peak() };
    if given.is_err() {
        work.leave_to(&log);
    }
    let logs = log.take();
    if log.is_cut() {
        sandbox.meters.log_cut();
    }
    if given.is_ok() {
        *room = Room::Kept(Stage { store, log });
    }
    Run { given, logs, usage }
}

impl Room {
    /// Lets go of the caller that was answered; the guest stays.
    pub(crate) fn rest(&mut self) {
        if let Self::Kept(stage) = self {
            stage.store.data_mut().leave();
        }
    }
}

/// Makes the room's guest ready for a call.
async fn enter(sandbox: &Inner, room: Room, turn: Turn<'_>) -> Result<Stage, Fault> {
    match room {
        Room::Fresh => {
            let roots = roots(turn.permit).await?;
            Ok(open(sandbox, turn, roots))
        }
        Room::Kept(mut stage) => {
            let limits = turn.permit.limits();
            stage.store.data_mut().turn_over(turn.call, turn.services, limits, turn.ends);
            Ok(stage)
        }
        Room::Left => Err(Fault::session_gone("the session's guest is gone: begin another session")),
    }
}

// Kept out of the async functions above, whose state would hold and move each part.
fn open(sandbox: &Inner, turn: Turn<'_>, roots: Arc<Roots>) -> Stage {
    let Turn { permit, call, services, ends, .. } = turn;
    let limits = permit.limits();
    let log = Log::new(call.id, limits.log, Arc::clone(&services));
    let secrets = Arc::new(Secrets::new(permit, Arc::clone(&services)));
    let egress = Egress::new(EgressParts {
        network: Arc::clone(&sandbox.network),
        gate: Arc::new(Gate::new(permit.network())),
        log: Arc::clone(&log),
        secrets: Arc::clone(&secrets),
        traffic: limits.traffic,
        ends,
    });
    let guest = Guest::new(GuestParts {
        memory: MemoryLimit::new(limits.memory.0, Arc::clone(&sandbox.meters)),
        budget: Arc::new(Budget::new(limits.cpu.0)),
        log: Arc::clone(&log),
        callable: Callable::new(permit),
        roots,
        env: permit.env(),
        settings: Arc::clone(&call.config),
        clock: Arc::clone(&sandbox.clock),
        egress,
        secrets,
        context: Context::new(call, services),
    });
    let mut store = Store::new(&sandbox.engine, guest);
    store.limiter(|guest| &mut guest.memory);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|mut store| Ok(store.data_mut().tick()?));
    store.set_max_component_handles(HANDLES_MAX);
    store.set_hostcall_fuel(copy_bytes_max(limits));
    Stage { store, log }
}

/// Opens what the permit grants, anew for each guest: what is at those paths now is what was granted.
async fn roots(permit: &Permit) -> Result<Arc<Roots>, Fault> {
    if permit.files().is_empty() {
        return Ok(Arc::default());
    }
    let rules = permit.files().to_vec();
    off_thread(move || Roots::open(&rules).map(Arc::new)).await
}

/// A typed answer passes through values that are larger than their JSON: a byte becomes a whole `Val`.
fn copy_bytes_max(limits: &Limits) -> usize {
    let wanted = limits.output.0.saturating_mul(size_of::<Val>() as u64);
    usize::try_from(wanted.clamp(COPY_BYTES_MIN, COPY_BYTES_MAX)).unwrap_or(usize::MAX)
}

/// Polls `work` until it is done, its time is over, or its caller has gone.
async fn bounded<T>(
    clock: &Clock,
    budget: &Budget,
    services: &dyn Services,
    ends: Instant,
    work: impl Future<Output = T>,
) -> Result<T, Stop> {
    let mut work = pin!(work);
    let mut sliced = pin!(std::future::poll_fn(|cx| {
        budget.begin(clock.now());
        let polled = work.as_mut().poll(cx);
        budget.charge(clock.now());
        polled
    }));
    let mut asked_to_stop = false;
    loop {
        let now = Instant::now();
        if now >= ends {
            return Err(Stop::Deadline);
        }
        let until = ends.min(now + if asked_to_stop { CANCEL_GRACE } else { CANCEL_CHECK });
        if let Ok(done) = timeout_at(until.into(), &mut sliced).await {
            return Ok(done);
        }
        // A guest that asks may end by itself: it has a while longer.
        if services.cancelled() && std::mem::replace(&mut asked_to_stop, true) {
            return Err(Stop::Cancelled);
        }
    }
}
