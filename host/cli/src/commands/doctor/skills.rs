//! The skills of a running host: what waits for an operator, and what was granted and can't be had.

use super::finding::Finding;
use super::ground::Ground;
use crate::client::Client;
use crate::commands::list;
use crate::failure::Failure;
use skep_api::types::{SecretList, SkillSummary};
use skep_core::{Grants, SecretName, SkillName};
use std::collections::BTreeSet;

pub(super) async fn check(ground: &Ground) -> Vec<Finding> {
    if !ground.has_host() {
        return vec![Finding::information("no host runs that could be asked for them")];
    }
    let looked = async { look(&ground.client()?, ground.place.host.is_none()).await };
    match looked.await {
        Ok(findings) => findings,
        Err(failure) => vec![Finding::information(format!("they can't be looked at: {failure}"))],
    }
}

async fn look(client: &Client, is_local: bool) -> Result<Vec<Finding>, Failure> {
    let skills = list::skills(client).await?.skills;
    let names = skills.iter().map(|skill| skill.name.clone()).collect();
    let secrets: SecretList = client.get(&["secrets"], &[]).await?;
    let set = secrets.secrets.into_iter().map(|secret| secret.name).collect();
    let mut findings: Vec<_> = skills.iter().filter_map(waiting).collect();
    for SkillSummary { name, .. } in &skills {
        let grants: Grants = client.get(&["skills", name.as_str(), "grants"], &[]).await?;
        if is_local {
            findings.extend(files(name, &grants));
        }
        findings.extend(secrets_of(name, &grants, &set));
        findings.extend(callees(name, &grants, &names));
    }
    if findings.is_empty() {
        findings.push(Finding::ok(format!("{} installed, each with all that it was granted", skills.len())));
    }
    Ok(findings)
}

fn waiting(SkillSummary { name, waiting, .. }: &SkillSummary) -> Option<Finding> {
    let version = waiting.as_ref()?;
    let found = format!("{name} {version} waits for approval");
    Some(Finding::warning(found, format!("skep approve {name}, or skep remove {name}")))
}

/// Files that were granted and aren't there any more.
fn files(skill: &SkillName, grants: &Grants) -> impl Iterator<Item = Finding> {
    grants.files.iter().filter(|rule| !rule.host.exists()).map(move |rule| {
        let (path, guest) = (rule.host.display(), rule.guest.as_str());
        let found = format!("{skill} was granted {path}, which isn't there any more: its calls are refused");
        Finding::problem(found, format!("put it back, or skep revoke {skill} --fs {guest}"))
    })
}

/// Secrets that have no value, or that no rule of the network lets out.
fn secrets_of(skill: &SkillName, grants: &Grants, set: &BTreeSet<SecretName>) -> Vec<Finding> {
    let unset = grants.secrets.iter().filter(|secret| !set.contains(secret.name())).map(|secret| {
        let name = secret.name();
        let found = format!("{skill} was granted the secret {name}, which isn't set");
        Finding::problem(found, format!("skep secret set {name}"))
    });
    let stranded = grants.secrets_stranded().map(|secret| {
        let (name, to) = (secret.name(), secret.to());
        let found = format!("{skill} was granted the secret {name} for {to}, and not the way there");
        Finding::problem(found, format!("skep grant {skill} --net {to}"))
    });
    unset.chain(stranded).collect()
}

/// Skills that it may call and that aren't installed.
fn callees(skill: &SkillName, grants: &Grants, names: &BTreeSet<SkillName>) -> impl Iterator<Item = Finding> {
    grants.skills.iter().filter(|callee| !names.contains(*callee)).map(move |callee| {
        let found = format!("{skill} may call {callee}, which isn't installed");
        Finding::warning(found, format!("skep add it, or skep revoke {skill} --skill {callee}"))
    })
}
