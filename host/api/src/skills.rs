//! Skills: what is installed, in short and in full; install and remove.

use crate::Api;
use crate::auth::Who;
use crate::error::Refusal;
use crate::request::{At, By, DomainOnly, Params, RawBody, from_json, is_json, page_limit};
use crate::types::{
    Added, ConfigAnswer, InstallRequest, MatchList, SkillDetail, SkillList, SkillSummary, ToolDetail,
};
use crate::{breaker, grants, versions};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use skep_core::{DomainName, Fault, Limits, LimitsSpec, SkillName, SkillRef};
use skep_registry::{AddOptions, Source, find, inspection_of, manifest_of, no_version};
use skep_sandbox::{Inspection, Tool};
use skep_store::{SkillRow, VersionRow, VersionState};
use utoipa::{IntoParams, ToSchema};

/// Largest body of an install: a component of 64 MiB in base64, and its texts.
pub(crate) const INSTALL_BYTES_MAX: usize = 96 << 20;

/// Skills of a page at most.
const SKILLS_PAGE_MAX: u64 = 1_000;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParams {
    /// The domain; `main` if left out.
    #[serde(rename = "domain")]
    #[param(value_type = Option<DomainName>)]
    _domain: Option<IgnoredAny>,
    /// Only what offers this capability or something near it, the best first.
    capability: Option<String>,
    /// Skills of the page; 1000 if left out.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u64>,
    /// Only what comes behind this name, as the page before said. Of no meaning with `capability`.
    after: Option<SkillName>,
}

/// The answer to `GET /v1/skills`: by name, or by how well they fit.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Listing {
    All(SkillList),
    Fitting(MatchList),
}

/// Lists the skills of a domain, or finds those that offer a capability.
#[utoipa::path(get, path = "/skills", operation_id = "skills_list", tag = "skills", params(ListParams),
    responses((status = OK, description = "The skills", body = Listing)))]
pub(crate) async fn list(
    State(api): State<Api>,
    who: Who,
    Params(params): Params<ListParams>,
) -> Result<axum::Json<Listing>, Refusal> {
    let limit = page_limit(params.limit, SKILLS_PAGE_MAX, SKILLS_PAGE_MAX)?;
    api.router().within(&who.domain).await?;
    let registry = api.router().registry();
    if let Some(wanted) = params.capability {
        let mut rows = registry.list(&who.domain).await?;
        rows.retain(|row| who.sees(&row.name));
        let mut matches = find(&rows, &wanted);
        matches.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        return Ok(axum::Json(Listing::Fitting(MatchList { matches })));
    }
    let mut rows = registry.page(&who.domain, params.after.as_ref(), limit).await?;
    let next = rows.last().filter(|_| rows.len() as u64 == limit).map(|row| row.name.clone());
    rows.retain(|row| who.sees(&row.name));
    let skills = rows.iter().map(summary).collect::<Result<_, _>>()?;
    Ok(axum::Json(Listing::All(SkillList { skills, next })))
}

/// What a bare component doesn't say of itself.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct InstallParams {
    /// The domain; `main` if left out.
    #[serde(rename = "domain")]
    #[param(value_type = Option<DomainName>)]
    _domain: Option<IgnoredAny>,
    /// The name of a component that is sent bare; a body of JSON has its own.
    name: Option<SkillName>,
}

/// Installs a skill, or a new version of it: from its parts, or a bare component.
#[utoipa::path(post, path = "/skills", operation_id = "skill_install", tag = "skills", params(InstallParams),
    request_body(content((InstallRequest = "application/json"), (Vec<u8> = "application/wasm"))), responses(
        (status = CREATED, description = "Installed: it serves, or it waits for approval", body = Added),
        (status = OK, description = "This very version was there already", body = Added)))]
pub(crate) async fn install(
    State(api): State<Api>,
    who: Who,
    Params(params): Params<InstallParams>,
    headers: HeaderMap,
    body: RawBody<INSTALL_BYTES_MAX>,
) -> Result<(StatusCode, axum::Json<Added>), Refusal> {
    let request = match headers.get(header::CONTENT_TYPE) {
        Some(media) if media == "application/wasm" => InstallRequest::bare(body.bytes, params.name),
        _ => {
            is_json(&headers)?;
            from_json(&body.bytes)?
        }
    };
    let InstallRequest { component, manifest, prompt, name, grants, replace } = request;
    let mut source = Source::new(component.0, manifest, prompt)?;
    if let Some(name) = name {
        source = source.named(name)?;
    }
    if let Some(name) = source.name() {
        who.must_see(name)?;
    }
    let options = AddOptions { grants: grants::checked(&who, grants)?, replace };
    let added = api.router().add(&who.operator(), source, options).await?;
    let status = if added.unchanged { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, axum::Json(added)))
}

