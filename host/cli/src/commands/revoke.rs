//! `skep revoke`: takes grants from a skill.

use super::grants;
use crate::args::{Place, RevokeFlags};
use crate::client::Client;
use crate::failure::Failure;
use reqwest::Method;
use skep_core::{Grants, Revocation, SkillName};

pub(crate) async fn revoke(
    client: &Client,
    place: &Place,
    skill: &SkillName,
    flags: RevokeFlags,
) -> Result<(), Failure> {
    let RevokeFlags { fs, env, net, secret, skill: skills } = flags;
    let these = Revocation { files: fs, env, network: net, secrets: secret, skills };
    if these == Revocation::default() {
        return Err(Failure::Usage(
            "nothing to revoke: name --fs GUEST, --env KEY, --net RULE, --secret NAME or --skill NAME"
                .to_owned(),
        ));
    }
    let held: Grants = client.put(Method::DELETE, &["skills", skill.as_str(), "grants"], &these).await?;
    grants::print(place, skill, &held)
}
