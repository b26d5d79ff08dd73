//! `skep list`: the skills, or those that offer something.

use crate::args::Place;
use crate::client::Client;
use crate::failure::Failure;
use crate::show;
use skep_api::types::{MatchList, SkillList};

pub(crate) async fn list(client: &Client, place: &Place, find: Option<String>) -> Result<(), Failure> {
    match find {
        Some(capability) => matches(client, place, capability).await,
        None => all(client, place).await,
    }
}

/// All skills of the domain, page by page.
pub(super) async fn skills(client: &Client) -> Result<SkillList, Failure> {
    let mut list: SkillList = client.get(&["skills"], &[]).await?;
    while let Some(after) = list.next.take() {
        let page: SkillList = client.get(&["skills"], &[("after", after.to_string())]).await?;
        list.skills.extend(page.skills);
        list.next = page.next;
    }
    Ok(list)
}

async fn all(client: &Client, place: &Place) -> Result<(), Failure> {
    let list = skills(client).await?;
    if place.json {
        return show::json(&list);
    }
    if list.skills.is_empty() {
        return show::line("no skills yet: `skep add PATH` installs one");
    }
    let rows = list.skills.iter().map(|skill| {
        let version = skill.version.as_ref().map_or("-".to_owned(), ToString::to_string);
        let waiting = skill.waiting.as_ref().map_or(String::new(), |v| format!(" ({v} waits for approval)"));
        let tools = skill.tools.iter().map(|t| t.as_str()).collect::<Vec<_>>().join(", ");
        [skill.name.to_string(), version + &waiting, tools, skill.description.clone()]
    });
    show::table(["SKILL", "VERSION", "TOOLS", "DESCRIPTION"], &rows.collect::<Vec<_>>())
}

async fn matches(client: &Client, place: &Place, capability: String) -> Result<(), Failure> {
    let found: MatchList = client.get(&["skills"], &[("capability", capability.clone())]).await?;
    if place.json {
        return show::json(&found);
    }
    if found.matches.is_empty() {
        return show::line(format!(
            "no skill offers anything like `{capability}`: `skep list` shows what there is"
        ));
    }
    let rows = found.matches.iter();
    let rows = rows.map(|m| [m.skill.to_string(), format!("{:.2}", m.score), m.capability.clone()]);
    show::table(["SKILL", "SCORE", "CAPABILITY"], &rows.collect::<Vec<_>>())
}
