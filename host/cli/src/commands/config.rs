//! `skep config`: the configuration of a skill.

use crate::args::{ConfigCommand, Place};
use crate::client::Client;
use crate::failure::{Failure, invalid};
use crate::show;
use reqwest::Method;
use skep_api::types::{ConfigAnswer, ConfigPatch};

pub(crate) async fn config(client: &Client, place: &Place, command: ConfigCommand) -> Result<(), Failure> {
    match command {
        ConfigCommand::Get { skill, key } => {
            let answer: ConfigAnswer = client.get(&["skills", skill.as_str(), "config"], &[]).await?;
            match key {
                None => print(place, &answer),
                Some(key) => match answer.effective.get(&key) {
                    Some(value) => show::line(value),
                    None => Err(invalid(format!("`{skill}` has no configuration value `{key}`"))),
                },
            }
        }
        ConfigCommand::Set { skill, values } => {
            let patch = values.iter().map(|pair| value(pair)).collect::<Result<ConfigPatch, _>>()?;
            let path = ["skills", skill.as_str(), "config"];
            print(place, &client.put(Method::PATCH, &path, &patch).await?)
        }
    }
}

fn value(pair: &str) -> Result<(String, Option<String>), Failure> {
    let (key, value) = pair.split_once('=').ok_or_else(|| invalid(format!("`{pair}` is no KEY=VALUE")))?;
    Ok((key.to_owned(), (!value.is_empty()).then(|| value.to_owned())))
}

fn print(place: &Place, answer: &ConfigAnswer) -> Result<(), Failure> {
    if place.json {
        return show::json(answer);
    }
    if answer.effective.is_empty() {
        return show::line("no configuration");
    }
    answer.effective.iter().try_for_each(|(key, value)| {
        let from = if answer.set.contains_key(key) { "" } else { "  (the skill's default)" };
        show::line(format!("{key} = {value}{from}"))
    })
}
