//! Identity: who came in, what part they play, and what they may see.

use crate::{Allowance, DomainName, Principal, SkillName};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::{fmt, str::FromStr};
use utoipa::ToSchema;

/// What part a principal plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Decides: skills, grants, secrets, keys. Calls and audits as well.
    Operator,
    /// Calls tools, and sees what it may call.
    Caller,
    /// Reads: skills, grants, the audit. Calls nothing.
    Auditor,
}

/// A text that names no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no role: it is operator, caller or auditor")]
pub struct RoleError(String);

impl FromStr for Role {
    type Err = RoleError;
    fn from_str(text: &str) -> Result<Self, RoleError> {
        match text {
            "operator" => Ok(Self::Operator),
            "caller" => Ok(Self::Caller),
            "auditor" => Ok(Self::Auditor),
            _ => Err(RoleError(text.to_owned())),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Operator => "operator",
            Self::Caller => "caller",
            Self::Auditor => "auditor",
        })
    }
}

/// How far a principal's role reaches.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scope {
    /// The one domain that it reaches; all of them if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<DomainName>,
    /// The only skills that it reaches; all of them if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skills: Option<BTreeSet<SkillName>>,
}

impl Scope {
    /// Whether it reaches all that the other does.
    pub fn covers(&self, other: &Self) -> bool {
        let skills = self.skills.as_ref();
        (self.domain.is_none() || self.domain == other.domain)
            && skills.is_none_or(|own| other.skills.as_ref().is_some_and(|named| named.is_subset(own)))
    }

    /// Whether it reaches everything.
    pub fn is_unbounded(&self) -> bool {
        self.domain.is_none() && self.skills.is_none()
    }
}

/// Who came in, as proven at the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The name that stands in the audit.
    pub principal: Principal,
    /// What part it plays.
    pub role: Role,
    /// How far that reaches.
    pub scope: Scope,
    /// What it may use up.
    pub allowance: Allowance,
}

impl Identity {
    /// Somebody with the host's own rights, on the host itself.
    pub fn operator(principal: Principal) -> Self {
        let allowance = Allowance::Unmetered;
        Self { principal, role: Role::Operator, scope: Scope::default(), allowance }
    }

    /// Whether the domain is within its reach.
    pub fn reaches(&self, domain: &DomainName) -> bool {
        self.scope.domain.as_ref().is_none_or(|own| own == domain)
    }

    /// Whether the skill may be known to it at all. What it doesn't see is answered as if it weren't there.
    pub fn sees(&self, domain: &DomainName, skill: &SkillName) -> bool {
        self.reaches(domain) && self.scope.skills.as_ref().is_none_or(|own| own.contains(skill))
    }

    /// Whether it may call the skill's tools.
    pub fn calls(&self, domain: &DomainName, skill: &SkillName) -> bool {
        self.role != Role::Auditor && self.sees(domain, skill)
    }

    /// Whether it may read the audit of what it sees.
    pub fn audits(&self) -> bool {
        self.role != Role::Caller
    }

    /// Whether it may change what it sees. What concerns a whole domain or host needs an unbounded scope besides.
    pub fn operates(&self) -> bool {
        self.role == Role::Operator
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_and_scopes_bound_what_is_seen_and_done() {
        let (main, other): (DomainName, DomainName) = ("main".parse().unwrap(), "other".parse().unwrap());
        let (own, foreign): (SkillName, SkillName) = ("own".parse().unwrap(), "foreign".parse().unwrap());
        let scope = Scope { domain: Some(main.clone()), skills: Some([own.clone()].into()) };
        let check = |role: &str, sees, calls, audits, operates| {
            let principal = Principal::Key("k".to_owned());
            let (role, scope) = (role.parse().unwrap(), scope.clone());
            let identity = Identity { role, scope, principal, allowance: Allowance::default() };
            let may = (identity.sees(&main, &own), identity.calls(&main, &own));
            assert_eq!(
                (may, identity.audits(), identity.operates()),
                ((sees, calls), audits, operates),
                "{role}"
            );
            assert!(!identity.sees(&other, &own) && !identity.calls(&main, &foreign), "{role}");
        };
        check("operator", true, true, true, true);
        check("caller", true, true, false, false);
        check("auditor", true, false, true, false);
        assert!(scope.covers(&scope) && !scope.covers(&Scope::default()));
        assert!(Scope::default().covers(&scope) && !scope.covers(&Scope { skills: None, ..scope.clone() }));
        assert!(!scope.covers(&Scope { skills: Some([foreign.clone()].into()), ..scope.clone() }));
        assert!("root".parse::<Role>().is_err());
        assert!(Identity::operator(Principal::Operator("ann".to_owned())).calls(&other, &foreign));
    }
}
