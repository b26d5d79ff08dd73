//! Nothing is granted that wasn't asked for.

use super::{FileRule, GrantError, Grants};
use crate::{NetRule, Requests, SecretName, SkillName};
use std::fmt::Display;

impl Requests {
    /// Refuses the first of `grants` that isn't asked for.
    pub(super) fn ask_for(&self, grants: &Grants) -> Result<(), GrantError> {
        grants.files.iter().try_for_each(|rule| self.ask_for_file(rule))?;
        grants.env.keys().try_for_each(|key| self.ask_for_env(key))?;
        grants.network.iter().try_for_each(|rule| self.ask_for_network(rule))?;
        grants.secrets.iter().try_for_each(|secret| self.ask_for_secret(secret.name()))?;
        grants.skills.iter().try_for_each(|skill| self.ask_for_skill(skill))
    }

    fn ask_for_file(&self, rule: &FileRule) -> Result<(), GrantError> {
        let asked = self.access_at(&rule.guest).is_some_and(|access| access >= rule.access);
        let all = self.files.iter().map(|r| format!("{}:{}", r.path, r.access));
        unless(asked, || format!("files at {}:{}", rule.guest, rule.access), all)
    }

    fn ask_for_env(&self, key: &str) -> Result<(), GrantError> {
        let asked = self.env.iter().any(|name| name == key);
        unless(asked, || format!("the variable {key}"), self.env.iter())
    }

    fn ask_for_network(&self, rule: &NetRule) -> Result<(), GrantError> {
        let asked = self.network.iter().any(|request| rule.within(request));
        unless(asked, || format!("the network at {rule}"), self.network.iter())
    }

    fn ask_for_secret(&self, name: &SecretName) -> Result<(), GrantError> {
        unless(self.secrets.contains(name), || format!("the secret {name}"), self.secrets.iter())
    }

    fn ask_for_skill(&self, skill: &SkillName) -> Result<(), GrantError> {
        unless(self.skills.contains(skill), || format!("the skill {skill}"), self.skills.iter())
    }
}

fn unless(
    asked: bool,
    what: impl FnOnce() -> String,
    all: impl Iterator<Item: Display>,
) -> Result<(), GrantError> {
    if asked {
        return Ok(());
    }
    let all: Vec<_> = all.map(|request| request.to_string()).collect();
    let all = if all.is_empty() { "none".to_owned() } else { all.join(", ") };
    Err(GrantError::NotRequested(what(), all))
}
