//! `skep revoke`: takes grants from a skill.

use super::grants;
use crate::args::Place;
use crate::client::Client;
use crate::failure::{Failure, invalid};
use reqwest::Method;
use skep_core::{Grants, Revocation, SkillName};

pub(crate) async fn revoke(
    client: &Client,
    place: &Place,
    skill: &SkillName,
    fs: &[String],
    env: Vec<String>,
    skills: Vec<SkillName>,
) -> Result<(), Failure> {
    let files = fs.iter().map(|path| path.parse()).collect::<Result<Vec<_>, _>>();
    let files = files.map_err(|e: skep_core::GrantError| invalid(e.to_string()))?;
    if files.is_empty() && env.is_empty() && skills.is_empty() {
        return Err(Failure::Usage(
            "nothing to revoke: name --fs GUEST, --env KEY or --skill NAME".to_owned(),
        ));
    }
    let path = ["skills", skill.as_str(), "grants"];
    let held: Grants = client.put(Method::DELETE, &path, &Revocation { files, env, skills }).await?;
    grants::print(place, skill, &held)
}
