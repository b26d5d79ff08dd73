//! `skep add`: installs a skill, or a new version of it.

use super::input;
use crate::args::{AddArgs, Place};
use crate::client::Client;
use crate::failure::{Failure, invalid};
use crate::show;
use skep_api::types::{Added, Base64Bytes, GrantRequest, InstallRequest};
use skep_core::{Access, FileRequest, Grants, Manifest, Requests, SkillName};
use skep_registry::{Source, policy_parse};
use std::path::Path;

pub(crate) async fn add(client: &Client, place: &Place, args: AddArgs) -> Result<(), Failure> {
    let mut source = Source::read(&args.path)?;
    if let Some(name) = args.name.clone() {
        source = source.named(name)?;
    }
    let mut grants = input::grants(&args.grants)?;
    if let Some(policy) = &args.policy {
        let more = read_policy(policy)?;
        grants.grant(more, None).map_err(|e| invalid(format!("{}: {e}", policy.display())))?;
    }
    let request = request(&source, grants.into(), false);
    let spinner = show::spinner(format!("installing {}", args.path.display()));
    let added = client.install(&request).await;
    spinner.finish_and_clear();
    let added = added?;
    if place.json {
        return show::json(&added);
    }
    let held: Grants = client.get(&["skills", added.skill.as_str(), "grants"], &[]).await?;
    tell(&added, source.manifest(), &held)
}

/// What a host needs to install a skill.
pub(super) fn request(source: &Source, grants: GrantRequest, replace: bool) -> InstallRequest {
    InstallRequest {
        component: Base64Bytes(source.component().clone()),
        manifest: source.manifest_text().map(str::to_owned),
        prompt: source.prompt().map(str::to_owned),
        name: source.manifest().is_none().then(|| source.name().cloned()).flatten(),
        grants,
        replace,
    }
}

fn read_policy(path: &Path) -> Result<Grants, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| invalid(format!("can't read `{}`: {e}", path.display())))?;
    Ok(policy_parse(&text, &std::env::vars().collect())?)
}

fn tell(added: &Added, manifest: Option<&Manifest>, held: &Grants) -> Result<(), Failure> {
    let Added { skill, version, .. } = added;
    match &added.waits {
        Some(why) => {
            show::line(format!("{skill} {version} waits for approval: {why}"))?;
            return show::line(format!("  let it serve: skep approve {skill}"));
        }
        None if added.unchanged => show::line(format!("{skill} {version} was there already"))?,
        None => show::line(format!("{skill} {version} serves"))?,
    }
    let tools: Vec<_> = added.tools.iter().map(|t| t.as_str()).collect();
    show::line(format!("  tools: {}", tools.join(", ")))?;
    manifest.map_or(Ok(()), |manifest| tell_missing(skill, &manifest.requests, held))
}

/// What the manifest asks for and nothing grants, with the command that would.
fn tell_missing(skill: &SkillName, requests: &Requests, held: &Grants) -> Result<(), Failure> {
    let granted = |request: &FileRequest| held.files.iter().any(|rule| request.path.covers(&rule.guest));
    for request in requests.files.iter().filter(|request| !granted(request)) {
        let why = if request.why.is_empty() { String::new() } else { format!(" for {}", request.why) };
        show::line(format!("  asks for {} ({}){why}", request.path, request.access))?;
        let guest = if request.path.as_str() == "/" { String::new() } else { format!(":{}", request.path) };
        let access = if request.access == Access::Rw { ":rw" } else { "" };
        show::line(format!("    grant it: skep grant {skill} --fs DIR{guest}{access}"))?;
    }
    for name in requests.env.iter().filter(|name| !held.env.contains_key(*name)) {
        show::line(format!(
            "  asks for the variable {name}\n    grant it: skep grant {skill} --env {name}=VALUE"
        ))?;
    }
    Ok(())
}
