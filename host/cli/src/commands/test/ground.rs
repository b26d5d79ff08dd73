//! What a case stands on: skills that are new for it, and its own grants and configuration.

use crate::client::Client;
use crate::commands::add;
use crate::failure::{Failure, invalid};
use anyhow::Context;
use reqwest::Method;
use skep_api::types::{ConfigAnswer, ConfigPatch, GrantRequest};
use skep_core::{Access, FileRule, Grants};
use skep_forge::{Case, CaseGrants, Project};
use skep_registry::Source;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// Folders in each other that are copied at most.
const COPY_DEPTH_MAX: u32 = 64;

/// A host with the skills that cases need, the project's own last.
pub(super) struct Ground<'a> {
    client: &'a Client,
    project: &'a Project,
    skills: Vec<Source>,
    /// Whether no case stood on it since the skills were installed.
    is_fresh: bool,
    /// Where copies are made of what a case may write to.
    copies: PathBuf,
    /// Copies so far: each has a name of its own.
    copied: u32,
}

impl<'a> Ground<'a> {
    /// Installs the skills, with nothing granted.
    pub(super) async fn lay(
        client: &'a Client,
        project: &'a Project,
        skills: Vec<Source>,
        copies: PathBuf,
    ) -> Result<Self, Failure> {
        let ground = Self { client, project, skills, is_fresh: true, copies, copied: 0 };
        ground.install().await?;
        Ok(ground)
    }

    async fn install(&self) -> Result<(), Failure> {
        for source in &self.skills {
            let request = add::request(source, GrantRequest::default(), false);
            self.client.install(&request).await?;
        }
        Ok(())
    }

    /// Removes the skills, and all that the last case left with them: state, grants, configuration.
    async fn clear(&self) -> Result<(), Failure> {
        for name in self.skills.iter().filter_map(Source::name) {
            let request = self.client.request(Method::DELETE, &["skills", name.as_str()])?;
            self.client.send(request).await?;
        }
        Ok(())
    }

    /// Makes the skills new, with the grants and the configuration of the case.
    pub(super) async fn prepare(&mut self, case: &Case) -> Result<(), Failure> {
        if !std::mem::take(&mut self.is_fresh) {
            self.clear().await?;
            self.install().await?;
        }
        let skill = self.project.manifest().skill.name.as_str();
        let grants = self.grants(&case.grants)?;
        if !grants.is_empty() {
            let path = ["skills", skill, "grants"];
            let _: Grants = self.client.put(Method::POST, &path, &GrantRequest::from(grants)).await?;
        }
        if !case.config.is_empty() {
            let patch: ConfigPatch =
                case.config.iter().map(|(key, value)| (key.clone(), Some(value.clone()))).collect();
            let path = ["skills", skill, "config"];
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

/// Copies a file, or a folder with all that is in it. The path may lead through a link; links within are
/// copied as links, so that one can neither lead out nor round in a circle.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    to.parent().map_or(Ok(()), fs::create_dir_all)?;
    copy_part(&from.canonicalize()?, to, COPY_DEPTH_MAX)
}

fn copy_part(from: &Path, to: &Path, depth: u32) -> std::io::Result<()> {
    let kind = fs::symlink_metadata(from)?.file_type();
    if kind.is_symlink() {
        return symlink(fs::read_link(from)?, to);
    }
    if kind.is_file() {
        return fs::copy(from, to).map(drop);
    }
    let refuse = |why: String| Err(std::io::Error::other(format!("`{}` {why}", from.display())));
    if !kind.is_dir() {
        return refuse("is neither a file, a folder nor a link".to_owned());
    }
    if depth == 0 {
        return refuse(format!("lies more than {COPY_DEPTH_MAX} folders deep"));
    }
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy_part(&entry.path(), &to.join(entry.file_name()), depth - 1)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_copied_as_links() {
        let dir = tempfile::tempdir().unwrap();
        let (data, to) = (dir.path().join("data"), dir.path().join("a/copy"));
        fs::create_dir_all(data.join("deep")).unwrap();
        fs::write(data.join("deep/file"), "text").unwrap();
        symlink(".", data.join("loop")).unwrap();
        symlink("/etc", data.join("out")).unwrap();
        symlink("data", dir.path().join("link")).unwrap();
        copy(&dir.path().join("link"), &to).unwrap();
        assert_eq!(fs::read_to_string(to.join("deep/file")).unwrap(), "text");
        assert_eq!(fs::read_link(to.join("loop")).unwrap(), Path::new("."));
        assert_eq!(fs::read_link(to.join("out")).unwrap(), Path::new("/etc"));
    }

    #[test]
    fn what_cannot_be_copied_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let deep: PathBuf = (0..=COPY_DEPTH_MAX).map(|_| "d").collect();
        fs::create_dir_all(dir.path().join("data").join(deep)).unwrap();
        let error = copy(&dir.path().join("data"), &dir.path().join("copy")).unwrap_err().to_string();
        assert!(error.contains("folders deep"), "{error}");
        let error = copy(Path::new("/dev/null"), &dir.path().join("null")).unwrap_err().to_string();
        assert!(error.contains("`/dev/null` is neither"), "{error}");
    }
}
