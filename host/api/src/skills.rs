//! Skills: what is installed, in short and in full; install and remove.

use crate::Api;
use crate::auth::Who;
use crate::error::Refusal;
use crate::grants;
use crate::request::{At, By, DomainOnly, Json, Params};
use crate::types::{
    Added, ConfigAnswer, InstallRequest, MatchList, SkillDetail, SkillList, SkillSummary, ToolDetail,
    VersionStanding, VersionSummary,
};
use axum::extract::State;
use axum::http::StatusCode;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use skep_core::{DomainName, Fault, Limits, LimitsSpec, SkillName, SkillRef};
use skep_registry::{AddOptions, Source, find, inspection_of, manifest_of};
use skep_sandbox::{Inspection, Tool};
use skep_store::{SkillRow, VersionRow, VersionState};
use utoipa::{IntoParams, ToSchema};

/// Largest body of an install: a component of 64 MiB in base64, and its texts.
pub(crate) const INSTALL_BYTES_MAX: usize = 96 << 20;

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
    let mut rows = api.router().registry().list(&who.domain).await?;
    rows.retain(|row| who.sees(&row.name));
    if let Some(wanted) = params.capability {
        return Ok(axum::Json(Listing::Fitting(MatchList { matches: find(&rows, &wanted) })));
    }
    let skills = rows.iter().map(summary).collect::<Result<_, _>>()?;
    Ok(axum::Json(Listing::All(SkillList { skills })))
}

/// Installs a skill, or a new version of it.
#[utoipa::path(post, path = "/skills", operation_id = "skill_install", tag = "skills", params(DomainOnly),
    request_body = InstallRequest, responses(
        (status = CREATED, description = "Installed: it serves, or it waits for approval", body = Added),
        (status = OK, description = "This very version was there already", body = Added)))]
pub(crate) async fn install(
    State(api): State<Api>,
    By(by): By,
    who: Who,
    Json(request, _room): Json<InstallRequest, INSTALL_BYTES_MAX>,
) -> Result<(StatusCode, axum::Json<Added>), Refusal> {
    let InstallRequest { component, manifest, prompt, name, grants, replace } = request;
    let mut source = Source::new(component.0, manifest, prompt)?;
    if let Some(name) = name {
        source = source.named(name)?;
    }
    if let Some(name) = source.name() {
        who.must_see(name)?;
    }
    let options = AddOptions { grants: grants::checked(&who, grants)?, replace };
    let added = api.router().add(&by, source, options).await?;
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
    let limits = manifest.as_ref().map_or_else(LimitsSpec::default, |m| m.limits.clone());
    let section = manifest.as_ref().map(|m| m.skill.clone());
    Ok(SkillDetail {
        versions: row.versions.iter().map(version_summary).collect(),
        version: version.version.clone(),
        description: section.as_ref().map(|s| s.description.clone()).unwrap_or_default(),
        capabilities: section.map(|s| s.capabilities).unwrap_or_default(),
        shape,
        tools: tools.into_iter().map(tool_detail).collect(),
        imports,
        exports_ignored,
        producers,
        requests: manifest.map(|m| m.requests),
        limits: limits.within(ceiling).map_err(|e| Fault::invalid_input(e.to_string()))?,
        prompt: version.prompt.clone(),
        config: Some(config_of(&row, version)?),
        grants: Some(row.grants),
        name: row.name,
    })
}

/// How a skill is configured, in a version of it.
pub(crate) fn config_of(row: &SkillRow, version: &VersionRow) -> Result<ConfigAnswer, Fault> {
    let mut effective = manifest_of(version)?.map(|m| m.config).unwrap_or_default();
    effective.extend(row.config.clone());
    Ok(ConfigAnswer { effective, set: row.config.clone() })
}

fn no_version(row: &SkillRow, asked: &semver::Version) -> Fault {
    let there: Vec<_> = row.versions.iter().map(|v| v.version.to_string()).collect();
    let (name, there) = (&row.name, there.join(", "));
    Fault::unknown_skill(format!("skill `{name}` has no version {asked}; it has: {there}"))
}

fn version_summary(row: &VersionRow) -> VersionSummary {
    VersionSummary {
        version: row.version.clone(),
        standing: match row.state {
            VersionState::Current => VersionStanding::Current,
            VersionState::Waiting => VersionStanding::Waiting,
            VersionState::Old => VersionStanding::Old,
        },
        digest: row.digest,
        component_bytes: row.component_bytes,
        published: row.published,
    }
}

fn tool_detail(tool: Tool) -> ToolDetail {
    let Tool { name, description, input_schema, output_schema, .. } = tool;
    ToolDetail { name, description, input_schema, output_schema }
}
