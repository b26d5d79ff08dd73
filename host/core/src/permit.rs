//! The permit: evidence that a policy check was made. A sandbox runs only what holds one.

use crate::{Digest, FileRule, Grants, Limits, NetRule, Requests, SecretRule, SkillName};
use std::collections::{BTreeMap, BTreeSet};

/// The version of a skill that a permit is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The skill.
    pub skill: &'a SkillName,
    /// The digest of its component and manifest.
    pub digest: Digest,
    /// What its manifest asks for; `None` without a manifest, then the grants alone decide.
    pub requests: Option<&'a Requests>,
    /// Its limits, already within the host's ceiling.
    pub limits: &'a Limits,
}

/// What one version of a skill may do. Only [`Grants::permit`] makes one: the fields are private.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permit {
    skill: SkillName,
    digest: Digest,
    files: Vec<FileRule>,
    env: BTreeMap<String, String>,
    network: BTreeSet<NetRule>,
    secrets: BTreeSet<SecretRule>,
    skills: BTreeSet<SkillName>,
    limits: Limits,
    grants: Digest,
}

impl Grants {
    /// Decides what `subject` may do: what was granted, no more than was asked for, and nothing at
    /// all for code that the grants were not given to.
    pub fn permit(&self, subject: Subject<'_>) -> Permit {
        let given = self.digests.contains(&subject.digest);
        let narrow = |rule: &FileRule| match subject.requests {
            Some(requests) => requests.narrow(rule),
            None => Some(rule.clone()),
        };
        let asked = |key: &str| subject.requests.is_none_or(|r| r.env.iter().any(|name| name == key));
        let env = self.env.iter().filter(|(key, _)| given && asked(key));
        let reachable = |rule: &NetRule| match subject.requests {
            Some(requests) => requests.narrow_network(rule).collect(),
            None => vec![rule.clone()],
        };
        let known = |secret: &SecretRule| subject.requests.is_none_or(|r| r.secrets.contains(secret.name()));
        let secrets = self.secrets.iter().filter(|secret| given && known(secret));
        let callable = |skill: &SkillName| subject.requests.is_none_or(|r| r.skills.contains(skill));
        let skills = self.skills.iter().filter(|skill| given && callable(skill));
        Permit {
            skill: subject.skill.clone(),
            digest: subject.digest,
            files: self.files.iter().filter(|_| given).filter_map(narrow).collect(),
            env: env.map(|(key, value)| (key.clone(), value.clone())).collect(),
            network: self.network.iter().filter(|_| given).flat_map(reachable).collect(),
            secrets: secrets.cloned().collect(),
            skills: skills.cloned().collect(),
            limits: subject.limits.clone(),
            grants: self.fingerprint(),
        }
    }
}

impl Permit {
    /// The skill.
    pub fn skill(&self) -> &SkillName {
        &self.skill
    }
    /// The digest that may run.
    pub fn digest(&self) -> Digest {
        self.digest
    }
    /// The files and directories it may see.
    pub fn files(&self) -> &[FileRule] {
        &self.files
    }
    /// The environment it gets, and no other.
    pub fn env(&self) -> &BTreeMap<String, String> {
        &self.env
    }
    /// Where on the network it may reach to.
    pub fn network(&self) -> &BTreeSet<NetRule> {
        &self.network
    }
    /// The secrets it may send, each with where to.
    pub fn secrets(&self) -> &BTreeSet<SecretRule> {
        &self.secrets
    }
    /// The skills it may call.
    pub fn skills(&self) -> &BTreeSet<SkillName> {
        &self.skills
    }
    /// The limits that hold.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }
    /// Whether it allows nothing that takes a grant.
    fn is_bare(&self) -> bool {
        let reach = self.network.is_empty() && self.secrets.is_empty();
        self.files.is_empty() && self.env.is_empty() && reach && self.skills.is_empty()
    }
    /// Whether all that this permit allows is still granted, and to this very code. A running call whose
    /// permit isn't is stopped.
    pub fn still_granted(&self, grants: &Grants) -> bool {
        let same = |rule: &FileRule| {
            grants
                .files
                .iter()
                .any(|g| g.host == rule.host && g.guest == rule.guest && g.access >= rule.access)
        };
        let ours = self.is_bare() || grants.digests.contains(&self.digest);
        ours && self.files.iter().all(same)
            && self.env.iter().all(|(key, value)| grants.env.get(key) == Some(value))
            && self.network.iter().all(|rule| grants.network.iter().any(|g| rule.within(g)))
            && self.secrets.is_subset(&grants.secrets)
            && self.skills.is_subset(&grants.skills)
    }
    /// The fingerprint of the grants it was made from.
    pub fn grants(&self) -> Digest {
        self.grants
    }
}
