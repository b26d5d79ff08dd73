//! Tokens of issuers (JWT): checked against the issuer that they name, and against nothing that they bring along.

use super::issuer::{Issuer, SigningAlgorithm};
use super::jwks::KeySource;
use super::signature;
use jsonwebtoken::dangerous::insecure_decode;
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::{Map, Value};
use skep_core::{Allowance, Fault, Identity, Principal, Scope, SkillName};
use std::collections::BTreeSet;

/// How far clocks may be apart, in seconds.
const LEEWAY_SECONDS: u64 = 30;
/// Longest subject, in characters.
const SUBJECT_CHARS_MAX: usize = 128;

/// The issuers that the host trusts.
pub(crate) struct Issuers(Vec<(Issuer, KeySource)>);

/// Why a token names nobody.
#[derive(Debug, thiserror::Error)]
enum Unfit {
    #[error(transparent)]
    Token(#[from] jsonwebtoken::errors::Error),
    #[error("its header asks for extensions that aren't known here")]
    Critical,
    #[error("its issuer isn't trusted")]
    Issuer,
    #[error("its issuer has no such key, or doesn't sign with one of its kind")]
    Key,
    #[error("its claim `{0}` is missing or unusable")]
    Claim(String),
    #[error("{0}")]
    Away(Fault),
}

/// What is read before anything is proven: only to find the key that proves it.
#[derive(Deserialize)]
struct Unproven {
    iss: String,
}

type Claims = Map<String, Value>;

impl Issuers {
    pub(crate) fn new(issuers: Vec<Issuer>) -> Self {
        signature::install();
        let source = |issuer: Issuer| {
            let keys = KeySource::new(issuer.jwks.clone());
            (issuer, keys)
        };
        Self(issuers.into_iter().map(source).collect())
    }

    /// Whom a token names, if it is one that holds. Where that can't be known now, it is unavailable.
    pub(crate) async fn identify(&self, token: &str) -> Result<Option<Identity>, Fault> {
        match self.verify(token).await {
            Ok(identity) => Ok(Some(identity)),
            Err(Unfit::Away(fault)) => Err(fault),
            Err(why) => {
                tracing::debug!(%why, "a token was refused");
                Ok(None)
            }
        }
    }

    async fn verify(&self, token: &str) -> Result<Identity, Unfit> {
        let header = decode_header(token)?;
        if header.crit.is_some() {
            return Err(Unfit::Critical);
        }
        let Unproven { iss } = insecure_decode(token)?.claims;
        let (issuer, keys) = self.0.iter().find(|(issuer, _)| issuer.issuer == iss).ok_or(Unfit::Issuer)?;
        let found = keys.key(header.kid.as_deref()).await.map_err(Unfit::Away)?;
        let key = found.filter(|key| issuer.algorithms.contains(&key.algorithm)).ok_or(Unfit::Key)?;
        // The key says which algorithm it is for; what the token says must be the same.
        let mut validation = Validation::new(match key.algorithm {
            SigningAlgorithm::RS256 => Algorithm::RS256,
            SigningAlgorithm::ES256 => Algorithm::ES256,
            SigningAlgorithm::EdDSA => Algorithm::EdDSA,
        });
        validation.set_issuer(&[&issuer.issuer]);
        validation.set_audience(&[&issuer.audience]);
        validation.set_required_spec_claims(&["iss", "aud", "exp", "sub"]);
        validation.validate_nbf = true;
        validation.leeway = LEEWAY_SECONDS;
        identity(issuer, &decode::<Claims>(token, &key.key, &validation)?.claims)
    }
}

/// Who the proven claims are about.
fn identity(issuer: &Issuer, claims: &Claims) -> Result<Identity, Unfit> {
    let unfit = |claim: &str| Unfit::Claim(claim.to_owned());
    let subject = claims.get("sub").and_then(Value::as_str).filter(|subject| is_subject(subject));
    let subject = subject.ok_or_else(|| unfit("sub"))?;
    let Scope { mut domain, mut skills } = issuer.scope();
    if let Some(claim) = &issuer.domain_claim {
        let named = claims.get(claim).and_then(Value::as_str).and_then(|text| text.parse().ok());
        let named = named.filter(|named| domain.as_ref().is_none_or(|own| own == named));
        domain = Some(named.ok_or_else(|| unfit(claim))?);
    }
    if let Some(claim) = &issuer.skills_claim {
        let named = claims.get(claim).and_then(names).ok_or_else(|| unfit(claim))?;
        skills = Some(skills.map_or(named.clone(), |own| &own & &named));
    }
    let principal = Principal::Agent(format!("{subject}@{}", issuer.name));
    let scope = Scope { domain, skills };
    Ok(Identity { principal, role: issuer.role, scope, allowance: Allowance::default() })
}

/// What may stand in the audit and in logs as it is.
fn is_subject(text: &str) -> bool {
    (1..=SUBJECT_CHARS_MAX).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

/// Names of skills, in a list or in words.
fn names(value: &Value) -> Option<BTreeSet<SkillName>> {
    match value {
        Value::String(words) => words.split_whitespace().map(|word| word.parse().ok()).collect(),
        Value::Array(list) => list.iter().map(|name| name.as_str()?.parse().ok()).collect(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn issuer(more: Value) -> Issuer {
        let mut all = json!({ "name": "corp", "issuer": "i", "audience": "a", "jwks": "/jwks.json" });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(all).unwrap()
    }

    #[test]
    fn claims_narrow_what_the_issuer_reaches_and_never_widen_it() {
        let check = |more: Value, claims: Value, expect: Option<(Option<&str>, Option<&[&str]>)>| {
            let found = identity(&issuer(more), claims.as_object().unwrap()).ok();
            let skills = |names: &[&str]| names.iter().map(|name| name.parse().unwrap()).collect();
            let expect = expect.map(|(domain, names)| Scope {
                domain: domain.map(|name| name.parse().unwrap()),
                skills: names.map(skills),
            });
            assert_eq!(found.map(|identity| identity.scope), expect, "{claims}");
        };
        check(json!({}), json!({ "sub": "ann", "skills": ["b"] }), Some((None, None)));
        let bound =
            json!({ "domain": "one", "skills": ["a", "b"], "domain_claim": "d", "skills_claim": "s" });
        check(
            bound.clone(),
            json!({ "sub": "ann", "d": "one", "s": ["b", "c"] }),
            Some((Some("one"), Some(&["b"]))),
        );
        check(bound.clone(), json!({ "sub": "ann", "d": "one", "s": "c" }), Some((Some("one"), Some(&[]))));
        check(bound.clone(), json!({ "sub": "ann", "d": "two", "s": "a" }), None);
        check(bound.clone(), json!({ "sub": "ann", "s": "a" }), None);
        check(bound.clone(), json!({ "sub": "ann", "d": "one" }), None);
        check(bound, json!({ "sub": "ann", "d": "one", "s": ["A"] }), None);
        for odd in ["", "a\nb", &"x".repeat(129)] {
            check(json!({}), json!({ "sub": odd }), None);
        }
        let ann = identity(&issuer(json!({})), json!({ "sub": "ann" }).as_object().unwrap()).unwrap();
        assert_eq!(
            (ann.principal.to_string(), ann.role.to_string()),
            ("agent:ann@corp".into(), "caller".into())
        );
    }
}
