//! API keys: made, listed and revoked by operators, and found by those who are shown one.

use crate::{Inner, Operator, Router};
use skep_core::{AuditAction, Fault, KeyId, KeyTerms, UnixMs};
use skep_store::{KeyRow, StoreError};

impl Router {
    /// Keeps a new key.
    pub async fn key_create(&self, by: &Operator, key: &KeyRow) -> Result<(), Fault> {
        let done = self.0.refreshed(self.0.store.key_create(key).await).await;
        let detail = format!("{} `{}` {}", key.id, key.name, key.terms);
        self.changed(by, AuditAction::KeyCreate, None, detail, &done).await;
        done
    }

    /// Forgets a key. From then on no host knows it, and the calls that it made are stopped.
    pub async fn key_revoke(&self, by: &Operator, id: &KeyId) -> Result<(), Fault> {
        let done = self.0.refreshed(self.0.store.key_revoke(id).await).await;
        self.changed(by, AuditAction::KeyRevoke, None, id.to_string(), &done).await;
        done
    }

    /// All keys, the oldest first.
    pub async fn key_list(&self) -> Result<Vec<KeyRow>, Fault> {
        self.0.store.key_list().await.map_err(fault)
    }

    /// One key, if there is one of that id.
    pub async fn key_load(&self, id: &KeyId) -> Result<Option<KeyRow>, Fault> {
        self.0.store.key_load(id).await.map_err(fault)
    }

    /// Notes that a key was used. What can't be noted is told to nobody but the log.
    pub async fn key_used(&self, id: &KeyId, at: UnixMs) {
        if let Err(error) = self.0.store.key_used(id, at).await {
            tracing::debug!(key = %id, %error, "the use of a key could not be noted");
        }
    }
}

impl Inner {
    /// Takes note of the revision that a change of the store made.
    pub(crate) async fn refreshed(&self, done: Result<u64, StoreError>) -> Result<(), Fault> {
        done.map_err(fault)?;
        self.registry.revisions().refresh().await
    }

    /// Stops the calls of this host that were made with keys that are gone.
    pub(crate) async fn hold_to_keys(&self) -> Result<(), Fault> {
        for id in self.running.keys() {
            if self.store.key_load(&id).await.map_err(fault)?.is_none() {
                self.running.stop_of_key(&id);
            }
        }
        Ok(())
    }
}

/// What a key is for.
pub(crate) fn terms(key: &KeyRow) -> Result<KeyTerms, Fault> {
    let unread = |error| Fault::internal(format!("the terms of key {} can't be read: {error}", key.id));
    serde_json::from_str(&key.terms).map_err(unread)
}

pub(crate) fn fault(error: StoreError) -> Fault {
    match error {
        StoreError::Unavailable { .. } => Fault::unavailable(error.to_string()),
        StoreError::TooLarge { .. } => Fault::invalid_input(error.to_string()),
        StoreError::Full(_) => Fault::overloaded(error.to_string()),
        StoreError::Exists(_)
        | StoreError::InUse { .. }
        | StoreError::OtherWork { .. }
        | StoreError::JobState { .. } => Fault::conflict(error.to_string()),
        StoreError::NotFound(what) => {
            Fault::not_found(format!("no {what}: look at the list of what there is"))
        }
        other => Fault::internal(other.to_string()),
    }
}
