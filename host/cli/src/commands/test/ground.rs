//! What a case stands on: the skills that are installed, and its own grants and configuration.

use crate::client::Client;
use crate::commands::add;
use crate::failure::{Failure, invalid};
use anyhow::Context;
use reqwest::Method;
use skep_api::types::{Added, ConfigAnswer, ConfigPatch, GrantRequest};
use skep_core::{Access, FileRule, Grants, Revocation};
use skep_forge::{Case, CaseGrants, Project};
use skep_registry::Source;
use std::fs;
use std::path::{Path, PathBuf};

/// A host with the skills that cases need.
pub(super) struct Ground<'a> {
    client: &'a Client,
    project: &'a Project,
    /// Where copies are made of what a case may write to.
    copies: PathBuf,
    /// Copies so far: each has a name of its own.
    copied: u32,
}

impl<'a> Ground<'a> {
    pub(super) fn new(client: &'a Client, project: &'a Project, copies: PathBuf) -> Self {
        Self { client, project, copies, copied: 0 }
    }

    /// Installs the skill in a folder, with nothing granted.
    pub(super) async fn install(&self, folder: &Path) -> Result<(), Failure> {
        let source = Source::read(folder)?;
        let request = add::request(&source, GrantRequest::default(), false);
        let _: Added = self.client.put(Method::POST, &["skills"], &request).await?;
        Ok(())
    }

    /// Makes the grants and the configuration those of the case, whatever they were in the last one.
    pub(super) async fn prepare(&mut self, case: &Case) -> Result<(), Failure> {
        let skill = self.project.manifest().skill.name.as_str();
        let path = ["skills", skill, "grants"];
        let held: Grants = self.client.get(&path, &[]).await?;
        if !held.is_empty() {
            let less = Revocation {
                files: held.files.into_iter().map(|rule| rule.guest).collect(),
                env: held.env.into_keys().collect(),
                network: held.network.into_iter().collect(),
                secrets: held.secrets.iter().map(|secret| secret.name().clone()).collect(),
                skills: held.skills.into_iter().collect(),
            };
            let _: Grants = self.client.put(Method::DELETE, &path, &less).await?;
        }
        let grants = self.grants(&case.grants)?;
        if !grants.is_empty() {
            let _: Grants = self.client.put(Method::POST, &path, &GrantRequest::from(grants)).await?;
        }
        self.configure(case).await
    }

    async fn configure(&self, case: &Case) -> Result<(), Failure> {
        let path = ["skills", self.project.manifest().skill.name.as_str(), "config"];
        let now: ConfigAnswer = self.client.get(&path, &[]).await?;
        let mut patch: ConfigPatch = now.set.into_keys().map(|key| (key, None)).collect();
        patch.extend(case.config.iter().map(|(key, value)| (key.clone(), Some(value.clone()))));
        if !patch.is_empty() {
            let _: ConfigAnswer = self.client.put(Method::PATCH, &path, &patch).await?;
        }
        Ok(())
    }

    fn grants(&mut self, CaseGrants { fs, env, net, secret, skill }: &CaseGrants) -> Result<Grants, Failure> {
        let grants = Grants::from_flags(fs, env, skill).and_then(|grants| grants.with_network(net, secret));
        let mut grants = grants.map_err(|error| invalid(error.to_string()))?;
        for rule in &mut grants.files {
            self.place(rule)?;
        }
        Ok(grants)
    }

    /// Paths are those of the project. What may be written to is a copy; a folder that isn't there is an
    /// empty one, since a repository can't keep those.
    fn place(&mut self, rule: &mut FileRule) -> Result<(), Failure> {
        let from = self.project.dir().join(&rule.host);
        if rule.access != Access::Rw {
            rule.host = from;
            return Ok(());
        }
        self.copied += 1;
        let to = self.copies.join(self.copied.to_string()).join(from.file_name().unwrap_or_default());
        let what = || format!("copying {} for a case that may write to it", from.display());
        match from.exists() {
            true => copy(&from, &to).with_context(what)?,
            false => fs::create_dir_all(&to).with_context(what)?,
        }
        rule.host = to;
        Ok(())
    }
}

/// Copies a file, or a folder with all that is in it.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    if !from.is_dir() {
        to.parent().map_or(Ok(()), fs::create_dir_all)?;
        return fs::copy(from, to).map(drop);
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}
