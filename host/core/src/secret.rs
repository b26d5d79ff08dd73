//! Secrets as rules know them: by name, each with the only place that it may go to. Values are elsewhere.

use crate::{GrantError, Host, HostPattern, NetRule, Scheme, SecretName};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A secret and where it may be sent: `RATES_API_KEY=https://api.example.com`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SecretRule {
    name: SecretName,
    to: NetRule,
}

impl SecretRule {
    /// A rule. In clear a secret goes to a loopback address at most, and to no host that nobody named.
    pub fn new(name: SecretName, to: NetRule) -> Result<Self, GrantError> {
        let loopback = matches!(to.host(), HostPattern::Is(Host::Ip(ip)) if ip.is_loopback());
        if to.scheme() == Scheme::Http && !loopback {
            return Err(GrantError::SecretInClear(name, to));
        }
        if *to.host() == HostPattern::Any {
            return Err(GrantError::SecretAnywhere(name));
        }
        Ok(Self { name, to })
    }

    /// The secret.
    pub fn name(&self) -> &SecretName {
        &self.name
    }

    /// Where it may be sent.
    pub fn to(&self) -> &NetRule {
        &self.to
    }
}

impl FromStr for SecretRule {
    type Err = GrantError;
    fn from_str(text: &str) -> Result<Self, GrantError> {
        let (name, to) = text.split_once('=').ok_or_else(|| GrantError::Secret(text.to_owned()))?;
        Self::new(name.parse()?, to.parse()?)
    }
}

impl TryFrom<String> for SecretRule {
    type Error = GrantError;
    fn try_from(text: String) -> Result<Self, GrantError> {
        text.parse()
    }
}

impl From<SecretRule> for String {
    fn from(rule: SecretRule) -> String {
        rule.to_string()
    }
}

impl fmt::Display for SecretRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_always_has_its_destination_and_never_goes_in_clear() {
        for good in
            ["KEY=https://api.example.com", "K_2=https://*.example.com:8443", "K=http://127.0.0.1:8080"]
        {
            assert_eq!(good.parse::<SecretRule>().unwrap().to_string(), good);
        }
        let check = |bad: &str, says: &str| {
            let error = bad.parse::<SecretRule>().unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        };
        check("KEY", "NAME=https://HOST");
        check("KEY=", "no scheme");
        check("key=https://a.example", "`key`");
        check("KEY=http://a.example", "https");
        check("KEY=http://localhost:80", "https");
        check("KEY=http://10.0.0.1", "https");
        check("KEY=https://*", "every host");
    }
}
