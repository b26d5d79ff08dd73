//! A guest with grants on a network whose names are the test's own.

use crate::kit::{Kit, call, json, limits, permit, settings};
use async_trait::async_trait;
use serde_json::{Value, json};
use skep_core::{Grants, Limits};
use skep_sandbox::{NetworkSettings, Prepared, Report, Resolver, Sandbox, SandboxSettings};
use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// A resolver that gives each name its answers one after the other, the last one again and again.
#[derive(Default)]
pub(crate) struct Names {
    answers: Mutex<BTreeMap<String, Vec<Vec<IpAddr>>>>,
    /// What names are that nobody set.
    others: Vec<IpAddr>,
    asked: AtomicUsize,
}

impl Names {
    /// Every name is `address`.
    pub(crate) fn all(address: &str) -> Self {
        Self { others: vec![address.parse().unwrap()], ..Self::default() }
    }

    pub(crate) fn set(&self, name: &str, answers: &[&[&str]]) {
        let read = |answer: &&[&str]| answer.iter().map(|address| address.parse().unwrap()).collect();
        self.answers.lock().unwrap().insert(name.to_owned(), answers.iter().map(read).collect());
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Resolver for Names {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut answers = self.answers.lock().unwrap();
        let Some(left) = answers.get_mut(name) else { return Ok(self.others.clone()) };
        Ok(if left.len() > 1 { left.remove(0) } else { left[0].clone() })
    }
}

/// The probe in its sandbox.
pub(crate) struct Scene {
    kit: Kit,
    probe: Arc<Prepared>,
    pub(crate) names: Arc<Names>,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        Self::with(Names::default(), Vec::new()).await
    }

    pub(crate) async fn with(names: Names, authorities: Vec<Vec<u8>>) -> Self {
        let names = Arc::new(names);
        let network = NetworkSettings { resolver: names.clone(), authorities };
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let kit = Kit { sandbox: Sandbox::new(SandboxSettings { network, ..settings(cache) }).unwrap() };
        let probe = kit.guest("probe").await;
        Self { kit, probe, names }
    }

    pub(crate) async fn run(&self, net: &[&str], tool: &str, input: Value, limits: &Limits) -> Report {
        let net: Vec<_> = net.iter().map(|rule| (*rule).to_owned()).collect();
        let grants = Grants::default().with_network(&net, &[]).unwrap();
        let call = call(tool, &input.to_string());
        self.kit
            .sandbox
            .run(&self.probe, &permit(&grants, limits), call, Arc::<crate::kit::Caller>::default())
            .await
    }

    /// What a request under grants came to.
    pub(crate) async fn fetch(&self, net: &[&str], input: Value) -> Value {
        json(&self.run(net, "fetch", input, &limits()).await.outcome)
    }

    /// The same for a plain GET.
    pub(crate) async fn get(&self, net: &[&str], url: &str) -> Value {
        self.fetch(net, json!({ "url": url })).await
    }
}
