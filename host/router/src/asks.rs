//! Requests for grants: whoever may call may ask, operators alone decide, and nobody decides on their own.

use crate::Router;
use crate::operate::{Operator, words};
use skep_core::{
    ASK_LIFE_DEFAULT, ASK_LIFE_MAX, ASK_LIFE_MIN, ASK_WORDS_CHARS_MAX, Ask, AskId, AskState, AuditAction,
    Digest, Fault, Grants, Principal, SkillName, Span, UnixMs,
};
use skep_store::Decision;
use std::time::Duration;

/// What somebody wants.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The skill that is to have it.
    pub skill: SkillName,
    /// What it is to have.
    pub grants: Grants,
    /// Why, in words for the operator.
    pub why: String,
    /// How long to wait for an operator; [`ASK_LIFE_DEFAULT`] if left out.
    pub life: Option<Duration>,
}

impl Router {
    /// Asks for a grant; gives the request that waits now, or the same one that waited already.
    pub async fn grant_request(&self, by: &Operator, wish: Wish) -> Result<Ask, Fault> {
        let Wish { skill, grants, why, life } = wish;
        let detail = words(&grants);
        let asked = async {
            check_words("why", &why)?;
            if grants.is_empty() {
                return Err(Fault::invalid_input("the request names nothing to grant"));
            }
            let (life, asked) = (check_life(life)?, UnixMs::now());
            let asked_by = asker(by)?;
            let make = |digest: Digest| Ask {
                id: AskId::fresh(),
                skill: skill.clone(),
                digest,
                grants: grants.clone(),
                why,
                asked_by,
                asked,
                expires: asked.after(life),
                state: AskState::Pending,
                decided_by: None,
                decided: None,
                reason: None,
            };
            self.0.registry.ask(&by.domain, &skill, &grants, make).await
        };
        let done = asked.await;
        let detail = done.as_ref().map_or(detail.clone(), |ask| format!("{detail} (request {})", ask.id));
        self.record(by, AuditAction::Request, Some(&skill), detail, done.as_ref().err()).await;
        done
    }

    /// Grants what a request asks for.
    pub async fn grant_request_approve(&self, by: &Operator, id: AskId) -> Result<Ask, Fault> {
        let ask = self.0.registry.ask_get(&by.domain, id).await?;
        let done = match decision(by, &ask, None) {
            Ok(decision) => self.0.registry.ask_approve(&by.domain, &decision).await,
            Err(fault) => Err(fault),
        };
        let detail = format!("{} (request {id} of {})", words(&ask.grants), ask.asked_by);
        self.changed(by, AuditAction::Grant, Some(&ask.skill), detail, &done).await;
        done
    }

    /// Refuses what a request asks for.
    pub async fn grant_request_deny(
        &self,
        by: &Operator,
        id: AskId,
        reason: Option<String>,
    ) -> Result<Ask, Fault> {
        let ask = self.0.registry.ask_get(&by.domain, id).await?;
        check_words("reason", reason.as_deref().unwrap_or_default())?;
        let done = match decision(by, &ask, reason) {
            Ok(decision) => self.0.registry.ask_deny(&by.domain, &decision).await,
            Err(fault) => Err(fault),
        };
        let detail = format!("{} (request {id} of {})", words(&ask.grants), ask.asked_by);
        self.record(by, AuditAction::Deny, Some(&ask.skill), detail, done.as_ref().err()).await;
        done
    }
}

fn asker(by: &Operator) -> Result<Principal, Fault> {
    by.chain.first().cloned().ok_or_else(|| Fault::internal("nobody asks"))
}

/// A decision by somebody else than whoever asked. People with the host's own rights may decide on what they
/// asked for themselves: they could grant it without asking.
fn decision(by: &Operator, ask: &Ask, reason: Option<String>) -> Result<Decision, Fault> {
    let decider = asker(by)?;
    if decider == ask.asked_by && !matches!(decider, Principal::Operator(_)) {
        return Err(Fault::denied(format!(
            "`{decider}` made request {}: somebody else must decide on it",
            ask.id
        )));
    }
    Ok(Decision { id: ask.id, by: decider, at: UnixMs::now(), reason })
}

fn check_words(field: &str, words: &str) -> Result<(), Fault> {
    let chars = words.chars().count();
    if chars <= ASK_WORDS_CHARS_MAX {
        return Ok(());
    }
    Err(Fault::invalid_input(format!(
        "`{field}` has {chars} characters: at most {ASK_WORDS_CHARS_MAX} are taken"
    )))
}

fn check_life(life: Option<Duration>) -> Result<Duration, Fault> {
    let life = life.unwrap_or(ASK_LIFE_DEFAULT);
    if (ASK_LIFE_MIN..=ASK_LIFE_MAX).contains(&life) {
        return Ok(life);
    }
    let [asked, min, max] = [life, ASK_LIFE_MIN, ASK_LIFE_MAX].map(Span);
    Err(Fault::invalid_input(format!("a request can wait {min} to {max}, not {asked}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use skep_core::DomainName;

    #[test]
    fn nobody_but_a_person_of_the_host_decides_on_their_own() {
        let by = |chain: Principal| Operator { chain: vec![chain], domain: DomainName::default() };
        let ask = |asked_by: Principal| Ask {
            id: AskId::fresh(),
            skill: "demo".parse().unwrap(),
            digest: Digest::of(b""),
            grants: Grants::default(),
            why: String::new(),
            asked_by,
            asked: UnixMs(1),
            expires: UnixMs(2),
            state: AskState::Pending,
            decided_by: None,
            decided: None,
            reason: None,
        };
        let (key, ann) = (Principal::Key("k".into()), Principal::Operator("ann".into()));
        assert!(decision(&by(key.clone()), &ask(key.clone()), None).unwrap_err().message.contains("key:k"));
        assert!(decision(&by(key), &ask(ann.clone()), None).is_ok());
        assert!(decision(&by(ann.clone()), &ask(ann), None).is_ok());
    }

    #[test]
    fn requests_wait_neither_forever_nor_not_at_all() {
        assert_eq!(check_life(None).unwrap(), ASK_LIFE_DEFAULT);
        assert!(check_life(Some(Duration::from_secs(59))).is_err());
        assert!(check_life(Some(ASK_LIFE_MAX + Duration::from_secs(1))).is_err());
        assert!(
            check_words("why", &"x".repeat(1000)).is_ok() && check_words("why", &"x".repeat(1001)).is_err()
        );
    }
}