/// Shows a skill, and one version of it in full.
#[utoipa::path(get, path = "/skills/{skill}", operation_id = "skill_show", tag = "skills",
    params(("skill" = SkillRef, Path, description = "The skill, or one version of it"), DomainOnly),
    responses((status = OK, description = "The skill", body = SkillDetail)))]
pub(crate) async fn inspect(
    State(api): State<Api>,
    By(by): By,
    who: Who,
    At(skill): At<SkillRef>,
) -> Result<axum::Json<SkillDetail>, Refusal> {
    let row = api.router().registry().get(&by.domain, &skill.name).await?;
    let mut detail = detail(row, skill.version.as_ref(), api.router().ceiling())?;
    detail.breaker = breaker::detail(&api, &by.domain, &skill.name);
    if !who.identity.audits() {
        (detail.grants, detail.config) = (None, None);
    }
    Ok(axum::Json(detail))
}

/// Removes a skill with its versions, grants, configuration and state.
#[utoipa::path(delete, path = "/skills/{skill}", operation_id = "skill_remove", tag = "skills",
    params(("skill" = SkillName, Path, description = "The skill"), DomainOnly),
    responses((status = NO_CONTENT, description = "It is gone")))]
pub(crate) async fn remove(
    State(api): State<Api>,
    By(by): By,
    At(skill): At<SkillName>,
) -> Result<StatusCode, Refusal> {
    api.router().remove(&by, &skill).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn in_state(row: &SkillRow, state: VersionState) -> Option<&VersionRow> {
    row.versions.iter().find(|v| v.state == state)
}

/// The version that serves, else the one that waits, else any.
pub(crate) fn foremost(row: &SkillRow) -> Result<&VersionRow, Fault> {
    let serving = in_state(row, VersionState::Current);
    let version = serving.or_else(|| in_state(row, VersionState::Waiting)).or(row.versions.first());
    version.ok_or_else(|| Fault::internal(format!("skill `{}` has no version", row.name)))
}

fn summary(row: &SkillRow) -> Result<SkillSummary, Fault> {
    let version = foremost(row)?;
    let (manifest, inspection) = (manifest_of(version)?, inspection_of(version)?);
    let section = manifest.map(|m| m.skill);
    let named = |state| in_state(row, state).map(|v| v.version.clone());
    Ok(SkillSummary {
        name: row.name.clone(),
        version: named(VersionState::Current),
        waiting: named(VersionState::Waiting),
        description: section.as_ref().map(|s| s.description.clone()).unwrap_or_default(),
        capabilities: section.map(|s| s.capabilities).unwrap_or_default(),
        tools: inspection.tools.into_iter().map(|t| t.name).collect(),
        published: version.published,
    })
}

/// A skill, with the version `asked` in full.
pub(crate) fn detail(
    row: SkillRow,
    asked: Option<&semver::Version>,
    ceiling: &Limits,
) -> Result<SkillDetail, Fault> {
    let version = match asked {
        Some(asked) => {
            row.versions.iter().find(|v| v.version == *asked).ok_or_else(|| no_version(&row, asked))?
        }
        None => foremost(&row)?,
    };
    let Inspection { shape, tools, imports, exports_ignored, producers, .. } = inspection_of(version)?;
    let manifest = manifest_of(version)?;
    let section = manifest.as_ref().map(|m| m.skill.clone());
    Ok(SkillDetail {
        versions: row.versions.iter().map(versions::summary).collect(),
        version: version.version.clone(),
        description: section.as_ref().map(|s| s.description.clone()).unwrap_or_default(),
        capabilities: section.map(|s| s.capabilities).unwrap_or_default(),
        shape,
        tools: tools.into_iter().map(tool_detail).collect(),
        imports,
        exports_ignored,
        producers,
        requests: manifest.map(|m| m.requests),
        limits: limits_of(version, ceiling)?,
        prompt: version.prompt.clone(),
        breaker: None,
        config: Some(config_of(&row, version)?),
        grants: Some(row.grants),
        name: row.name,
    })
}

/// The limits that hold for a version.
pub(crate) fn limits_of(version: &VersionRow, ceiling: &Limits) -> Result<Limits, Fault> {
    let limits = manifest_of(version)?.map_or_else(LimitsSpec::default, |m| m.limits);
    limits.within(ceiling).map_err(|e| Fault::invalid_input(e.to_string()))
}

/// How a skill is configured, in a version of it.
pub(crate) fn config_of(row: &SkillRow, version: &VersionRow) -> Result<ConfigAnswer, Fault> {
    let mut effective = manifest_of(version)?.map(|m| m.config).unwrap_or_default();
    effective.extend(row.config.clone());
    Ok(ConfigAnswer { effective, set: row.config.clone() })
}

fn tool_detail(tool: Tool) -> ToolDetail {
    let Tool { name, description, input_schema, output_schema, .. } = tool;
    ToolDetail { name, description, input_schema, output_schema }
}
