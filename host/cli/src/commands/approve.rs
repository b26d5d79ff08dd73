//! `skep approve`: lets the version that waits serve, with the skill's grants.

use crate::client::Client;
use crate::failure::Failure;
use crate::show;
use reqwest::Method;
use skep_api::types::Approved;
use skep_core::SkillName;

pub(crate) async fn approve(client: &Client, skill: &SkillName) -> Result<(), Failure> {
    let request = client.request(Method::POST, &["skills", skill.as_str(), "approve"])?;
    let body = client.send(request).await?.json().await;
    let Approved { version } = body.map_err(|e| client.unreachable(e))?;
    show::line(format!("{skill} {version} serves"))
}
