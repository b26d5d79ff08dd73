//! `skep key`: API keys for programs and agents.

use crate::args::{KeyCommand, KeyFlags, Place};
use crate::client::Client;
use crate::failure::Failure;
use crate::show;
use reqwest::Method;
use skep_api::types::{KeyCreated, KeyInfo, KeyList, KeyRequest};
use skep_core::Quota;

pub(crate) async fn key(client: &Client, place: &Place, command: KeyCommand) -> Result<(), Failure> {
    match command {
        KeyCommand::Create(flags) => create(client, place, flags).await,
        KeyCommand::List => list(client, place).await,
        KeyCommand::Revoke { id } => {
            client.send(client.request(Method::DELETE, &["keys", &id.to_string()])?).await?;
            show::line(format!("{id} is revoked"))
        }
    }
}

async fn create(client: &Client, place: &Place, flags: KeyFlags) -> Result<(), Failure> {
    let KeyFlags { name, role, skills, all_domains, rate, concurrency, expires } = flags;
    let skills = (!skills.is_empty()).then(|| skills.into_iter().collect());
    let quota = Quota { rate, concurrency };
    let request = KeyRequest { name, role, all_domains, skills, quota, expires_in: expires };
    let created: KeyCreated = client.put(Method::POST, &["keys"], &request).await?;
    if place.json {
        return show::json(&created);
    }
    // The key alone on standard output, so that it can go straight into a file or a variable.
    eprintln!("{}", show::plain(&format!("{}; shown once and kept nowhere:", told(&created.info))));
    show::line(created.key)
}

async fn list(client: &Client, place: &Place) -> Result<(), Failure> {
    let list: KeyList = client.get(&["keys"], &[]).await?;
    if place.json {
        return show::json(&list);
    }
    if list.keys.is_empty() {
        return show::line("no API keys yet: `skep key create NAME` makes one");
    }
    let time = |at: Option<_>, never: &str| at.map_or(never.to_owned(), show::time);
    let rows = list.keys.iter().map(|key| {
        let (expires, used) = (time(key.expires, "never"), time(key.last_used, "never"));
        [
            key.id.to_string(),
            key.name.clone(),
            key.role.to_string(),
            reach(key),
            key.quota.to_string(),
            expires,
            used,
            key.created_by.clone(),
        ]
    });
    let heading = ["ID", "NAME", "ROLE", "REACHES", "QUOTA", "EXPIRES", "USED", "MADE BY"];
    show::table(heading, &rows.collect::<Vec<_>>())
}

fn told(key: &KeyInfo) -> String {
    format!("key {}, role {}, reaches {}, quota {}", key.id, key.role, reach(key), key.quota)
}

fn reach(key: &KeyInfo) -> String {
    let domain = key.domain.as_ref().map_or("all domains".to_owned(), ToString::to_string);
    match &key.skills {
        None => domain,
        Some(skills) => {
            let skills: Vec<_> = skills.iter().map(|skill| skill.as_str()).collect();
            format!("{domain}: {}", skills.join(", "))
        }
    }
}
