//! Versions of a skill: which there are, which one serves.

use crate::Api;
use crate::error::Refusal;
use crate::request::{At, By, DomainOnly};
use crate::types::{Approved, VersionList, VersionStanding, VersionSummary};
use axum::extract::State;
use axum::http::StatusCode;
use skep_core::{SkillName, VersionText};
use skep_store::{VersionRow, VersionState};

/// Lists the versions of a skill, the latest published first.
#[utoipa::path(get, path = "/skills/{skill}/versions", operation_id = "versions_list", tag = "skills",
    params(("skill" = SkillName, Path, description = "The skill"), DomainOnly),
    responses((status = OK, description = "The versions", body = VersionList)))]
pub(crate) async fn list(
    State(api): State<Api>,
    By(by): By,
    At(skill): At<SkillName>,
) -> Result<axum::Json<VersionList>, Refusal> {
    let row = api.router().registry().get(&by.domain, &skill).await?;
    Ok(axum::Json(VersionList { versions: row.versions.iter().map(summary).collect() }))
}

/// Lets an older version serve again, with the skill's grants.
#[utoipa::path(post, path = "/skills/{skill}/versions/{version}/activate", operation_id = "version_activate",
    tag = "skills", params(("skill" = SkillName, Path, description = "The skill"),
        ("version" = VersionText, Path, description = "The version"), DomainOnly),
    responses((status = OK, description = "It serves", body = Approved)))]
pub(crate) async fn activate(
    State(api): State<Api>,
    By(by): By,
    At((skill, version)): At<(SkillName, semver::Version)>,
) -> Result<axum::Json<Approved>, Refusal> {
    api.router().activate(&by, &skill, &version).await?;
    Ok(axum::Json(Approved { version }))
}

/// Removes a version that doesn't serve.
#[utoipa::path(delete, path = "/skills/{skill}/versions/{version}", operation_id = "version_remove",
    tag = "skills", params(("skill" = SkillName, Path, description = "The skill"),
        ("version" = VersionText, Path, description = "The version"), DomainOnly),
    responses((status = NO_CONTENT, description = "It is gone")))]
pub(crate) async fn remove(
    State(api): State<Api>,
    By(by): By,
    At((skill, version)): At<(SkillName, semver::Version)>,
) -> Result<StatusCode, Refusal> {
    api.router().version_remove(&by, &skill, &version).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) fn summary(row: &VersionRow) -> VersionSummary {
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
