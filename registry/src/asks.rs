//! Requests for grants: checked when they are made, and checked again when an operator says yes.

use crate::govern::granted;
use crate::publish::RACES_MAX;
use crate::{Registry, fault, raced};
use skep_core::{Ask, AskId, AskState, Digest, DomainName, Fault, Grants, SkillName};
use skep_store::{AskFilter, Decision, SkillRow, StoreError};

impl Registry {
    /// Notes what somebody wants for a skill. `make` gets the skill as it is, once that could have it.
    pub async fn ask(
        &self,
        domain: &DomainName,
        skill: &SkillName,
        wanted: &Grants,
        make: impl FnOnce(Digest) -> Ask,
    ) -> Result<Ask, Fault> {
        let row = self.get(domain, skill).await?;
        // Which host paths there are, only an operator may find out: they are looked at on approval.
        let (serving, _) = granted(&row, wanted.clone())?;
        self.0.store.ask_create(domain, &make(serving.digest)).await.map_err(fault)
    }

    /// Requests of a domain, the newest first.
    pub async fn asks(&self, domain: &DomainName, filter: &AskFilter) -> Result<Vec<Ask>, Fault> {
        self.0.store.ask_list(domain, filter).await.map_err(fault)
    }

    /// One request of a domain.
    pub async fn ask_get(&self, domain: &DomainName, id: AskId) -> Result<Ask, Fault> {
        let found = self.0.store.ask_load(domain, id).await.map_err(fault)?;
        found.ok_or_else(|| {
            Fault::not_found(format!("no request {id}: `skep requests` shows those there are"))
        })
    }

    /// Grants what a request asks for, if it waits and the skill is still the code that it was made for.
    pub async fn ask_approve(&self, domain: &DomainName, decision: &Decision) -> Result<Ask, Fault> {
        for _ in 0..RACES_MAX {
            let ask = self.ask_get(domain, decision.id).await?;
            let row = self.get(domain, &ask.skill).await?;
            let grants = self.approvable(&row, &ask)?;
            match self.0.store.ask_approve(domain, &ask, decision, &grants, row.revision).await {
                Ok(revision) => {
                    self.0.revisions.observe(revision);
                    let (by, at) = (decision.by.clone(), decision.at);
                    let state = AskState::Approved;
                    return Ok(Ask { state, decided_by: Some(by), decided: Some(at), ..ask });
                }
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(fault(error)),
            }
        }
        Err(raced(&self.ask_get(domain, decision.id).await?.skill))
    }

    fn approvable(&self, row: &SkillRow, ask: &Ask) -> Result<Grants, Fault> {
        let (skill, id) = (&ask.skill, ask.id);
        if ask.state != AskState::Pending {
            return Err(fault(StoreError::Settled { id, state: ask.state }));
        }
        let rooted = self.0.rooted(ask.grants.clone())?;
        let (serving, grants) = granted(row, rooted)?;
        if serving.digest != ask.digest {
            return Err(Fault::conflict(format!(
                "`{skill}` is other code now than when request {id} was made: deny it, or grant it by `skep grant`"
            )));
        }
        Ok(grants)
    }

    /// Refuses what a request asks for.
    pub async fn ask_deny(&self, domain: &DomainName, decision: &Decision) -> Result<Ask, Fault> {
        self.0.store.ask_deny(domain, decision).await.map_err(fault)
    }
}
