//! `skep approve`: lets the version that waits serve, with the skill's grants.

use crate::client::Client;
use crate::failure::Failure;
use crate::show;
use reqwest::Method;
use skep_api::types::Approved;
use skep_core::SkillRef;

pub(crate) async fn approve(client: &Client, skill: &SkillRef) -> Result<(), Failure> {
    let request = client.request(Method::POST, &["skills", &skill.to_string(), "approve"])?;
    let body = client.send(request).await?.json().await;
    let Approved { version } = body.map_err(|e| client.unreachable(e))?;
    show::line(format!("{} {version} serves", skill.name))
}
