//! State of skills, for operators: look at it, and mend it.

use crate::Api;
use crate::auth::Who;
use crate::error::Refusal;
use crate::request::{At, By, DomainOnly, Mark, Params, RawBody};
use crate::skills;
use crate::types::StatePage;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Deserialize;
use serde::de::IgnoredAny;
use skep_core::{
    Bucket, DomainName, Fault, STATE_KEY_BYTES_MAX, STATE_VALUE_BYTES_MAX, SkillName, StateChange,
    StateLimits,
};
use skep_router::Operator;
use utoipa::{IntoParams, ToSchema};

/// The buckets, by name.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum BucketName {
    /// With the messages: fast, and gone if they are.
    Hot,
    /// In the database.
    Durable,
}

impl From<BucketName> for Bucket {
    fn from(name: BucketName) -> Self {
        match name {
            BucketName::Hot => Self::Hot,
            BucketName::Durable => Self::Durable,
        }
    }
}

/// One key of a bucket.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct Place {
    /// The skill.
    skill: SkillName,
    /// The bucket.
    bucket: BucketName,
    /// The key, of at most 512 bytes.
    #[param(min_length = 1, max_length = 512)]
    key: String,
}

/// Where a page of keys begins.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageParams {
    /// The domain; `main` if left out.
    #[serde(rename = "domain")]
    #[param(value_type = Option<DomainName>)]
    _domain: Option<IgnoredAny>,
    /// Where to begin, as the page before said.
    #[param(value_type = Option<u64>)]
    from: Option<Mark>,
}

/// Lists the keys of a bucket, a page of at most 1000.
#[utoipa::path(get, path = "/skills/{skill}/state/{bucket}", operation_id = "state_keys", tag = "state",
    params(("skill" = SkillName, Path, description = "The skill"),
        ("bucket" = BucketName, Path, description = "The bucket"), PageParams),
    responses((status = OK, description = "A page", body = StatePage)))]
pub(crate) async fn keys(
    State(api): State<Api>,
    who: Who,
    At((skill, bucket)): At<(SkillName, BucketName)>,
    Params(page): Params<PageParams>,
) -> Result<axum::Json<StatePage>, Refusal> {
    api.router().registry().get(&who.domain, &skill).await?;
    let page = api
        .router()
        .state_keys(&who.domain, &skill, bucket.into(), page.from.map_or(0, |mark| mark.0))
        .await?;
    Ok(axum::Json(StatePage { keys: page.keys, next: page.next }))
}

/// Shows the value of a key.
#[utoipa::path(get, path = "/skills/{skill}/state/{bucket}/{key}", operation_id = "state_show", tag = "state",
    params(Place, DomainOnly),
    responses((status = OK, description = "The value", body = Vec<u8>, content_type = "application/octet-stream")))]
pub(crate) async fn show(
    State(api): State<Api>,
    By(by): By,
    At(place): At<Place>,
) -> Result<Response, Refusal> {
    checked(&api, &by, &place).await?;
    let value = api.router().state_value(&by.domain, &place.skill, place.bucket.into(), &place.key).await?;
    let value = value.ok_or_else(|| Fault::not_found(format!("no key `{}` in that bucket", place.key)))?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], value).into_response())
}

/// Sets the value of a key, within the limits of the skill.
#[utoipa::path(put, path = "/skills/{skill}/state/{bucket}/{key}", operation_id = "state_set", tag = "state",
    params(Place, DomainOnly),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "The value"),
    responses((status = NO_CONTENT, description = "It is set")))]
pub(crate) async fn set(
    State(api): State<Api>,
    By(by): By,
    At(place): At<Place>,
    value: RawBody<STATE_VALUE_BYTES_MAX>,
) -> Result<StatusCode, Refusal> {
    change(&api, &by, place, StateChange::Set(Bytes::copy_from_slice(&value.bytes))).await
}

/// Deletes a key, if it is there.
#[utoipa::path(delete, path = "/skills/{skill}/state/{bucket}/{key}", operation_id = "state_delete",
    tag = "state", params(Place, DomainOnly),
    responses((status = NO_CONTENT, description = "It isn't there any more")))]
pub(crate) async fn delete(
    State(api): State<Api>,
    By(by): By,
    At(place): At<Place>,
) -> Result<StatusCode, Refusal> {
    change(&api, &by, place, StateChange::Delete).await
}

async fn change(api: &Api, by: &Operator, place: Place, change: StateChange) -> Result<StatusCode, Refusal> {
    let limits = checked(api, by, &place).await?;
    let at = (&place.skill, place.bucket.into(), &*place.key);
    api.router().state_change(by, at, change, limits).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The limits of the skill's state, if there is such a skill and its buckets take such a key.
async fn checked(api: &Api, by: &Operator, place: &Place) -> Result<StateLimits, Fault> {
    let row = api.router().registry().get(&by.domain, &place.skill).await?;
    if !(1..=STATE_KEY_BYTES_MAX).contains(&place.key.len()) {
        return Err(Fault::invalid_input(format!("a key has 1 to {STATE_KEY_BYTES_MAX} bytes")));
    }
    let limits = skills::limits_of(skills::foremost(&row)?, api.router().ceiling())?;
    Ok(StateLimits::from(&limits))
}
