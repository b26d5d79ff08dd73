//! What operators do to skills: each change goes to the registry, to the audit, and to all hosts.

use crate::events::installed;
use crate::{Router, audit::operation_event};
use skep_core::{
    AuditAction, DomainName, Fault, GrantEvent, Grants, Principal, Revocation, SkillEvent, SkillName,
    SkillRef,
};
use skep_registry::{AddOptions, Added, Seen, Source, Standing, WatchReport};
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
        let done = self.install(&by.domain, source, options).await;
        if let Some(name) = name {
            self.published(by, &name, &done).await;
            if done.is_ok() && !granted.is_empty() {
                self.record(by, AuditAction::Grant, Some(&name), words(&granted), None).await;
                self.announce().await;
                self.0.tell_grant(by, &name, GrantEvent::Granted, &words(&granted));
            }
        }
        done
    }

    async fn install(
        &self,
        domain: &DomainName,
        source: Source,
        options: AddOptions,
    ) -> Result<Added, Fault> {
        self.within(domain).await?;
        if let Some(name) = source.name() {
            self.0.state_begin(domain, name).await;
        }
        self.0.registry.add(domain, source, options).await
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
        if let Ok(added) = done
            && let Some(change) = installed(added)
        {
            if added.serving {
                self.0.begin_anew(&by.domain, name).await;
            }
            self.0.tell_skill(&by.domain, name, change, Some(&added.version));
        }
    }

    /// Lets the waiting version of a skill serve.
    pub async fn approve(&self, by: &Operator, skill: &SkillRef) -> Result<semver::Version, Fault> {
        let done = self.0.registry.approve(&by.domain, skill).await;
        let detail = done.as_ref().map(ToString::to_string).unwrap_or_default();
        self.changed(by, AuditAction::Approve, Some(&skill.name), detail, &done).await;
        if let Ok(version) = &done {
            self.0.begin_anew(&by.domain, &skill.name).await;
            self.0.tell_skill(&by.domain, &skill.name, SkillEvent::Approved, Some(version));
        }
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
        if done.is_ok() {
            self.0.begin_anew(&by.domain, skill).await;
            self.0.tell_skill(&by.domain, skill, SkillEvent::Approved, Some(version));
        }
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
        if done.is_ok() {
            self.0.tell_skill(&by.domain, skill, SkillEvent::Removed, Some(version));
        }
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
        self.changed(by, AuditAction::Grant, Some(skill), detail.clone(), &done).await;
        if done.is_ok() {
            self.0.tell_grant(by, skill, GrantEvent::Granted, &detail);
        }
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
        let detail = revoked_words(these);
        let done = self.0.registry.revoke(&by.domain, skill, these, seen).await;
        self.changed(by, AuditAction::Revoke, Some(skill), detail.clone(), &done).await;
        if done.is_ok() {
            self.0.tell_grant(by, skill, GrantEvent::Revoked, &detail);
        }
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

    /// Removes a skill. Its running calls are stopped and its sessions end, here and then on all hosts.
    pub async fn remove(&self, by: &Operator, skill: &SkillName) -> Result<(), Fault> {
        let done = self.0.registry.remove(&by.domain, skill).await;
        if done.is_ok() {
            let at = self.0.registry.revisions().seen();
            self.0.hold_to(&by.domain, skill, &Standing::default(), at);
            self.0.state_forget(&by.domain, skill).await;
            self.0.begin_anew(&by.domain, skill).await;
        }
        self.changed(by, AuditAction::Remove, Some(skill), String::new(), &done).await;
        if done.is_ok() {
            self.0.tell_skill(&by.domain, skill, SkillEvent::Removed, None);
        }
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

    /// Tells all hosts that something was changed, and the newest revision. They look by themselves as well, so a
    /// lost notice only costs time.
    pub(crate) async fn announce(&self) {
        let revision = self.0.registry.revisions().seen();
        if let Err(error) = self.0.bus.announce(revision).await {
            tracing::debug!(revision, %error, "a revision could not be announced");
        }
    }
}

/// Grants in the words of the flags that give them. Values of variables stay out of the audit.
pub(crate) fn words(grants: &Grants) -> String {
    // Taken apart, so that what is added to grants can't be left out here.
    let Grants { files, env, network, secrets, skills, digests: _ } = grants;
    flags([texts(files), texts(env.keys()), texts(network), texts(secrets), texts(skills)])
}

/// What is taken away, in the same words.
fn revoked_words(these: &Revocation) -> String {
    let Revocation { files, env, network, secrets, skills } = these;
    flags([texts(files), texts(env), texts(network), texts(secrets), texts(skills)])
}

fn texts<T: ToString>(rules: impl IntoIterator<Item = T>) -> Vec<String> {
    rules.into_iter().map(|rule| rule.to_string()).collect()
}

/// The rules of each kind behind its flag.
fn flags(rules: [Vec<String>; 5]) -> String {
    let flags = ["--fs", "--env", "--net", "--secret", "--skill"].into_iter().zip(rules);
    let words = flags.flat_map(|(flag, rules)| rules.into_iter().map(move |rule| format!("{flag} {rule}")));
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_audit_names_every_kind_of_grant_and_no_value() {
        let json = serde_json::json!({
            "files": [{ "host": "/srv", "guest": "/data", "access": "ro" }],
            "env": { "MODE": "private" },
            "network": ["https://api.example.com"],
            "secrets": ["KEY=https://api.example.com"],
            "skills": ["fx-rates"],
        });
        let said = words(&serde_json::from_value(json).unwrap());
        let net = "--net https://api.example.com --secret KEY=https://api.example.com";
        assert_eq!(said, format!("--fs /srv:/data:ro --env MODE {net} --skill fx-rates"));
        let json = serde_json::json!({
            "files": ["/data"], "env": ["MODE"], "network": ["https://api.example.com"], "secrets": ["KEY"],
            "skills": ["fx-rates"],
        });
        let said = revoked_words(&serde_json::from_value(json).unwrap());
        assert_eq!(said, "--fs /data --env MODE --net https://api.example.com --secret KEY --skill fx-rates");
    }
}
