//! `skep grants`: what is granted to a skill.

use crate::args::Place;
use crate::client::Client;
use crate::failure::Failure;
use crate::show;
use skep_core::{Grants, SkillName};

pub(crate) async fn grants(client: &Client, place: &Place, skill: &SkillName) -> Result<(), Failure> {
    let grants = client.get(&["skills", skill.as_str(), "grants"], &[]).await?;
    print(place, skill, &grants)
}

/// What is granted, in the words of the flags that grant it.
pub(super) fn print(place: &Place, skill: &SkillName, grants: &Grants) -> Result<(), Failure> {
    if place.json {
        return show::json(grants);
    }
    if grants.is_empty() {
        return show::line(format!(
            "{skill} has nothing: `skep grant {skill} --fs HOST[:GUEST][:ro|rw]` gives it files"
        ));
    }
    rules(grants).try_for_each(show::line)?;
    grants.secrets_stranded().try_for_each(|secret| {
        let (name, to) = (secret.name(), secret.to());
        show::line(format!("(secret {name} can't be sent: `skep grant {skill} --net {to}` opens the way)"))
    })
}

/// Each rule, in the words of the flag that grants it.
pub(super) fn rules(grants: &Grants) -> impl Iterator<Item = String> {
    let files = grants.files.iter().map(|rule| format!("--fs {rule}"));
    let env = grants.env.iter().map(|(key, value)| format!("--env {key}={value}"));
    let network = grants.network.iter().map(|rule| format!("--net {rule}"));
    let secrets = grants.secrets.iter().map(|secret| format!("--secret {secret}"));
    let skills = grants.skills.iter().map(|callee| format!("--skill {callee}"));
    files.chain(env).chain(network).chain(secrets).chain(skills)
}
