//! `skep grant`: gives a skill files or variables.

use super::{grants, input};
use crate::args::{GrantFlags, Place};
use crate::client::Client;
use crate::failure::Failure;
use reqwest::Method;
use skep_api::types::GrantRequest;
use skep_core::{Grants, SkillName};

pub(crate) async fn grant(
    client: &Client,
    place: &Place,
    skill: &SkillName,
    flags: &GrantFlags,
) -> Result<(), Failure> {
    let more = input::grants(flags)?;
    if more.is_empty() {
        return Err(Failure::Usage(
            "nothing to grant: name --fs HOST[:GUEST][:ro|rw] or --env KEY=VALUE".to_owned(),
        ));
    }
    let path = ["skills", skill.as_str(), "grants"];
    let held: Grants = client.put(Method::POST, &path, &GrantRequest::from(more)).await?;
    grants::print(place, skill, &held)
}
