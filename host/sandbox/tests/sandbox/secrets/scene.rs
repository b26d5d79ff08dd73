//! A courier with a secret, the server that may know it, and one that may not.

use super::echo::Echo;
use crate::kit::host::Host;
use crate::kit::{Kit, call, json, limits, permit};
use serde_json::{Value, json};
use skep_core::{Grants, Permit};
use skep_sandbox::{Prepared, Report};
use std::sync::Arc;

/// The value: with characters that URLs and JSON write in another way.
pub(crate) const VALUE: &str = r#"sk-canary/0123+"4567\89="#;

pub(crate) struct Scene {
    pub(crate) kit: Kit,
    pub(crate) courier: Arc<Prepared>,
    pub(crate) host: Arc<Host>,
    /// Where the secret KEY may go.
    pub(crate) bank: Echo,
    /// Where the courier may go, but not with a secret.
    pub(crate) thief: Echo,
    pub(crate) permit: Permit,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        let (bank, thief) = (Echo::open().await, Echo::open().await);
        let kit = Kit::new();
        let courier = kit.guest("courier").await;
        let to_bank = format!("KEY={}", bank.origin());
        let unset = format!("UNSET={}", bank.origin());
        let grants =
            Grants::default().with_network(&[bank.origin(), thief.origin()], &[to_bank, unset]).unwrap();
        let host = Host::default();
        host.secrets.lock().unwrap().insert("KEY".to_owned(), VALUE.to_owned());
        host.secrets.lock().unwrap().insert("FOREIGN".to_owned(), "another-value".to_owned());
        Self { kit, courier, host: Arc::new(host), bank, thief, permit: permit(&grants, &limits()) }
    }

    pub(crate) async fn run(&self, tool: &str, input: &Value) -> Report {
        let call = call(tool, &input.to_string());
        let report = self.kit.sandbox.run(&self.courier, &self.permit, call, self.host.clone()).await;
        // Whatever it tried, it never learnt the value.
        let seen = format!("{:?} {:?}", report.outcome, report.logs);
        for form in [VALUE.to_owned(), VALUE.escape_debug().to_string(), hex::encode(VALUE)] {
            assert!(!seen.contains(&form), "{seen}");
        }
        report
    }

    /// Sends a request with the header `authorization`.
    pub(crate) async fn send(&self, url: String, authorization: &str) -> Value {
        let input = json!({ "url": url, "headers": { "authorization": authorization } });
        json(&self.run("send", &input).await.outcome)
    }

    /// How often a value was asked for.
    pub(crate) fn asked(&self) -> usize {
        self.host.secrets_asked.load(std::sync::atomic::Ordering::Relaxed)
    }
}

/// The only placeholder in a text.
#[track_caller]
pub(crate) fn placeholder(text: &str) -> &str {
    let found: Vec<_> = text.match_indices("skep-secret-").map(|(at, _)| &text[at..at + 44]).collect();
    assert!(!found.is_empty() && found.iter().all(|one| *one == found[0]), "{text}");
    found[0]
}
