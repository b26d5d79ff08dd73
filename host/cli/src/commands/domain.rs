//! `skep domain`: the bulkheads of a deployment.

use crate::args::{DomainCommand, Place};
use crate::client::Client;
use crate::failure::Failure;
use crate::show;
use reqwest::Method;
use skep_api::types::{DomainInfo, DomainList, DomainRequest};
use skep_core::UnixMs;

pub(crate) async fn domain(client: &Client, place: &Place, command: DomainCommand) -> Result<(), Failure> {
    match command {
        DomainCommand::Add { name } => {
            let made: DomainInfo = client.put(Method::POST, &["domains"], &DomainRequest { name }).await?;
            if place.json {
                return show::json(&made);
            }
            show::line(format!("domain {} is open: `--domain {}` chooses it", made.name, made.name))
        }
        DomainCommand::List => {
            let list: DomainList = client.get(&["domains"], &[]).await?;
            if place.json {
                return show::json(&list);
            }
            let opened = |at| if at == UnixMs(0) { "-".to_owned() } else { show::time(at) };
            let rows = list.domains.into_iter();
            let rows =
                rows.map(|domain| [domain.name.to_string(), opened(domain.created), domain.created_by]);
            show::table(["DOMAIN", "OPENED", "BY"], &rows.collect::<Vec<_>>())
        }
        DomainCommand::Remove { name } => {
            client.send(client.request(Method::DELETE, &["domains", name.as_str()])?).await?;
            show::line(format!("domain {name} is removed"))
        }
    }
}
