//! Grants: what an operator gives a skill. Without a grant a skill has nothing.

mod asked;
mod error;
mod file;

pub use error::GrantError;
pub use file::{Access, FileRule, GuestPath};

use crate::{Digest, NetRule, Requests, SecretName, SecretRule, SkillName};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// Everything an operator gave a skill, and the digests it was given to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Grants {
    /// Files and directories.
    pub files: Vec<FileRule>,
    /// Environment variables.
    pub env: BTreeMap<String, String>,
    /// Where on the network it may reach to.
    pub network: BTreeSet<NetRule>,
    /// Secrets that it may send, each with where to. They open no way there: that takes a rule of the network.
    pub secrets: BTreeSet<SecretRule>,
    /// Skills that it may call.
    pub skills: BTreeSet<SkillName>,
    /// The digests (component and manifest) that may use them.
    pub digests: BTreeSet<Digest>,
}

impl Grants {
    /// Whether nothing is granted.
    pub fn is_empty(&self) -> bool {
        self.rules() == 0
    }

    /// The digest of what is granted, as it stands in the audit.
    pub fn fingerprint(&self) -> Digest {
        let rules = (&self.files, &self.env, &self.network, &self.secrets, &self.skills);
        Digest::of(&serde_json::to_vec(&rules).unwrap_or_default())
    }

    /// The secrets whose destination no rule of the network opens, so that they are of no use yet.
    pub fn secrets_stranded(&self) -> impl Iterator<Item = &SecretRule> {
        let open = |secret: &SecretRule| self.network.iter().any(|rule| rule.meet(secret.to()).is_some());
        self.secrets.iter().filter(move |secret| !open(secret))
    }

    /// Adds what `more` holds. Refuses what `requests` doesn't ask for, and two rules for one guest path.
    pub fn grant(&mut self, more: Grants, requests: Option<&Requests>) -> Result<(), GrantError> {
        requests.map_or(Ok(()), |requests| requests.ask_for(&more))?;
        for rule in more.files {
            match self.files.iter_mut().find(|old| old.guest == rule.guest) {
                Some(old) if old.host == rule.host => *old = rule,
                Some(_) => return Err(GrantError::Twice(rule.guest)),
                None => self.files.push(rule),
            }
        }
        self.env.extend(more.env);
        self.network.extend(more.network);
        self.secrets.extend(more.secrets);
        self.skills.extend(more.skills);
        Ok(())
    }

    /// Takes away what `these` names; says whether any of it was there.
    pub fn revoke(&mut self, these: &Revocation) -> bool {
        let before = self.rules();
        self.files.retain(|rule| !these.files.contains(&rule.guest));
        self.env.retain(|key, _| !these.env.contains(key));
        self.network.retain(|rule| !these.network.contains(rule));
        self.secrets.retain(|secret| !these.secrets.contains(secret.name()));
        self.skills.retain(|skill| !these.skills.contains(skill));
        before != self.rules()
    }

    fn rules(&self) -> usize {
        let reach = self.network.len() + self.secrets.len();
        self.files.len() + self.env.len() + reach + self.skills.len()
    }
}

/// What is taken away from a skill.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Revocation {
    /// Files and directories, by where the guest sees them.
    pub files: Vec<GuestPath>,
    /// Environment variables, by name.
    pub env: Vec<String>,
    /// Places on the network, each as it was granted.
    pub network: Vec<NetRule>,
    /// Secrets, by name, wherever they may go.
    pub secrets: Vec<SecretName>,
    /// Skills that it may call.
    pub skills: Vec<SkillName>,
}

/// Reads `KEY=VALUE`.
fn env_parse(text: &str) -> Result<(String, String), GrantError> {
    let error = || GrantError::Env(text.to_owned());
    let (key, value) = text.split_once('=').ok_or_else(error)?;
    if key.is_empty() || text.contains('\0') {
        return Err(error());
    }
    Ok((key.to_owned(), value.to_owned()))
}

