//! API keys: made once, and known again by what is kept of them.

use parking_lot::Mutex;
use rand::TryRngCore;
use skep_core::{Allowance, ApiKey, Fault, Identity, KeyId, KeyTerms, Principal, UnixMs};
use skep_router::{KeyRow, Operator, Router};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use subtle::ConstantTimeEq;

/// How often the use of a key is noted at most, in milliseconds: no call waits for that.
const USE_NOTED_EVERY_MS: u64 = 60_000;

/// What this host knows of the deployment's API keys.
pub(crate) struct Keyring {
    deployment: [u8; 32],
    known: Mutex<Known>,
}

/// The keys that were shown here since the revision: the next one may revoke any of them.
#[derive(Default)]
struct Known {
    revision: u64,
    keys: HashMap<KeyId, Arc<Key>>,
}

struct Key {
    row: KeyRow,
    used_ms: AtomicU64,
}

impl Keyring {
    pub(crate) fn new(deployment: [u8; 32]) -> Self {
        Self { deployment, known: Mutex::default() }
    }

    /// Makes a key: what its bearer gets, and what is kept.
    pub(crate) fn make(
        &self,
        name: String,
        terms: &KeyTerms,
        by: &Operator,
    ) -> Result<(ApiKey, KeyRow), Fault> {
        let (mut id, mut secret) = ([0; 8], [0; 32]);
        let mut source = rand::rngs::OsRng;
        let drawn = source.try_fill_bytes(&mut id).and_then(|()| source.try_fill_bytes(&mut secret));
        drawn.map_err(|e| Fault::internal(format!("no randomness for a key: {e}")))?;
        let key = ApiKey::new(id, secret);
        let terms = serde_json::to_string(terms);
        let terms = terms.map_err(|e| Fault::internal(format!("a key can't be written: {e}")))?;
        let row = KeyRow {
            id: key.id().clone(),
            name,
            proof: hex::encode(key.proof(&self.deployment, &terms)),
            terms,
            created: UnixMs::now(),
            created_by: by.chain.iter().map(ToString::to_string).collect::<Vec<_>>().join(" > "),
            used: None,
        };
        Ok((key, row))
    }

    /// Who bears this key, if it is one of ours that still holds.
    pub(crate) async fn identify(&self, router: &Router, given: &str) -> Result<Option<Identity>, Fault> {
        let Ok(given) = given.parse::<ApiKey>() else { return Ok(None) };
        let Some(key) = self.find(router, given.id()).await? else { return Ok(None) };
        let proof = hex::encode(given.proof(&self.deployment, &key.row.terms));
        if !bool::from(proof.as_bytes().ct_eq(key.row.proof.as_bytes())) {
            return Ok(None);
        }
        let terms: KeyTerms = serde_json::from_str(&key.row.terms)
            .map_err(|e| Fault::internal(format!("the terms of key {} can't be read: {e}", given.id())))?;
        if terms.are_over() {
            return Ok(None);
        }
        note_use(router, &key);
        let KeyTerms { role, scope, quota, .. } = terms;
        let principal = Principal::Key(given.id().to_string());
        let allowance = Allowance::Metered(quota);
        Ok(Some(Identity { principal, role, scope, allowance }))
    }

    /// The key of this id as of a revision that was confirmed within the last second.
    async fn find(&self, router: &Router, id: &KeyId) -> Result<Option<Arc<Key>>, Fault> {
        let revisions = router.registry().revisions();
        revisions.confirm(0).await?;
        let revision = revisions.seen();
        {
            let mut known = self.known.lock();
            if known.revision < revision {
                *known = Known { revision, keys: HashMap::new() };
            }
            if let Some(key) = known.keys.get(id) {
                return Ok(Some(key.clone()));
            }
        }
        // What isn't there is not remembered: anybody can think of ids.
        let Some(row) = router.key_load(id).await? else { return Ok(None) };
        let used_ms = AtomicU64::new(row.used.map_or(0, |at| at.0));
        let key = Arc::new(Key { row, used_ms });
        let mut known = self.known.lock();
        // What was read before a change may be older than that.
        if known.revision == revision {
            known.keys.insert(id.clone(), key.clone());
        }
        Ok(Some(key))
    }
}

fn note_use(router: &Router, key: &Key) {
    let (now, noted) = (UnixMs::now(), key.used_ms.load(Ordering::Relaxed));
    let due = now.0.saturating_sub(noted) >= USE_NOTED_EVERY_MS;
    // Of those who come at once, one notes it.
    if due && key.used_ms.compare_exchange(noted, now.0, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
        let (router, id) = (router.clone(), key.row.id.clone());
        tokio::spawn(async move { router.key_used(&id, now).await });
    }
}
