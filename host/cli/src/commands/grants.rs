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
    for rule in &grants.files {
        show::line(format!("--fs {rule}"))?;
    }
    for (key, value) in &grants.env {
        show::line(format!("--env {key}={value}"))?;
    }
    grants.skills.iter().try_for_each(|callee| show::line(format!("--skill {callee}")))
}
