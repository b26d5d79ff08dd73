//! The audit: what was done, by whom, and whether the record of it is whole.

use crate::Api;
use crate::auth::Who;
use crate::error::Refusal;
use crate::request::{Mark, Params, page_limit};
use crate::types::{AuditEntry, AuditPage, AuditVerdict};
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde::de::IgnoredAny;
use skep_core::{AuditAction, CallId, DomainName, Fault, FaultCode, SkillName, UnixMs};
use skep_store::{AUDIT_PAGE_MAX, AuditFilter, AuditRow};
use utoipa::IntoParams;

/// Records of a page where the client doesn't say.
const PAGE_DEFAULT: u64 = 100;

/// What a page of the audit is narrowed down to; all of it must fit.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditParams {
    /// The domain; `main` if left out.
    #[serde(rename = "domain")]
    #[param(value_type = Option<DomainName>)]
    _domain: Option<IgnoredAny>,
    /// What was done to this skill.
    skill: Option<SkillName>,
    /// This call.
    call: Option<CallId>,
    /// What was done.
    action: Option<AuditAction>,
    /// What ended with this fault.
    fault: Option<FaultCode>,
    /// What ended then or later.
    #[param(value_type = Option<UnixMs>)]
    since: Option<Mark>,
    /// Records of the page; 100 if left out.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u64>,
    /// Only what is older, as the page before said.
    #[param(value_type = Option<u64>)]
    before: Option<Mark>,
}

/// Shows a page of the audit, the newest first.
#[utoipa::path(get, path = "/audit", operation_id = "audit_list", tag = "audit", params(AuditParams),
    responses((status = OK, description = "A page", body = AuditPage)))]
pub(crate) async fn list(
    State(api): State<Api>,
    Who { identity, domain }: Who,
    Params(params): Params<AuditParams>,
) -> Result<Json<AuditPage>, Refusal> {
    let AuditParams { skill, call, action, fault, since, limit, before, .. } = params;
    let limit = page_limit(limit, PAGE_DEFAULT, AUDIT_PAGE_MAX)?;
    let (since, before) = (since.map(|at| UnixMs(at.0)), before.map(|row| row.0));
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

/// Checks the whole audit, of all domains.
#[utoipa::path(post, path = "/audit/verify", operation_id = "audit_verify", tag = "audit",
    responses((status = OK, description = "What was found", body = AuditVerdict)))]
pub(crate) async fn verify(State(api): State<Api>) -> Result<Json<AuditVerdict>, Refusal> {
    let found = api.router().audit_verify().await?;
    let (records, hosts, flaws_total) = (found.records, found.hosts, found.flaws_total);
    Ok(Json(AuditVerdict { records, hosts, flaws_total, flaws: found.flaws }))
}
