//! What a route asks of who comes: a role, and that the domain and the skill it names are within reach.

use crate::Api;
use crate::error::Refusal;
use crate::request::query;
use axum::extract::{FromRequestParts, RawPathParams, Request, State};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use serde::Deserialize;
use skep_core::{DomainName, Fault, Identity, Role, SkillName};
use skep_registry::unknown_skill;
use skep_router::{Operator, unknown_domain};

/// Who may use a group of routes. Every route belongs to one, in `routes.rs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Whoever was let in, for what it sees.
    Anyone,
    /// Who may call.
    Callers,
    /// Who may read what was decided and done.
    Auditors,
    /// Who may change things.
    Operators,
    /// Operators who reach all of a domain: for what all of its skills share.
    OperatorsOfDomain,
    /// Auditors whose scope has no bound: for what tells of the whole deployment.
    AuditorsOfAll,
    /// Operators whose scope has no bound: for what concerns the whole deployment.
    OperatorsOfAll,
}

impl Class {
    /// The class as the API's document names it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Anyone => "anyone",
            Self::Callers => "callers",
            Self::Auditors => "auditors",
            Self::Operators => "operators",
            Self::OperatorsOfDomain => "operators-of-domain",
            Self::AuditorsOfAll => "auditors-of-all",
            Self::OperatorsOfAll => "operators-of-all",
        }
    }

    /// Whether the identity may use such routes; says what it lacks if not.
    pub(crate) fn admits(self, identity: &Identity) -> Result<(), Fault> {
        let (allowed, needed) = match self {
            Self::Anyone => (true, Role::Caller),
            Self::Callers => (identity.role != Role::Auditor, Role::Caller),
            Self::Auditors | Self::AuditorsOfAll => (identity.audits(), Role::Auditor),
            Self::Operators | Self::OperatorsOfDomain | Self::OperatorsOfAll => {
                (identity.operates(), Role::Operator)
            }
        };
        if !allowed {
            let (who, role) = (&identity.principal, identity.role);
            return Err(Fault::denied(format!(
                "this takes the role {needed}, and `{who}` has the role {role}"
            )));
        }
        if self == Self::OperatorsOfDomain && identity.scope.skills.is_some() {
            let who = &identity.principal;
            return Err(Fault::denied(format!(
                "this concerns a whole domain, and `{who}` reaches some of its skills"
            )));
        }
        if matches!(self, Self::AuditorsOfAll | Self::OperatorsOfAll) && !identity.scope.is_unbounded() {
            let who = &identity.principal;
            return Err(Fault::denied(format!(
                "this concerns the whole deployment, and `{who}` reaches a part"
            )));
        }
        Ok(())
    }
}

/// Who asks, and in which domain; within the reach of who asks.
#[derive(Debug, Clone)]
pub(crate) struct Who {
    pub(crate) identity: Identity,
    pub(crate) domain: DomainName,
}

impl Who {
    /// What reaches no further than the domain is answered as if nothing else were there.
    pub(crate) fn new(identity: Identity, asked: Option<DomainName>) -> Result<Self, Fault> {
        let domain = asked.or_else(|| identity.scope.domain.clone()).unwrap_or_default();
        if identity.reaches(&domain) { Ok(Self { identity, domain }) } else { Err(unknown_domain(&domain)) }
    }

    /// Whether the skill may be known to who asks. If not, the answer is the one for a skill that isn't there.
    pub(crate) fn sees(&self, skill: &SkillName) -> bool {
        self.identity.sees(&self.domain, skill)
    }

    /// Refuses a skill that isn't within reach.
    pub(crate) fn must_see(&self, skill: &SkillName) -> Result<(), Fault> {
        if self.sees(skill) { Ok(()) } else { Err(unknown_skill(&self.domain, skill)) }
    }

    /// The same in the words of the router.
    pub(crate) fn operator(&self) -> Operator {
        Operator { chain: vec![self.identity.principal.clone()], domain: self.domain.clone() }
    }
}

impl FromRequestParts<Api> for Who {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, Refusal> {
        let who = parts.extensions.get::<Self>().cloned();
        Ok(who.ok_or_else(|| Fault::internal("a route belongs to no class"))?)
    }
}

#[derive(Deserialize)]
struct Named {
    domain: Option<DomainName>,
}

/// Lets through who fits the class and names nothing out of reach, and notes [`Who`] for the handler.
pub(crate) async fn hold(
    State(class): State<Class>,
    path: RawPathParams,
    mut request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let identity = request.extensions().get::<Identity>().cloned();
    let identity = identity.ok_or_else(|| Fault::internal("a request came past `admit`"))?;
    class.admits(&identity)?;
    let Named { domain } = query(request.uri())?;
    let who = Who::new(identity, domain)?;
    // What is no name of a skill is for the handler to refuse.
    if let Some(skill) = path.iter().find(|(name, _)| *name == "skill").and_then(|(_, text)| named(text)) {
        who.must_see(&skill)?;
    }
    request.extensions_mut().insert(who);
    Ok(next.run(request).await)
}

/// The skill in NAME or NAME@VERSION.
fn named(text: &str) -> Option<SkillName> {
    text.split_once('@').map_or(text, |(name, _)| name).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use skep_core::{Allowance, Principal, Scope};

    fn identity(role: Role, scope: Scope) -> Identity {
        Identity { principal: Principal::Key("k".to_owned()), role, scope, allowance: Allowance::default() }
    }

    #[test]
    fn classes_admit_their_roles_and_no_others() {
        use Class::{Anyone, Auditors, AuditorsOfAll, Callers, Operators, OperatorsOfAll, OperatorsOfDomain};
        let check = |class: Class, roles: &[Role], bounded: bool| {
            for role in [Role::Operator, Role::Caller, Role::Auditor] {
                let whole = class.admits(&identity(role, Scope::default())).is_ok();
                assert_eq!(whole, roles.contains(&role), "{class:?} {role}");
                let part = Scope { domain: Some(DomainName::default()), skills: None };
                let part = class.admits(&identity(role, part)).is_ok();
                assert_eq!(part, whole && bounded, "{class:?} {role}");
            }
        };
        check(Anyone, &[Role::Operator, Role::Caller, Role::Auditor], true);
        check(Callers, &[Role::Operator, Role::Caller], true);
        check(Auditors, &[Role::Operator, Role::Auditor], true);
        check(Operators, &[Role::Operator], true);
        check(OperatorsOfDomain, &[Role::Operator], true);
        check(OperatorsOfAll, &[Role::Operator], false);
        check(AuditorsOfAll, &[Role::Operator, Role::Auditor], false);
        let some = Scope { domain: None, skills: Some(["own".parse().unwrap()].into()) };
        assert!(OperatorsOfDomain.admits(&identity(Role::Operator, some.clone())).is_err());
        assert!(Operators.admits(&identity(Role::Operator, some)).is_ok());
    }

    #[test]
    fn a_key_of_one_domain_is_in_it_without_naming_it() {
        let own: DomainName = "own".parse().unwrap();
        let scope = Scope { domain: Some(own.clone()), skills: None };
        let who = |asked| Who::new(identity(Role::Caller, scope.clone()), asked);
        assert_eq!(who(None).unwrap().domain, own);
        assert_eq!(who(Some(own.clone())).unwrap().domain, own);
        assert!(who(Some(DomainName::default())).unwrap_err().message.contains("main"));
    }
}
