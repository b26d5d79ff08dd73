//! `skep approve`: lets the version that waits serve, with the skill's grants.

use crate::client::Client;
use crate::failure::Failure;
use crate::show;
use skep_api::types::Approved;
use skep_core::SkillRef;

pub(crate) async fn approve(client: &Client, skill: &SkillRef) -> Result<(), Failure> {
    let Approved { version } = client.approve(&skill.to_string()).await?;
    show::line(format!("{} {version} serves", skill.name))
}
