//! `skep requests`: what others ask to be granted, and the operator's yes or no.

use super::grants;
use crate::args::{Place, RequestsCommand};
use crate::client::Client;
use crate::failure::Failure;
use crate::show;
use reqwest::Method;
use skep_api::types::{AskPage, Denial};
use skep_core::{Ask, AskId, AskState};

pub(crate) async fn requests(
    client: &Client,
    place: &Place,
    state: AskState,
    command: Option<RequestsCommand>,
) -> Result<(), Failure> {
    match command {
        None => list(client, place, state).await,
        Some(RequestsCommand::Approve { id }) => {
            let path = ["requests", &id.to_string(), "approve"];
            let ask: Ask = client.put(Method::POST, &path, &()).await?;
            decided(place, &ask)
        }
        Some(RequestsCommand::Deny { id, reason }) => {
            let path = ["requests", &id.to_string(), "deny"];
            let ask: Ask = client.put(Method::POST, &path, &Denial { reason }).await?;
            decided(place, &ask)
        }
    }
}

async fn list(client: &Client, place: &Place, state: AskState) -> Result<(), Failure> {
    let (mut all, mut before) = (Vec::new(), None::<AskId>);
    loop {
        let mut query = vec![("state", state.to_string()), ("limit", "1000".to_owned())];
        query.extend(before.map(|id| ("before", id.to_string())));
        let page: AskPage = client.get(&["requests"], &query).await?;
        all.extend(page.requests);
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    if place.json {
        return show::json(&all);
    }
    if all.is_empty() {
        return show::line(format!("no request is {state}"));
    }
    all.iter().try_for_each(print)
}

fn print(ask: &Ask) -> Result<(), Failure> {
    let Ask { id, skill, asked_by, why, .. } = ask;
    show::line(format!("{id}  {skill}  by {asked_by}, until {}", show::time(ask.expires)))?;
    grants::rules(&ask.grants).try_for_each(|rule| show::line(format!("    {rule}")))?;
    if why.is_empty() { Ok(()) } else { show::line(format!("    why: {why}")) }
}

fn decided(place: &Place, ask: &Ask) -> Result<(), Failure> {
    if place.json {
        return show::json(ask);
    }
    show::line(format!("request {} of {} for {} is {}", ask.id, ask.asked_by, ask.skill, ask.state))
}
