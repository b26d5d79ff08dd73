//! What an earlier `skep dev` granted in this project, taken back: grants are those of the flags.

use crate::client::Client;
use crate::failure::Failure;
use reqwest::Method;
use skep_core::{FaultCode, Grants, Revocation, SkillName};

/// Takes all from a skill, which needn't be there yet.
pub(super) async fn take_back(client: &Client, skill: &SkillName) -> Result<(), Failure> {
    let path = ["skills", skill.as_str(), "grants"];
    let held: Grants = match client.get(&path, &[]).await {
        Err(Failure::Fault(fault)) if fault.code == FaultCode::UnknownSkill => return Ok(()),
        held => held?,
    };
    if held.is_empty() {
        return Ok(());
    }
    let all = Revocation {
        files: held.files.into_iter().map(|rule| rule.guest).collect(),
        env: held.env.into_keys().collect(),
        network: held.network.into_iter().collect(),
        secrets: held.secrets.iter().map(|secret| secret.name().clone()).collect(),
        skills: held.skills.into_iter().collect(),
    };
    let _: Grants = client.put(Method::DELETE, &path, &all).await?;
    Ok(())
}
