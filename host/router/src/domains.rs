//! Domains: opened and removed by operators, known to every host as of a confirmed revision.

use crate::keys::fault;
use crate::{Inner, Operator, Router};
use parking_lot::RwLock;
use skep_bus::BusError;
use skep_core::{AuditAction, DomainName, Fault};
use skep_store::DomainRow;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// Pause before the domains are looked up again.
const PAUSE: Duration = Duration::from_millis(100);

/// The domains that there were at a revision.
#[derive(Default)]
pub(crate) struct Domains(RwLock<(u64, BTreeSet<DomainName>)>);

impl Domains {
    /// Whether a domain is among them; nothing where they are of an older revision.
    fn know(&self, domain: &DomainName, revision: u64) -> Option<bool> {
        let known = self.0.read();
        (known.0 >= revision).then(|| known.1.contains(domain))
    }

    fn learn(&self, revision: u64, names: BTreeSet<DomainName>) {
        let mut known = self.0.write();
        if known.0 <= revision {
            *known = (revision, names);
        }
    }
}

impl Router {
    /// All domains by name.
    pub async fn domain_list(&self) -> Result<Vec<DomainRow>, Fault> {
        self.0.store.domain_list().await.map_err(fault)
    }

    /// Opens a domain, on every host.
    pub async fn domain_add(&self, by: &Operator, domain: &DomainRow) -> Result<(), Fault> {
        let done = self.0.refreshed(self.0.store.domain_create(domain).await).await;
        self.changed(&about(by, &domain.name), AuditAction::DomainCreate, None, String::new(), &done).await;
        done?;
        self.within(&domain.name).await
    }

    /// Removes a domain that holds no skills, secrets or keys any more.
    pub async fn domain_remove(&self, by: &Operator, name: &DomainName) -> Result<(), Fault> {
        let done = match *name == DomainName::default() {
            true => Err(Fault::conflict(format!("domain `{name}` stays: it is that of all who name none"))),
            false => self.0.refreshed(self.0.store.domain_remove(name).await).await,
        };
        self.changed(&about(by, name), AuditAction::DomainRemove, None, String::new(), &done).await;
        done
    }

    /// Refuses a domain that isn't there.
    pub async fn within(&self, domain: &DomainName) -> Result<(), Fault> {
        self.0.within(domain).await
    }
}

/// The same operator in the domain that it is about.
fn about(by: &Operator, domain: &DomainName) -> Operator {
    Operator { chain: by.chain.clone(), domain: domain.clone() }
}

/// The answer to who names a domain that isn't there, or not for them.
pub fn unknown_domain(domain: &DomainName) -> Fault {
    Fault::not_found(format!(
        "no domain `{domain}`: `skep domain list` shows what there is, `skep domain add {domain}` opens it"
    ))
}

impl Inner {
    /// Refuses a domain that isn't there; one that is, is open on this host when this returns.
    pub(crate) async fn within(&self, domain: &DomainName) -> Result<(), Fault> {
        // It is always there, so that nothing that serves needs to be looked up for it.
        if *domain == DomainName::default() {
            return Ok(());
        }
        self.registry.revisions().confirm(0).await?;
        if !self.knows(domain).await? {
            // Another host may have opened it a moment ago.
            self.registry.revisions().refresh().await?;
            if !self.knows(domain).await? {
                return Err(unknown_domain(domain));
            }
        }
        Ok(self.bus.open_domain(domain).await?)
    }

    async fn knows(&self, domain: &DomainName) -> Result<bool, Fault> {
        let seen = self.registry.revisions().seen();
        match self.domains.know(domain, seen) {
            Some(known) => Ok(known),
            None => Ok(self.learn_domains(seen).await?.contains(domain)),
        }
    }

    /// The domains as of a revision, or later.
    async fn learn_domains(&self, revision: u64) -> Result<BTreeSet<DomainName>, Fault> {
        let rows = self.store.domain_list().await.map_err(fault)?;
        let names: BTreeSet<_> = rows.into_iter().map(|row| row.name).collect();
        self.domains.learn(revision, names.clone());
        Ok(names)
    }

    /// Opens what domains there are, at each new revision: a host serves those too in which it is never asked.
    pub(crate) async fn follow_domains(self: Arc<Self>) {
        let mut revision = self.registry.revisions().subscribe();
        loop {
            while let Err(fault) = self.open_domains().await {
                tracing::warn!(%fault, "domains can't be opened yet");
                tokio::time::sleep(PAUSE).await;
            }
            if revision.changed().await.is_err() {
                return;
            }
        }
    }

    async fn open_domains(&self) -> Result<(), Fault> {
        let seen = self.registry.revisions().seen();
        for domain in self.learn_domains(seen).await? {
            match self.bus.open_domain(&domain).await {
                Err(error @ BusError::TooManyDomains { .. }) => {
                    tracing::error!(%domain, %error, "not served here")
                }
                opened => opened?,
            }
        }
        Ok(())
    }
}
