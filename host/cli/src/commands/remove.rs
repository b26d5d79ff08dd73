//! `skep remove`: a skill with its versions, grants and configuration.

use crate::client::Client;
use crate::failure::Failure;
use crate::show;
use reqwest::Method;
use skep_core::SkillName;

pub(crate) async fn remove(client: &Client, skill: &SkillName) -> Result<(), Failure> {
    let request = client.request(Method::DELETE, &["skills", skill.as_str()])?;
    client.send(request).await?;
    show::line(format!("{skill} is removed, with its versions, grants and configuration"))
}
