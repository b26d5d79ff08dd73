//! Domains: listed within reach; opened and removed by operators of the whole deployment.

use crate::Api;
use crate::auth::Who;
use crate::error::Refusal;
use crate::request::{At, By, DomainOnly, Json};
use crate::types::{DomainInfo, DomainList, DomainRequest};
use axum::extract::State;
use axum::http::StatusCode;
use skep_core::{DomainName, UnixMs};
use skep_router::DomainRow;

/// Lists the domains that who asks reaches.
#[utoipa::path(get, path = "/domains", operation_id = "domain_list", tag = "domains", params(DomainOnly),
    responses((status = OK, description = "The domains", body = DomainList)))]
pub(crate) async fn list(State(api): State<Api>, _: By, who: Who) -> Result<axum::Json<DomainList>, Refusal> {
    let rows = api.router().domain_list().await?.into_iter();
    let domains = rows.filter(|row| who.identity.reaches(&row.name)).map(info).collect();
    Ok(axum::Json(DomainList { domains }))
}

/// Opens a domain. Every host serves it from then on.
#[utoipa::path(post, path = "/domains", operation_id = "domain_add", tag = "domains", params(DomainOnly),
    request_body = DomainRequest,
    responses((status = CREATED, description = "The domain", body = DomainInfo)))]
pub(crate) async fn add(
    State(api): State<Api>,
    By(by): By,
    Json(DomainRequest { name }, _room): Json<DomainRequest>,
) -> Result<(StatusCode, axum::Json<DomainInfo>), Refusal> {
    let created_by = by.chain.iter().map(ToString::to_string).collect::<Vec<_>>().join(" > ");
    let row = DomainRow { name, created: UnixMs::now(), created_by };
    api.router().domain_add(&by, &row).await?;
    Ok((StatusCode::CREATED, axum::Json(info(row))))
}

/// Removes a domain that holds no skills, secrets or keys.
#[utoipa::path(delete, path = "/domains/{name}", operation_id = "domain_remove", tag = "domains",
    params(("name" = DomainName, Path, description = "The domain"), DomainOnly),
    responses((status = NO_CONTENT, description = "It is gone")))]
pub(crate) async fn remove(
    State(api): State<Api>,
    By(by): By,
    At(name): At<DomainName>,
) -> Result<StatusCode, Refusal> {
    api.router().domain_remove(&by, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn info(row: DomainRow) -> DomainInfo {
    let DomainRow { name, created, created_by } = row;
    DomainInfo { name, created, created_by }
}
