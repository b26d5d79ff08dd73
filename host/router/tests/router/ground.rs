//! What the tests stand on: a host of one's own, and callers of any name.

use serde_json::{Value, json};
use skep_bus::{BusLimits, MemoryBus};
use skep_core::{
    Allowance, BreakerRules, DomainName, FaultCode, Grants, Lane, Limits, Principal, Progress, Ratio, Reply,
    SessionId, SkillRef, Target,
};
use skep_registry::{AddOptions, Registry, RegistrySettings, Source};
use skep_router::{CallRequest, JobBounds, JobSettings, Operator, Parts, Quotas, Router, RouterSettings};
use skep_sandbox::{CompileLimits, Compiler, NetworkSettings, Sandbox, SandboxSettings};
use skep_store::{Store, StoreUrl};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Sessions that the host holds at most.
const SESSIONS: u32 = 4;
/// Calls that it computes at once: enough for one session and those that wait for it, and a neighbour.
const SLOTS: usize = 6;

pub(crate) struct Ground {
    pub(crate) router: Router,
    pub(crate) bus: Arc<MemoryBus>,
    pub(crate) domain: DomainName,
    _dir: TempDir,
}

/// A call to be made.
pub(crate) struct Ask(CallRequest);

/// A skill with sessions that tries things; with `more` in its manifest.
pub(crate) fn probe(name: &str, version: &str, more: &str) -> Source {
    skill("probe", name, version, more)
}

/// A skill with sessions from a fixture guest.
pub(crate) fn skill(guest: &str, name: &str, version: &str, more: &str) -> Source {
    let manifest = format!(
        "[skill]\nname = \"{name}\"\nversion = \"{version}\"\ncomponent = \"skill.wasm\"\n\
         lifetime = \"session\"\n{more}\n"
    );
    let code = std::fs::read(skep_harness::guest(guest)).unwrap();
    Source::new(code.into(), Some(manifest), None).unwrap()
}

/// The calls that an instance has counted.
#[track_caller]
pub(crate) fn counted(reply: &Reply) -> u64 {
    json(reply)["calls"].as_u64().unwrap()
}

/// What a call answered.
#[track_caller]
pub(crate) fn json(reply: &Reply) -> Value {
    reply.outcome.as_ref().unwrap().value().unwrap()
}

/// Fails unless the call ended in this fault, whose words hold `says`.
#[track_caller]
pub(crate) fn refused(reply: &Reply, code: FaultCode, says: &str) {
    let fault = reply.outcome.as_ref().unwrap_err();
    assert_eq!(fault.code, code, "{fault}");
    assert!(fault.message.contains(says), "expected `{says}`: {fault}");
}

impl Ground {
    pub(crate) async fn new() -> Self {
        Self::with(Quotas::default()).await
    }

    /// A host that gives these quotas.
    pub(crate) async fn with(quotas: Quotas) -> Self {
        Self::by(quotas, BreakerRules::default()).await
    }

    /// A host whose breakers go by these rules.
    pub(crate) async fn breaking(breaker: BreakerRules) -> Self {
        Self::by(Quotas::default(), breaker).await
    }

    async fn by(quotas: Quotas, breaker: BreakerRules) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&StoreUrl::Sqlite(dir.path().join("skep.db"))).await.unwrap();
        let ceiling = Limits::ceiling();
        let sandbox = Sandbox::new(SandboxSettings {
            slots: 64,
            sessions: SESSIONS,
            compiler: Compiler::InProcess,
            cache_dir: Path::new(env!("CARGO_TARGET_TMPDIR")).join("artefacts"),
            cache_key: [1; 32],
            network: NetworkSettings::default(),
            ceiling: ceiling.clone(),
            compile: CompileLimits::default(),
        });
        let sandbox = sandbox.unwrap();
        let rules = RegistrySettings { ceiling: ceiling.clone(), forbidden_roots: Vec::new() };
        let registry = Registry::new(store.clone(), sandbox.clone(), rules);
        let domain = DomainName::default();
        let bus = Arc::new(MemoryBus::open(vec![domain.clone()], BusLimits::default()));
        let settings = RouterSettings {
            breaker,
            slots: SLOTS,
            traced: Ratio::NONE,
            quotas,
            waiting_max: 64,
            jobs: JobSettings { runs: true, bounds: JobBounds::default() },
            audit_key: [2; 32],
            secrets_key: [3; 32],
            drain: Duration::from_secs(5),
        };
        let parts = Parts { bus: bus.clone(), registry, sandbox, store };
        Self { router: Router::start(parts, ceiling, settings), bus, domain, _dir: dir }
    }

    pub(crate) fn operator(&self) -> Operator {
        let chain = vec![Principal::Operator("tester".to_owned())];
        Operator { chain, domain: self.domain.clone() }
    }

    pub(crate) async fn add(&self, source: Source, grants: Grants) {
        let options = AddOptions { grants, ..AddOptions::default() };
        self.router.add(&self.operator(), source, options).await.unwrap();
    }

    pub(crate) async fn remove(&self, skill: &str) {
        self.router.remove(&self.operator(), &skill.parse().unwrap()).await.unwrap();
    }

    /// A call of a skill's tool by an agent.
    pub(crate) fn ask(&self, who: &str, skill: &str, tool: &str, input: Value) -> Ask {
        let skill: SkillRef = skill.parse().unwrap();
        Ask(CallRequest {
            to: Target {
                domain: self.domain.clone(),
                skill: skill.name,
                version: skill.version,
                tool: Some(tool.parse().unwrap()),
            },
            input: input.to_string().into(),
            chain: vec![Principal::Agent(who.to_owned())],
            allowance: Allowance::default(),
            timeout: None,
            lane: Lane::No,
            idempotency_key: None,
            job: None,
            session: None,
            trace: None,
            progress: None,
        })
    }

    /// Begins a session of a skill.
    pub(crate) async fn begin(&self, who: &str, skill: &str) -> SessionId {
        let first = self.count(who, skill, None).await;
        assert_eq!(counted(&first), 1);
        first.session.unwrap()
    }

    /// Counts the calls of an instance, in a session or a new one.
    pub(crate) async fn count(&self, who: &str, skill: &str, session: Option<SessionId>) -> Reply {
        self.send(self.ask(who, skill, "counter", json!({})).within(session)).await
    }

    pub(crate) async fn send(&self, ask: Ask) -> Reply {
        self.router.call(ask.0).await
    }

    /// A call that goes on for longer than a test, in a session or a new one; given once its guest runs.
    pub(crate) async fn start(
        &self,
        who: &str,
        skill: &str,
        session: Option<SessionId>,
    ) -> JoinHandle<Reply> {
        let mut ask = self.ask(who, skill, "progress", json!({ "steps": 100_000, "ms": 20 })).within(session);
        let (progress, mut reports) = mpsc::channel::<Progress>(64);
        ask.0.progress = Some(progress);
        let router = self.router.clone();
        let running = tokio::spawn(async move { router.call(ask.0).await });
        assert!(reports.recv().await.is_some(), "it ended before it told anything");
        running
    }
}

impl Ask {
    pub(crate) fn within(mut self, session: Option<SessionId>) -> Self {
        self.0.session = session;
        self
    }

    pub(crate) fn for_at_most(mut self, time: Duration) -> Self {
        self.0.timeout = Some(time);
        self
    }
}
