//! What the sandbox's tests stand on: a small sandbox, guests from text, calls with limits to try.

pub(crate) mod host;

use bytes::Bytes;
use skep_core::{
    CallId, FaultCode, Grants, Limits, Outcome, Permit, Principal, Progress, SkillName, Subject, ToolName,
    UnixMs,
};
use skep_sandbox::{
    Call, CompileLimits, Compiler, NetworkSettings, Prepared, Report, Sandbox, SandboxSettings, Services,
};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A sandbox that compiles in this process. Its cache is that of all tests, so that each guest is
/// compiled once.
pub(crate) struct Kit {
    pub(crate) sandbox: Sandbox,
}

pub(crate) fn settings(cache: &Path) -> SandboxSettings {
    SandboxSettings {
        slots: 4,
        sessions: 2,
        compiler: Compiler::InProcess,
        cache_dir: cache.join("artefacts"),
        cache_key: [7; 32],
        ceiling: Limits::ceiling(),
        compile: CompileLimits::default(),
        network: NetworkSettings::default(),
    }
}

impl Kit {
    pub(crate) fn new() -> Self {
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR"));
        Self { sandbox: Sandbox::new(settings(cache)).unwrap() }
    }

    /// Prepares a component given as WebAssembly text.
    pub(crate) async fn text(&self, text: &str) -> Arc<Prepared> {
        self.sandbox.prepare(component(text)).await.unwrap()
    }

    /// Prepares a fixture guest.
    pub(crate) async fn guest(&self, name: &str) -> Arc<Prepared> {
        let bytes = std::fs::read(skep_harness::guest(name)).unwrap();
        self.sandbox.prepare(bytes.into()).await.unwrap()
    }

    /// Calls a tool with a caller that listens and waits.
    pub(crate) async fn call(&self, skill: &Prepared, tool: &str, input: &str, limits: &Limits) -> Report {
        let services = Arc::new(Caller::default());
        self.sandbox.run(skill, &permit(&Grants::default(), limits), call(tool, input), services).await
    }
}

pub(crate) fn component(text: &str) -> Bytes {
    wat::parse_str(text).unwrap().into()
}

/// Limits that a test reaches in a moment.
pub(crate) fn limits() -> Limits {
    Limits { wall: "20s".parse().unwrap(), cpu: "300ms".parse().unwrap(), ..Limits::default() }
}

pub(crate) fn permit(grants: &Grants, limits: &Limits) -> Permit {
    let skill: SkillName = "tested".parse().unwrap();
    let digest = skep_core::Digest::of(b"component and manifest");
    let mut grants = grants.clone();
    grants.digests.insert(digest);
    grants.permit(Subject { skill: &skill, digest, requests: None, limits })
}

pub(crate) fn call(tool: &str, input: &str) -> Call {
    Call {
        id: CallId::fresh(),
        attempt: 1,
        deadline: UnixMs::now().after(Duration::from_secs(60)),
        chain: vec![Principal::Operator("tester".into())],
        idempotency_key: None,
        session: None,
        tool: tool.parse::<ToolName>().unwrap(),
        input: Bytes::copy_from_slice(input.as_bytes()),
        config: Arc::default(),
    }
}

/// The caller's side: keeps what is reported, and can go away.
#[derive(Default)]
pub(crate) struct Caller {
    pub(crate) reports: Mutex<Vec<Progress>>,
    pub(crate) gone: AtomicBool,
}

impl Services for Caller {
    fn progress(&self, progress: Progress) {
        self.reports.lock().unwrap().push(progress);
    }
    fn cancelled(&self) -> bool {
        self.gone.load(Ordering::Relaxed)
    }
}

/// A call that runs while the test goes on.
pub(crate) struct Running {
    pub(crate) caller: Arc<Caller>,
    pub(crate) report: tokio::task::JoinHandle<Report>,
}

impl Kit {
    /// Starts a call whose caller the test can send away.
    pub(crate) fn start(&self, skill: &Arc<Prepared>, tool: &str, input: &str, limits: &Limits) -> Running {
        let (sandbox, skill, caller) = (self.sandbox.clone(), Arc::clone(skill), Arc::new(Caller::default()));
        let (permit, call) = (permit(&Grants::default(), limits), call(tool, input));
        let services: Arc<dyn Services> = caller.clone();
        let report = tokio::spawn(async move { sandbox.run(&skill, &permit, call, services).await });
        Running { caller, report }
    }
}

/// Asserts that a call ended in a fault, and gives its message.
#[track_caller]
pub(crate) fn fault(outcome: &Outcome, code: FaultCode) -> &str {
    match outcome {
        Err(fault) if fault.code == code => &fault.message,
        other => panic!("expected {code}, got {other:?}"),
    }
}

/// Asserts that a call ended well, and gives its JSON.
#[track_caller]
pub(crate) fn json(outcome: &Outcome) -> serde_json::Value {
    outcome.as_ref().unwrap_or_else(|fault| panic!("{fault}")).value().unwrap()
}
