//! Deciding a request: once, and what is approved is granted in the same transaction.

use super::{SELECT, lock, read};
use crate::change::{check_revision, json};
use crate::db::{Abort, Purpose, Tx, Value, Work, text, values};
use crate::revision::Change;
use crate::{Store, StoreError};
use async_trait::async_trait;
use skep_core::{Ask, AskId, AskState, DomainName, Grants, Principal, UnixMs};

/// What an operator says to a request.
#[derive(Debug, Clone)]
pub struct Decision {
    /// The request.
    pub id: AskId,
    /// Who decides.
    pub by: Principal,
    /// When.
    pub at: UnixMs,
    /// Why it is denied.
    pub reason: Option<String>,
}

impl Store {
    /// Approves a request: from now on the skill has these grants. Answers with the new revision;
    /// `expect` is the revision of the skill on which that was decided.
    pub async fn ask_approve(
        &self,
        domain: &DomainName,
        ask: &Ask,
        decision: &Decision,
        grants: &Grants,
        expect: u64,
    ) -> Result<u64, StoreError> {
        let grants = json("the grants", grants)?;
        self.db.change(&Approve { domain, ask, decision, grants, expect }).await
    }

    /// Denies a request.
    pub async fn ask_deny(&self, domain: &DomainName, decision: &Decision) -> Result<Ask, StoreError> {
        self.db.transact(Purpose::Write, &Deny { domain, decision }).await
    }
}

struct Approve<'a> {
    domain: &'a DomainName,
    ask: &'a Ask,
    decision: &'a Decision,
    grants: Value,
    expect: u64,
}

#[async_trait]
impl Change for Approve<'_> {
    async fn apply(&self, tx: &mut Tx, revision: u64) -> Result<(), Abort> {
        check_revision(tx, self.domain, &self.ask.skill, Some(self.expect)).await?;
        settle(tx, self.domain, self.decision, AskState::Approved).await?;
        let sql = "UPDATE skills SET revision = ?, grants = ? WHERE domain = ? AND name = ?";
        let values = values![revision, self.grants.clone(), text(self.domain), text(&self.ask.skill)];
        Ok(tx.exec(sql, values).await?)
    }
}

struct Deny<'a> {
    domain: &'a DomainName,
    decision: &'a Decision,
}

#[async_trait]
impl Work for Deny<'_> {
    type Output = Ask;

    async fn run(&self, tx: &mut Tx) -> Result<Ask, Abort> {
        lock(tx).await?;
        settle(tx, self.domain, self.decision, AskState::Denied).await
    }
}

/// Writes down a decision on a request that waits; one that was written down already stays as it is.
async fn settle(
    tx: &mut Tx,
    domain: &DomainName,
    decision: &Decision,
    state: AskState,
) -> Result<Ask, Abort> {
    let sql = format!("{SELECT} AND id = ?");
    let found = tx.query_one(&sql, vec![text(domain), text(decision.id)]).await?;
    let missing = || StoreError::NotFound(format!("request {}", decision.id));
    let ask = read(found.ok_or_else(missing)?, decision.at)?;
    let settled = Ask {
        state,
        decided_by: Some(decision.by.clone()),
        decided: Some(decision.at),
        reason: decision.reason.clone(),
        ..ask.clone()
    };
    if ask == settled {
        return Ok(ask);
    }
    if ask.state != AskState::Pending {
        return Err(StoreError::Settled { id: ask.id, state: ask.state }.into());
    }
    let sql = "UPDATE grant_requests SET state = ?, decided_by = ?, decided = ?, reason = ? WHERE id = ?";
    let reason = decision.reason.clone();
    let values = values![state.as_str(), text(&decision.by), decision.at.0, reason, text(decision.id)];
    tx.exec(sql, values).await?;
    Ok(settled)
}
