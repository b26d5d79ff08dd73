//! What is counted of calls: how they ended, how long they waited, ran and took. Its labels are bounded: only
//! skills that were found have a name of their own, and only so many.

use parking_lot::RwLock;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use skep_core::{AuditAction, AuditEvent, BreakerState, DomainName, FaultCode, JobEnd, SkillName};
use skep_store::Purpose;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Skills with numbers of their own on one host; all further ones count as [`OTHER`].
const SKILLS_MAX: usize = 100;
/// Stands for skills that are too many, and for names that no skill has.
const OTHER: &str = "other";
/// The outcome of a call that ended well.
const OK: &str = "ok";
/// Bounds of the buckets of all latencies, in seconds.
const LATENCIES: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    domain: String,
    skill: String,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SkillLabels {
    domain: String,
    skill: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DomainLabels {
    domain: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BreakerLabels {
    domain: String,
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PurposeLabels {
    purpose: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct JobLabels {
    end: &'static str,
}

type Latencies<L> = Family<L, Histogram, fn() -> Histogram>;

/// The meters of one host.
pub(crate) struct Meters {
    calls: Family<CallLabels, Counter>,
    queue: Latencies<DomainLabels>,
    run: Latencies<SkillLabels>,
    total: Latencies<DomainLabels>,
    sent: Histogram,
    breakers: Family<BreakerLabels, Counter>,
    database: Latencies<PurposeLabels>,
    jobs: Family<JobLabels, Counter>,
    known: RwLock<Known>,
    other: Arc<SkillMeters>,
}

#[derive(Default)]
struct Known {
    skills: HashMap<DomainName, HashMap<SkillName, Arc<SkillMeters>>>,
    count: usize,
}

/// The meters of one skill, found by one look-up and then free of any.
pub(crate) struct SkillMeters {
    labels: SkillLabels,
    calls: Family<CallLabels, Counter>,
    ok: Counter,
    faults: [OnceLock<Counter>; FaultCode::ALL.len()],
    queue: Histogram,
    run: Histogram,
    total: Histogram,
}

impl Meters {
    pub(crate) fn new() -> Self {
        let calls = Family::default();
        let [queue, total] = std::array::from_fn(|_| Latencies::new_with_constructor(latencies as _));
        let run = Latencies::new_with_constructor(latencies as _);
        let other = SkillMeters::new(&calls, [&queue, &total], &run, [OTHER, OTHER]);
        let (sent, database) = (latencies(), Latencies::new_with_constructor(latencies as _));
        let (breakers, jobs, known) = (Family::default(), Family::default(), RwLock::default());
        let other = Arc::new(other);
        Self { calls, queue, run, total, sent, breakers, database, jobs, known, other }
    }

    /// Adds what is counted to a registry, under names that begin with `skep_`.
    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register("skep_calls", "Calls that ended, refused ones too", self.calls.clone());
        let waited = "From accepting a call to a host that is free for it";
        registry.register("skep_call_queue_seconds", waited, self.queue.clone());
        registry.register("skep_call_run_seconds", "What a call took in its sandbox", self.run.clone());
        registry.register("skep_call_seconds", "From accepting a call to its end", self.total.clone());
        registry.register("skep_bus_send_seconds", "What the bus took to take a call", self.sent.clone());
        let changed = "States that circuit breakers came into, as the host that brought them there counts";
        registry.register("skep_breaker_changes", changed, self.breakers.clone());
        let database =
            "What the database took for a query or a change, waits for its turn and retries included";
        registry.register("skep_database_seconds", database, self.database.clone());
        let ended = "Attempts at jobs that this host ended; `stale` ones came too late to count";
        registry.register("skep_job_attempts", ended, self.jobs.clone());
    }

    /// Counts an attempt at a job.
    pub(crate) fn job_ended(&self, end: &JobEnd) {
        let end = match end {
            JobEnd::Done(_) => "done",
            JobEnd::Again(setback, ..) => setback.step().as_str(),
            JobEnd::Dead(..) => "dead",
            JobEnd::Cancelled => "cancelled",
        };
        self.jobs.get_or_create(&JobLabels { end }).inc();
    }

    /// Counts an attempt whose end came too late.
    pub(crate) fn job_stale(&self) {
        self.jobs.get_or_create(&JobLabels { end: "stale" }).inc();
    }

    /// The bus took so long to take a call, or to refuse it.
    pub(crate) fn sent(&self, time: Duration) {
        self.sent.observe(time.as_secs_f64());
    }

    /// The breaker of a skill came into a state.
    pub(crate) fn breaker_changed(&self, domain: &DomainName, state: BreakerState) {
        let labels = BreakerLabels { domain: domain.to_string(), state: state.as_str() };
        self.breakers.get_or_create(&labels).inc();
    }

    /// What hears how long the database took.
    pub(crate) fn of_database(&self) -> impl Fn(Purpose, Duration) + Send + Sync + 'static {
        let of = |purpose| self.database.get_or_create_owned(&PurposeLabels { purpose });
        let (read, write) = (of("read"), of("write"));
        move |purpose, time| {
            let of_purpose = match purpose {
                Purpose::Read => &read,
                Purpose::Write => &write,
            };
            of_purpose.observe(time.as_secs_f64());
        }
    }

    /// Counts a call, once for the one record that it leaves.
    pub(crate) fn ended(&self, event: &AuditEvent) {
        let (AuditAction::Call, Some(skill)) = (event.action, &event.skill) else { return };
        // Whose digest is known was found; any other name may be one that the caller made up.
        let meters = match event.digest {
            Some(_) => self.of(&event.domain, skill),
            None => self.seen(&event.domain, skill).unwrap_or_else(|| self.other.clone()),
        };
        meters.count(event.fault);
        meters.total.observe(Duration::from_micros(event.duration_us).as_secs_f64());
    }

    /// The meters of a skill that was found.
    pub(crate) fn of(&self, domain: &DomainName, skill: &SkillName) -> Arc<SkillMeters> {
        if let Some(meters) = self.seen(domain, skill) {
            return meters;
        }
        let mut known = self.known.write();
        if known.count >= SKILLS_MAX {
            return self.other.clone();
        }
        let labels = [domain.as_str(), skill.as_str()];
        let meters = SkillMeters::new(&self.calls, [&self.queue, &self.total], &self.run, labels);
        let of_domain = known.skills.entry(domain.clone()).or_default();
        let meters = of_domain.entry(skill.clone()).or_insert_with(|| Arc::new(meters)).clone();
        known.count = known.skills.values().map(HashMap::len).sum();
        meters
    }

    fn seen(&self, domain: &DomainName, skill: &SkillName) -> Option<Arc<SkillMeters>> {
        self.known.read().skills.get(domain)?.get(skill).cloned()
    }
}

impl SkillMeters {
    fn new(
        calls: &Family<CallLabels, Counter>,
        [queue, total]: [&Latencies<DomainLabels>; 2],
        run: &Latencies<SkillLabels>,
        [domain, skill]: [&str; 2],
    ) -> Self {
        let of_domain = DomainLabels { domain: domain.to_owned() };
        let labels = SkillLabels { domain: domain.to_owned(), skill: skill.to_owned() };
        Self {
            ok: calls.get_or_create_owned(&labels.ending(OK)),
            calls: calls.clone(),
            faults: Default::default(),
            queue: queue.get_or_create_owned(&of_domain),
            run: run.get_or_create_owned(&labels),
            total: total.get_or_create_owned(&of_domain),
            labels,
        }
    }

    /// A call waited for so long.
    pub(crate) fn waited(&self, time: Duration) {
        self.queue.observe(time.as_secs_f64());
    }

    /// A call ran for so long.
    pub(crate) fn ran(&self, time: Duration) {
        self.run.observe(time.as_secs_f64());
    }

    fn count(&self, fault: Option<FaultCode>) {
        let Some(code) = fault else {
            self.ok.inc();
            return;
        };
        let place = FaultCode::ALL.iter().position(|known| *known == code);
        if let Some(counter) = place.and_then(|place| self.faults.get(place)) {
            let made = || self.calls.get_or_create_owned(&self.labels.ending(code.as_str()));
            counter.get_or_init(made).inc();
        }
    }
}

impl SkillLabels {
    fn ending(&self, outcome: &'static str) -> CallLabels {
        CallLabels { domain: self.domain.clone(), skill: self.skill.clone(), outcome }
    }
}

fn latencies() -> Histogram {
    Histogram::new(LATENCIES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus_client::encoding::text::encode;
    use skep_core::Digest;

    fn call(skill: &str, found: bool, fault: Option<FaultCode>) -> AuditEvent {
        let skill = Some(skill.parse().unwrap());
        AuditEvent {
            digest: found.then(|| Digest::of(b"component")),
            fault,
            duration_us: 1500,
            ..AuditEvent::new(AuditAction::Call, Vec::new(), DomainName::default(), skill)
        }
    }

    fn shown(meters: &Meters) -> String {
        let (mut registry, mut text) = (Registry::default(), String::new());
        meters.register(&mut registry);
        encode(&mut text, &registry).unwrap();
        text
    }

    #[test]
    fn calls_are_counted_by_how_they_ended() {
        let meters = Meters::new();
        for fault in [None, None, Some(FaultCode::Trapped)] {
            meters.ended(&call("echo", true, fault));
        }
        meters.of(&DomainName::default(), &"echo".parse().unwrap()).ran(Duration::from_millis(2));
        let text = shown(&meters);
        for line in [
            r#"skep_calls_total{domain="main",skill="echo",outcome="ok"} 2"#,
            r#"skep_calls_total{domain="main",skill="echo",outcome="trapped"} 1"#,
            r#"skep_call_seconds_count{domain="main"} 3"#,
            r#"skep_call_run_seconds_bucket{le="0.001",domain="main",skill="echo"} 0"#,
            r#"skep_call_run_seconds_bucket{le="0.0025",domain="main",skill="echo"} 1"#,
        ] {
            assert!(text.lines().any(|l| l == line), "{line}\n{text}");
        }
    }

    #[test]
    fn names_that_no_skill_has_and_skills_beyond_the_bound_are_other() {
        let meters = Meters::new();
        meters.ended(&call("made-up", false, Some(FaultCode::UnknownSkill)));
        assert!(!shown(&meters).contains("made-up"));
        for n in 0..1000 {
            meters.ended(&call(&format!("skill-{n}"), true, None));
        }
        let text = shown(&meters);
        let named = text.lines().filter(|l| l.starts_with("skep_calls_total{domain=\"main\",skill=\"skill-"));
        assert_eq!(named.count(), SKILLS_MAX);
        let other = format!(r#"outcome="ok"}} {}"#, 1000 - SKILLS_MAX);
        assert!(text.lines().any(|l| l.contains("skill=\"other\"") && l.ends_with(&other)), "{text}");
        // A skill that is known keeps its numbers when it is refused.
        meters.ended(&call("skill-7", false, Some(FaultCode::Overloaded)));
        assert!(shown(&meters).contains(r#"skill="skill-7",outcome="overloaded"} 1"#));
    }
}
