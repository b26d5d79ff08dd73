//! Issuers of tokens: whom the host trusts to say who somebody is, and how far that goes.

use serde::Deserialize;
use skep_core::{DomainName, Role, Scope, SkillName};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// An algorithm of signatures that is taken. There are no shared secrets among them, and no `none`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum SigningAlgorithm {
    /// RSA of 2048 bits and more, PKCS #1 v1.5, SHA-256.
    RS256,
    /// ECDSA on P-256, SHA-256.
    ES256,
    /// Ed25519.
    EdDSA,
}

/// Where an issuer's public keys are: a JSON Web Key Set (RFC 7517).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum KeyPlace {
    /// A file.
    File(PathBuf),
    /// A web address.
    Web(reqwest::Url),
}

/// A text that names no place of keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no place of keys: write an https:// address or a file's path from `/`")]
pub struct KeyPlaceError(String);

impl TryFrom<String> for KeyPlace {
    type Error = KeyPlaceError;
    fn try_from(text: String) -> Result<Self, KeyPlaceError> {
        if text.starts_with('/') {
            return Ok(Self::File(text.into()));
        }
        let url = reqwest::Url::parse(&text).ok();
        url.filter(is_safe).map(Self::Web).ok_or(KeyPlaceError(text))
    }
}

/// Keys that came in clear could be anybody's, unless they came from this machine.
fn is_safe(url: &reqwest::Url) -> bool {
    let own = || matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    url.scheme() == "https" || (url.scheme() == "http" && own())
}

/// Who is trusted to say who somebody is: one `[[issuers]]` of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issuer {
    /// A short name: its agents are `agent:SUBJECT@NAME`.
    pub name: DomainName,
    /// What stands in the tokens' `iss`.
    pub issuer: String,
    /// What must stand in their `aud`: this deployment.
    pub audience: String,
    /// Its public keys.
    pub jwks: KeyPlace,
    /// The algorithms that it signs with; all that are taken, if left out.
    #[serde(default = "all_algorithms")]
    pub algorithms: Vec<SigningAlgorithm>,
    /// What part its agents play.
    #[serde(default = "caller")]
    pub role: Role,
    /// The one domain that they reach; all, if left out.
    #[serde(default)]
    pub domain: Option<DomainName>,
    /// The only skills that they reach; all, if left out.
    #[serde(default)]
    pub skills: Option<BTreeSet<SkillName>>,
    /// A claim with a domain, which narrows further. A token without it is refused.
    #[serde(default)]
    pub domain_claim: Option<String>,
    /// A claim with skills, a list or words, which narrows further. A token without it is refused.
    #[serde(default)]
    pub skills_claim: Option<String>,
}

fn all_algorithms() -> Vec<SigningAlgorithm> {
    vec![SigningAlgorithm::RS256, SigningAlgorithm::ES256, SigningAlgorithm::EdDSA]
}

fn caller() -> Role {
    Role::Caller
}

impl Issuer {
    /// How far its agents reach at most.
    pub(super) fn scope(&self) -> Scope {
        Scope { domain: self.domain.clone(), skills: self.skills.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_from_files_and_over_tls_only() {
        let place = |text: &str| KeyPlace::try_from(text.to_owned());
        for good in
            ["/etc/skep/jwks.json", "https://id.example/keys", "http://127.0.0.1:80/", "http://[::1]/"]
        {
            assert!(place(good).is_ok(), "{good}");
        }
        for bad in
            ["", "jwks.json", "http://id.example/keys", "ftp://id.example", "http://127.0.0.1.example/"]
        {
            assert!(place(bad).is_err(), "{bad}");
        }
    }
}
