//! `skep secret`: what skills may use and never see.

use crate::args::{Place, SecretCommand};
use crate::client::Client;
use crate::failure::{Failure, invalid};
use crate::show;
use reqwest::Method;
use serde_json::json;
use skep_api::types::{SecretList, SecretSummary};
use skep_core::{SECRET_BYTES_MAX, SecretName, SecretValue};
use std::io::{IsTerminal, Read};

pub(crate) async fn secret(client: &Client, place: &Place, command: SecretCommand) -> Result<(), Failure> {
    match command {
        SecretCommand::Set { name } => set(client, place, &name).await,
        SecretCommand::List => list(client, place).await,
        SecretCommand::Delete { name } => {
            let request = client.request(Method::DELETE, &["secrets", name.as_str()])?;
            client.send(request).await?;
            show::line(format!("{name} is deleted"))
        }
    }
}

async fn set(client: &Client, place: &Place, name: &SecretName) -> Result<(), Failure> {
    let value = SecretValue::new(read(name)?).map_err(|error| invalid(error.to_string()))?;
    let body = json!({ "value": value.reveal() });
    let set: SecretSummary = client.put(Method::PUT, &["secrets", name.as_str()], &body).await?;
    if place.json {
        return show::json(&set);
    }
    show::line(format!(
        "{name} is set (version {}): `skep grant SKILL --secret {name}=https://HOST` lets a skill send it there",
        set.version
    ))
}

/// From a terminal without showing it, else all of standard input but the line end behind it.
fn read(name: &SecretName) -> Result<String, Failure> {
    let unread = |error: std::io::Error| invalid(format!("the value can't be read: {error}"));
    if std::io::stdin().is_terminal() {
        return rpassword::prompt_password(format!("{name}: ")).map_err(unread);
    }
    let mut text = String::new();
    // One more than a value may have, and a line end: what is longer is found too long.
    std::io::stdin().take(SECRET_BYTES_MAX as u64 + 3).read_to_string(&mut text).map_err(unread)?;
    let line_end = text.len() - text.trim_end_matches(['\r', '\n']).len();
    text.truncate(text.len() - line_end);
    Ok(text)
}

async fn list(client: &Client, place: &Place) -> Result<(), Failure> {
    let list: SecretList = client.get(&["secrets"], &[]).await?;
    if place.json {
        return show::json(&list);
    }
    if list.secrets.is_empty() {
        return show::line("no secrets yet: `skep secret set NAME` sets one");
    }
    let row = |secret: &SecretSummary| {
        let (name, version) = (secret.name.to_string(), secret.version.to_string());
        [name, version, show::time(secret.updated), secret.set_by.clone()]
    };
    let rows: Vec<_> = list.secrets.iter().map(row).collect();
    show::table(["SECRET", "VERSION", "SET", "BY"], &rows)
}
