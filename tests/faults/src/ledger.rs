//! What was submitted, what was answered and what was seen, kept outside the system.

use crate::rest::Answer;
use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::seq::IteratorRandom as _;
use serde_json::Value;
use std::collections::HashMap;

/// A job as the ledger knows it.
#[derive(Debug, Clone, Default)]
pub struct Entry {
    /// The ids that it was accepted under: one, or something is wrong.
    pub ids: Vec<String>,
    /// How it ended, as a host said while others died.
    pub seen: Option<Value>,
}

/// All that was submitted, by its idempotency key.
#[derive(Default)]
pub struct Ledger(Mutex<HashMap<String, Entry>>);

impl Ledger {
    /// Notes that a job is submitted.
    pub fn submitted(&self, key: &str) {
        self.0.lock().entry(key.to_owned()).or_default();
    }

    /// Notes that it was accepted.
    pub fn accepted(&self, key: &str, id: &str) {
        let mut entries = self.0.lock();
        let ids = &mut entries.entry(key.to_owned()).or_default().ids;
        if !ids.iter().any(|known| known == id) {
            ids.push(id.to_owned());
        }
    }

    /// Notes how it stands, if it is over.
    pub fn seen(&self, key: &str, answer: &Answer) {
        let state = answer.body["state"].as_str().unwrap_or_default();
        if answer.is_ok() && !["waiting", "running"].contains(&state) {
            let mut entries = self.0.lock();
            entries.entry(key.to_owned()).or_default().seen.get_or_insert_with(|| outcome(&answer.body));
        }
    }

    /// One of the accepted jobs of which nobody has said yet that it is over: its key and id.
    pub fn unseen(&self, chance: &mut StdRng) -> Option<(String, String)> {
        let entries = self.0.lock();
        let unseen = entries.iter().filter(|(_, entry)| entry.seen.is_none() && !entry.ids.is_empty());
        let (key, entry) = unseen.choose(chance)?;
        Some((key.clone(), entry.ids.first()?.clone()))
    }

    /// Everything.
    pub fn entries(&self) -> HashMap<String, Entry> {
        self.0.lock().clone()
    }
}

/// What of a job must never change once it is over.
fn outcome(job: &Value) -> Value {
    serde_json::json!({ "state": job["state"], "output": job["output"] })
}