impl Grants {
    /// Reads the flags `--fs`, `--env` and `--skill` of the command line.
    pub fn from_flags(files: &[String], env: &[String], skills: &[String]) -> Result<Self, GrantError> {
        let mut grants = Self::default();
        let files = files.iter().map(|f| FileRule::parse(f)).collect::<Result<_, _>>()?;
        let env = env.iter().map(|e| env_parse(e)).collect::<Result<_, _>>()?;
        let skills = skills.iter().map(|s| s.parse()).collect::<Result<_, _>>()?;
        grants.grant(Self { files, env, skills, ..Self::default() }, None)?;
        Ok(grants)
    }

    /// With what the flags `--net` and `--secret` grant.
    pub fn with_network(mut self, network: &[String], secrets: &[String]) -> Result<Self, GrantError> {
        for text in network {
            self.network.insert(text.parse()?);
        }
        for text in secrets {
            self.secrets.insert(text.parse()?);
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_granted_that_was_not_asked_for() {
        let requests: Requests =
            serde_json::from_str(r#"{"files":[{"path":"/data"}],"env":["LANG"]}"#).unwrap();
        let mut grants = Grants::default();
        let flags = |fs: &str, env: &[String]| Grants::from_flags(&[fs.to_owned()], env, &[]).unwrap();
        assert!(grants.grant(flags("/srv:/data:rw", &[]), Some(&requests)).is_err());
        assert!(grants.grant(flags("/srv:/etc", &[]), Some(&requests)).is_err());
        assert!(grants.grant(flags("/srv:/data", &["HOME=/".to_owned()]), Some(&requests)).is_err());
        grants.grant(flags("/srv:/data", &["LANG=C".to_owned()]), Some(&requests)).unwrap();
        assert!(matches!(grants.grant(flags("/etc:/data", &[]), None), Err(GrantError::Twice(_))));
        let data = Revocation { files: vec!["/data".parse().unwrap()], ..Revocation::default() };
        assert!(grants.revoke(&data));
        assert!(!grants.revoke(&data));
    }

    #[test]
    fn the_network_and_secrets_are_granted_as_far_as_they_were_asked_for() {
        let asked = r#"{"network":["https://*.example.com"],"secrets":["KEY"]}"#;
        let requests: Requests = serde_json::from_str(asked).unwrap();
        let flags = |net: &str, secret: &str| {
            Grants::default().with_network(&[net.to_owned()], &[secret.to_owned()]).unwrap()
        };
        let fine = flags("https://api.example.com", "KEY=https://api.example.com");
        let check = |net: &str, secret: &str, says: &str| {
            let error = Grants::default().grant(flags(net, secret), Some(&requests)).unwrap_err();
            assert!(error.to_string().contains(says), "{error}");
        };
        check("https://example.com", "KEY=https://a.example.com", "the network at https://example.com");
        check("https://*", "KEY=https://a.example.com", "https://*.example.com");
        check("https://a.example.com:8443", "KEY=https://a.example.com", "8443");
        check("http://a.example.com", "KEY=https://a.example.com", "http://a.example.com");
        check("https://a.example.com", "OTHER=https://a.example.com", "the secret OTHER");
        let mut grants = Grants::default();
        grants.grant(fine.clone(), Some(&requests)).unwrap();
        assert_eq!(grants, fine);
        assert_eq!(grants.secrets_stranded().count(), 0);
        let network = fine.network.into_iter().collect();
        assert!(grants.revoke(&Revocation { network, ..Revocation::default() }));
        assert_eq!(grants.secrets_stranded().count(), 1);
        let secrets = vec!["KEY".parse().unwrap()];
        assert!(grants.revoke(&Revocation { secrets, ..Revocation::default() }) && grants.is_empty());
    }

    #[test]
    fn grants_that_were_kept_before_there_was_a_network_still_read() {
        let old = r#"{"files":[],"env":{"A":"b"},"skills":[],"digests":[]}"#;
        let grants: Grants = serde_json::from_str(old).unwrap();
        assert!(grants.env.len() == 1 && grants.network.is_empty() && grants.secrets.is_empty());
    }
}
