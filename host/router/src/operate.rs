//! What operators do to skills: each change goes to the registry, to the audit, and to all hosts.

use crate::{Router, audit::operation_event};
use skep_core::{AuditAction, DomainName, Fault, Grants, Principal, Revocation, SkillName, SkillRef};
use skep_registry::{AddOptions, Added, Seen, Source, WatchReport};
use skep_store::SkillRow;
use std::collections::BTreeMap;

/// Who does something, and in which domain.
#[derive(Debug, Clone)]
pub struct Operator {
    /// On whose behalf, the origin first.
    pub chain: Vec<Principal>,
    /// The bulkhead.
    pub domain: DomainName,
}

impl Router {
    /// Installs a skill, or a new version of it.
    pub async fn add(&self, by: &Operator, source: Source, options: AddOptions) -> Result<Added, Fault> {
        let name = source.name().cloned();
        let granted = options.grants.clone();
        let done = self.0.registry.add(&by.domain, source, options).await;
        if let Some(name) = name {
            self.published(by, &name, &done).await;
            if done.is_ok() && !granted.is_empty() {
                self.record(by, AuditAction::Grant, Some(&name), words(&granted), None).await;
                self.announce().await;
            }
        }
        done
    }

    /// Takes note of what a watched directory brought.
    pub async fn watched(&self, by: &Operator, report: &WatchReport) {
        let name = match &report.result {
            Ok(added) => Some(added.skill.clone()),
            Err(_) => Source::read(&report.path).ok().and_then(|s| s.name().cloned()),
        };
        if let Some(name) = name {
            self.published(by, &name, &report.result).await;
        }
    }

    async fn published(&self, by: &Operator, name: &SkillName, done: &Result<Added, Fault>) {
        let detail = match done {
            Ok(added) if added.unchanged => return,
            Ok(added) => format!("{} {}", added.version, added.digest),
            Err(fault) => fault.message.clone(),
        };
        self.record(by, AuditAction::Publish, Some(name), detail, done.as_ref().err()).await;
        self.announce().await;
    }

    /// Lets the waiting version of a skill serve.
    pub async fn approve(&self, by: &Operator, skill: &SkillRef) -> Result<semver::Version, Fault> {
        let done = self.0.registry.approve(&by.domain, skill).await;
        let detail = done.as_ref().map(ToString::to_string).unwrap_or_default();
        self.changed(by, AuditAction::Approve, Some(&skill.name), detail, &done).await;
        done
    }

    /// Lets an older version of a skill serve again.
    pub async fn activate(
        &self,
        by: &Operator,
        skill: &SkillName,
        version: &semver::Version,
    ) -> Result<(), Fault> {
        let done = self.0.registry.activate(&by.domain, skill, version).await;
        self.changed(by, AuditAction::Approve, Some(skill), format!("{version} again"), &done).await;
        done
    }

    /// Removes a version of a skill that doesn't serve.
    pub async fn version_remove(
        &self,
        by: &Operator,
        skill: &SkillName,
        version: &semver::Version,
    ) -> Result<(), Fault> {
        let done = self.0.registry.version_remove(&by.domain, skill, version).await;
        self.changed(by, AuditAction::Remove, Some(skill), version.to_string(), &done).await;
        done
    }

    /// Grants something to a skill, if it is as it was `seen`; gives all that it holds then.
    pub async fn grant(
        &self,
        by: &Operator,
        skill: &SkillName,
        more: Grants,
        seen: Seen<'_>,
    ) -> Result<Grants, Fault> {
        let detail = words(&more);
        let done = self.0.registry.grant(&by.domain, skill, more, seen).await;
        self.changed(by, AuditAction::Grant, Some(skill), detail, &done).await;
        done
    }

    /// Takes grants from a skill; gives what it still holds. Running calls that use them are stopped.
    pub async fn revoke(
        &self,
        by: &Operator,
        skill: &SkillName,
        these: &Revocation,
        seen: Seen<'_>,
    ) -> Result<Grants, Fault> {
        let files = these.files.iter().map(ToString::to_string);
        let skills = these.skills.iter().map(ToString::to_string);
        let detail: Vec<_> = files.chain(these.env.iter().cloned()).chain(skills).collect();
        let done = self.0.registry.revoke(&by.domain, skill, these, seen).await;
        self.changed(by, AuditAction::Revoke, Some(skill), detail.join(" "), &done).await;
        done
    }

    /// Sets configuration values of a skill, if it is as it was `seen`; gives the skill as it is then.
    pub async fn config_set(
        &self,
        by: &Operator,
        skill: &SkillName,
        values: &BTreeMap<String, Option<String>>,
        seen: Seen<'_>,
    ) -> Result<SkillRow, Fault> {
        let keys = values.keys().cloned().collect::<Vec<_>>().join(" ");
        let done = self.0.registry.config_set(&by.domain, skill, values, seen).await;
        self.changed(by, AuditAction::Config, Some(skill), keys, &done).await;
        done
    }

    /// Removes a skill.
    pub async fn remove(&self, by: &Operator, skill: &SkillName) -> Result<(), Fault> {
        let done = self.0.registry.remove(&by.domain, skill).await;
        if done.is_ok() {
            self.0.state_forget(&by.domain, skill).await;
        }
        self.changed(by, AuditAction::Remove, Some(skill), String::new(), &done).await;
        done
    }

    pub(crate) async fn changed<T>(
        &self,
        by: &Operator,
        action: AuditAction,
        skill: Option<&SkillName>,
        detail: String,
        done: &Result<T, Fault>,
    ) {
        let fault = done.as_ref().err();
        self.record(by, action, skill, detail, fault).await;
        if fault.is_none() {
            self.announce().await;
        }
    }

    pub(crate) async fn record(
        &self,
        by: &Operator,
        action: AuditAction,
        skill: Option<&SkillName>,
        detail: String,
        fault: Option<&Fault>,
    ) {
        let event = operation_event(action, &by.chain, (&by.domain, skill), detail, fault);
        self.0.auditor.push(&event).await;
    }

    /// Tells all hosts of the newest revision. They poll it as well, so a lost notice only costs time.
    async fn announce(&self) {
        let revision = self.0.registry.revisions().seen();
        if let Err(error) = self.0.bus.announce(revision).await {
            tracing::debug!(revision, %error, "a revision could not be announced");
        }
    }
}

/// Grants in the words of the flags that give them. Values of variables stay out of the audit.
pub(crate) fn words(grants: &Grants) -> String {
    let files = grants.files.iter().map(|rule| format!("--fs {rule}"));
    let env = grants.env.keys().map(|key| format!("--env {key}"));
    let network = grants.network.iter().map(|rule| format!("--net {rule}"));
    let secrets = grants.secrets.iter().map(|secret| format!("--secret {secret}"));
    let skills = grants.skills.iter().map(|callee| format!("--skill {callee}"));
    files.chain(env).chain(network).chain(secrets).chain(skills).collect::<Vec<_>>().join(" ")
}
