//! `skep audit`: what was done, by whom, under which grants; and whether the record of it is whole.

use crate::args::{AuditArgs, Place};
use crate::client::Client;
use crate::failure::Failure;
use crate::show;
use anyhow::anyhow;
use reqwest::Method;
use skep_api::types::{AuditEntry, AuditPage, AuditVerdict};

pub(crate) async fn audit(client: &Client, place: &Place, args: AuditArgs) -> Result<(), Failure> {
    if args.verify {
        return verify(client, place).await;
    }
    let mut query = vec![("limit", args.limit.to_string())];
    query.extend(args.skill.map(|skill| ("skill", skill.to_string())));
    query.extend(args.call.map(|call| ("call", call)));
    query.extend(args.fault.map(|fault| ("fault", fault)));
    let page: AuditPage = client.get(&["audit"], &query).await?;
    if place.json {
        return show::json(&page);
    }
    if page.records.is_empty() {
        return show::line("no such records; `skep audit` shows the newest");
    }
    let rows: Vec<_> = page.records.iter().map(row).collect();
    show::table(["TIME", "WHO", "ACTION", "SKILL", "TOOL", "VERSION", "OUTCOME", "MS", "DETAIL"], &rows)
}

fn row(AuditEntry { event, .. }: &AuditEntry) -> [String; 9] {
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    [
        show::time(event.at),
        event.chain.iter().map(ToString::to_string).collect::<Vec<_>>().join(" > "),
        event.action.to_string(),
        or_dash(event.skill.as_ref().map(ToString::to_string)),
        or_dash(event.tool.as_ref().map(ToString::to_string)),
        or_dash(event.version.as_ref().map(ToString::to_string)),
        event.fault.map_or("ok".to_owned(), |fault| fault.to_string()),
        (event.duration_us / 1000).to_string(),
        event.detail.lines().next().unwrap_or_default().to_owned(),
    ]
}

async fn verify(client: &Client, place: &Place) -> Result<(), Failure> {
    let request = client.work(Method::POST, &["audit", "verify"])?;
    let body = client.send(request).await?.json().await;
    let verdict: AuditVerdict = body.map_err(|e| client.unreachable(e))?;
    if place.json {
        show::json(&verdict)?;
    } else {
        let AuditVerdict { records, hosts, .. } = &verdict;
        show::line(format!("{records} records in {hosts} chains checked"))?;
        verdict.flaws.iter().try_for_each(|flaw| show::line(format!("  {flaw}")))?;
    }
    match verdict.flaws_total {
        0 if place.json => Ok(()),
        0 => show::line("no flaw found"),
        flaws => Err(anyhow!("the audit has {flaws} flaws").into()),
    }
}
