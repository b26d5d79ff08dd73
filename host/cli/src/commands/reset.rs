//! `skep reset`: calls of a skill that failed too often pass again at once.

use crate::client::Client;
use crate::failure::Failure;
use crate::show;
use reqwest::Method;
use skep_core::SkillName;

pub(crate) async fn reset(client: &Client, skill: &SkillName) -> Result<(), Failure> {
    let request = client.request(Method::POST, &["skills", skill.as_str(), "breaker", "reset"])?;
    client.send(request).await?;
    show::line(format!("calls of {skill} pass, and its failures are forgotten"))
}
