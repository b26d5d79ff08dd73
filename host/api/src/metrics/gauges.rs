//! How the host stands, in gauges that are read when they are asked for.

use crate::health::parts;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use skep_router::{Activity, Health};
use std::sync::atomic::AtomicU64;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DomainLabels {
    domain: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct QueueLabels {
    domain: String,
    queue: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PartLabels {
    part: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BuildLabels {
    version: &'static str,
}

type Gauges<L> = Family<L, Gauge<f64, AtomicU64>>;

pub(super) fn of_health(registry: &mut Registry, health: &Health) {
    let (up, answers) = (Gauges::default(), Gauges::default());
    for (part, state) in parts(health) {
        up.get_or_create(&PartLabels { part }).set(if state.is_ok() { 1.0 } else { 0.0 });
    }
    for (part, answer) in [("bus", &health.bus), ("database", &health.database)] {
        if let Ok(time) = answer {
            answers.get_or_create(&PartLabels { part }).set(time.as_secs_f64());
        }
    }
    registry.register("skep_up", "Whether each part that serving needs is there", up);
    registry.register("skep_answer_seconds", "How soon bus and database answered just now", answers);
    let build = Info::new(BuildLabels { version: env!("CARGO_PKG_VERSION") });
    registry.register("skep_build", "What runs", build);
    gauge(registry, "skep_revision", "The revision that this host has seen", health.revision as f64);
}

pub(super) fn of_activity(registry: &mut Registry, activity: &Activity) {
    let gauges = [
        ("skep_calls_running", "Calls that run on this host", activity.running),
        ("skep_callers_waiting", "Callers that wait on this host", activity.callers),
        ("skep_instances", "Instances that are alive on this host, sessions left out", activity.instances),
        ("skep_sessions", "Sessions that this host holds", activity.sessions),
        ("skep_jobs_held", "Jobs that this host has taken and not ended", activity.jobs),
        ("skep_slots", "Calls that may run on this host at once", activity.slots),
        ("skep_breakers_open", "Skills whose circuit breaker is open, on all hosts", activity.breakers_open),
        ("skep_audit_spilled", "Audit records that neither bus nor database take", activity.audit_spilled),
    ];
    for (name, help, value) in gauges {
        gauge(registry, name, help, value as f64);
    }
    let sandbox = &activity.sandbox;
    gauge(registry, "skep_guest_memory_bytes", "Memory that live guests hold", sandbox.memory_bytes as f64);
    registry.register("skep_compiles", "Components that were compiled", ConstCounter::new(sandbox.compiles));
    let compiling = ConstCounter::new(sandbox.compiling.as_secs_f64());
    registry.register("skep_compile_seconds", "How long compiling took", compiling);
    let cut = ConstCounter::new(sandbox.logs_cut);
    registry.register("skep_logs_cut", "Calls whose log was cut at its limit", cut);
    let waiting = Gauges::default();
    for (domain, jobs) in &activity.jobs_waiting {
        waiting.get_or_create(&DomainLabels { domain: domain.to_string() }).set(*jobs as f64);
    }
    registry.register("skep_jobs_waiting", "Jobs of a domain that wait, for any host", waiting);
    of_backlogs(registry, activity);
}

fn of_backlogs(registry: &mut Registry, activity: &Activity) {
    let (admitted, audit) = (Gauges::default(), Gauges::default());
    let (calls, oldest) = (Gauges::default(), Gauges::default());
    for backlog in &activity.backlogs {
        let domain = backlog.domain.to_string();
        let of_domain = DomainLabels { domain: domain.clone() };
        admitted.get_or_create(&of_domain).set(backlog.admitted as f64);
        audit.get_or_create(&of_domain).set(backlog.audit as f64);
        for queue in &backlog.queues {
            let labels = QueueLabels { domain: domain.clone(), queue: queue.queue.clone() };
            calls.get_or_create(&labels).set(queue.calls as f64);
            oldest.get_or_create(&labels).set(queue.oldest.as_secs_f64());
        }
    }
    registry.register("skep_domain_calls", "Calls of a domain that aren't over, on all hosts", admitted);
    registry.register("skep_audit_waiting", "Audit records on their way to the database", audit);
    registry.register("skep_queue_depth", "Calls that wait for a free host, by queue", calls);
    registry.register("skep_queue_oldest_seconds", "How long the first of a queue has waited", oldest);
}

fn gauge(registry: &mut Registry, name: &str, help: &str, value: f64) {
    registry.register(name, help, ConstGauge::new(value));
}
