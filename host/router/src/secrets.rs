//! Secrets: set, listed and deleted by operators; opened only for a call that may use them, when it does.

use crate::vault::Label;
use crate::{Inner, Operator, Router};
use skep_core::{AuditAction, DomainName, Fault, SecretName, SecretValue, UnixMs};
use skep_store::{SecretRow, SecretSet, StoreError};

impl Router {
    /// The secrets of a domain: all but their values.
    pub async fn secret_list(&self, domain: &DomainName) -> Result<Vec<SecretRow>, Fault> {
        self.within(domain).await?;
        self.0.store.secret_list(domain).await.map_err(fault)
    }

    /// Gives a secret a value, in the place of the one it has.
    pub async fn secret_set(
        &self,
        by: &Operator,
        name: &SecretName,
        value: &SecretValue,
    ) -> Result<SecretRow, Fault> {
        let done = self.set(by, name, value).await;
        let detail = done.as_ref().map_or(name.to_string(), |row| format!("{name} version {}", row.version));
        self.changed(by, AuditAction::SecretSet, None, detail, &done).await;
        done
    }

    /// Deletes a secret. Calls that run go on with what they have of it.
    pub async fn secret_delete(&self, by: &Operator, name: &SecretName) -> Result<(), Fault> {
        let done = self.0.store.secret_delete(&by.domain, name).await;
        let done = self.refreshed(done).await;
        self.changed(by, AuditAction::SecretDelete, None, name.to_string(), &done).await;
        done
    }

    async fn set(&self, by: &Operator, name: &SecretName, value: &SecretValue) -> Result<SecretRow, Fault> {
        let domain = &by.domain;
        self.within(domain).await?;
        let seal = |version| {
            let sealed = self.0.vault.seal(Label { domain, name, version }, value);
            sealed.map_err(|fault| StoreError::Internal(fault.message))
        };
        let who = by.chain.iter().map(ToString::to_string).collect::<Vec<_>>().join(" > ");
        let set = SecretSet { domain, name, by: &who, at: UnixMs::now(), seal: &seal };
        self.refreshed(self.0.store.secret_set(&set).await).await?;
        let row = self.secret_list(domain).await?.into_iter().find(|row| row.name == *name);
        row.ok_or_else(|| Fault::unavailable(format!("secret `{name}` was deleted as soon as it was set")))
    }

    /// Takes note of the revision that a change made.
    async fn refreshed(&self, done: Result<u64, StoreError>) -> Result<(), Fault> {
        done.map_err(fault)?;
        self.0.registry.revisions().refresh().await
    }
}

impl Inner {
    /// The value of a secret, if it has one.
    pub(crate) async fn secret(
        &self,
        domain: &DomainName,
        name: &SecretName,
    ) -> Result<Option<SecretValue>, Fault> {
        let Some(stored) = self.store.secret_read(domain, name).await.map_err(fault)? else {
            return Ok(None);
        };
        let opened = self.vault.open(Label { domain, name, version: stored.version }, &stored.sealed);
        opened.inspect_err(|fault| tracing::error!(%domain, %fault, "a secret stays shut")).map(Some)
    }
}

fn fault(error: StoreError) -> Fault {
    match error {
        StoreError::Unavailable { .. } => Fault::unavailable(error.to_string()),
        StoreError::TooLarge { .. } => Fault::invalid_input(error.to_string()),
        StoreError::NotFound(what) => {
            Fault::not_found(format!("{what} isn't set: `skep secret list` shows what is"))
        }
        other => Fault::internal(other.to_string()),
    }
}
