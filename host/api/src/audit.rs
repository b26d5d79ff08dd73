//! The audit: what was done, by whom, and whether the record of it is whole.

use crate::Api;
use crate::auth::Who;
use crate::error::Refusal;
use crate::request::Params;
use crate::types::{AuditEntry, AuditPage, AuditVerdict};
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde::de::IgnoredAny;
use skep_core::{AuditAction, CallId, Fault, FaultCode, SkillName, UnixMs};
use skep_store::{AUDIT_PAGE_MAX, AuditFilter, AuditRow};

/// Records of a page where the client doesn't say.
const PAGE_DEFAULT: u64 = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuditParams {
    #[serde(rename = "domain")]
    _domain: Option<IgnoredAny>,
    skill: Option<SkillName>,
    call: Option<CallId>,
    action: Option<AuditAction>,
    fault: Option<FaultCode>,
    since: Option<UnixMs>,
    limit: Option<u64>,
    before: Option<u64>,
}

/// `GET /v1/audit`: a page, the newest first.
pub(crate) async fn list(
    State(api): State<Api>,
    Who { identity, domain }: Who,
    Params(params): Params<AuditParams>,
) -> Result<Json<AuditPage>, Refusal> {
    let AuditParams { skill, call, action, fault, since, limit, before, .. } = params;
    let limit = limit.unwrap_or(PAGE_DEFAULT);
    if !(1..=AUDIT_PAGE_MAX).contains(&limit) {
        let most =
            format!("`limit` is {limit}: it can be 1 to {AUDIT_PAGE_MAX}, and `before` gets further pages");
        return Err(Fault::invalid_input(most).into());
    }
    let (domain, within, limit_of) = (Some(domain), identity.scope.skills, Some(limit));
    let filter = AuditFilter { domain, skill, within, call, action, fault, since, before, limit: limit_of };
    let rows = api.router().audit_list(&filter).await?;
    let full = rows.len() as u64 == limit;
    let before = rows.last().filter(|_| full).map(|row| row.id);
    let records = rows.into_iter().map(entry).collect::<Result<_, _>>()?;
    Ok(Json(AuditPage { records, before }))
}

fn entry(AuditRow { id, record }: AuditRow) -> Result<AuditEntry, Fault> {
    let event = record.event();
    let event = event.map_err(|e| {
        Fault::internal(format!("audit row {id} can't be read: {e}; `skep audit --verify` checks them all"))
    })?;
    Ok(AuditEntry { host: record.host, seq: record.seq, event })
}

/// `POST /v1/audit/verify`: checks the whole audit, of all domains.
pub(crate) async fn verify(State(api): State<Api>) -> Result<Json<AuditVerdict>, Refusal> {
    let found = api.router().audit_verify().await?;
    let (records, hosts, flaws_total) = (found.records, found.hosts, found.flaws_total);
    Ok(Json(AuditVerdict { records, hosts, flaws_total, flaws: found.flaws }))
}
