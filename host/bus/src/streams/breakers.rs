//! Breakers in Redis, by its clock.

use super::keys::Keys;
use super::scripts::{self, Args};
use super::{RedisBus, answer};
use crate::BusError;
use crate::breakers::{BreakerOf, Breakers, Noted};
use async_trait::async_trait;
use redis::{Cmd, Value};
use skep_core::{
    Admission, BREAKER_LIFE, BreakerRules, BreakerSeen, BreakerState, CallId, DomainName, Ending, FaultCode,
    SkillName,
};
use std::time::Duration;

impl RedisBus {
    fn breaker_command(&self, what: &str, keys: &Keys, skill: &str) -> Cmd {
        let life_ms = BREAKER_LIFE.as_millis() as u64;
        self.shared.script(&scripts::BREAKER, keys).args([what, skill]).args([life_ms])
    }

    /// A word, and how the breaker stands.
    async fn breaker_answer(&self, command: &Cmd) -> Result<(String, BreakerSeen), BusError> {
        let mut parts = answer::list(self.shared.link.command(command).await?)?.into_iter();
        let word = answer::text(parts.next().unwrap_or(Value::Nil))?;
        Ok((word, seen(&mut parts)?))
    }
}

fn unexpected(what: &str) -> BusError {
    BusError::Internal(format!("unexpected answer `{what}` from a breaker"))
}

/// The next four parts of an answer: failures, how the last one failed, the state, when to come back.
fn seen(parts: &mut impl Iterator<Item = Value>) -> Result<BreakerSeen, BusError> {
    let mut next = || parts.next().unwrap_or(Value::Nil);
    let whole = |value| match value {
        Value::Int(number) => u64::try_from(number).map_err(|_| unexpected("negative")),
        _ => Err(unexpected("no number")),
    };
    let failures = u32::try_from(whole(next())?).unwrap_or(u32::MAX);
    let why = answer::text(next())?;
    let why = FaultCode::ALL.iter().copied().find(|code| code.as_str() == why);
    let state = answer::text(next())?;
    let states = [BreakerState::Closed, BreakerState::Open, BreakerState::HalfOpen];
    let state = states.into_iter().find(|known| known.as_str() == state).ok_or_else(|| unexpected(&state))?;
    Ok(BreakerSeen { state, failures, why, wait_ms: whole(next())? })
}

fn word(ending: Ending) -> &'static str {
    match ending {
        Ending::Well => "well",
        Ending::Neither => "neither",
        Ending::Failed(why) => why.as_str(),
    }
}

#[async_trait]
impl Breakers for RedisBus {
    async fn breaker_ask(
        &self,
        domain: &DomainName,
        skill: &SkillName,
        call: CallId,
        within: Duration,
    ) -> Result<Admission, BusError> {
        self.shared.check_life()?;
        let keys = self.shared.keys(domain)?;
        let command = self.breaker_command("ask", &keys, skill.as_str());
        let command = command.args([call.to_string()]).args([within.as_millis() as u64]);
        let (word, seen) = self.breaker_answer(&command).await?;
        match word.as_str() {
            "free" => Ok(Admission::Free),
            "trial" => Ok(Admission::Trial),
            "refused" => Ok(Admission::Refused(seen)),
            other => Err(unexpected(other)),
        }
    }

    async fn breaker_note(
        &self,
        domain: &DomainName,
        skill: &SkillName,
        call: CallId,
        ending: Ending,
        rules: &BreakerRules,
    ) -> Result<Noted, BusError> {
        self.shared.check_life()?;
        let keys = self.shared.keys(domain)?;
        let command = self.breaker_command("note", &keys, skill.as_str());
        let command = command.args([call.to_string().as_str(), word(ending)]);
        let command = command.args([u64::from(rules.failures()), rules.pause_ms(), rules.pause_max_ms()]);
        let (word, seen) = self.breaker_answer(&command.args([self.shared.limits.breakers_max])).await?;
        let became = match word.as_str() {
            "kept" => None,
            "open" => Some(BreakerState::Open),
            "closed" => Some(BreakerState::Closed),
            other => return Err(unexpected(other)),
        };
        Ok(Noted { seen, became })
    }

    async fn breaker_reset(&self, domain: &DomainName, skill: &SkillName) -> Result<bool, BusError> {
        self.shared.check_life()?;
        let keys = self.shared.keys(domain)?;
        let (word, _) = self.breaker_answer(&self.breaker_command("reset", &keys, skill.as_str())).await?;
        Ok(word == "closed")
    }

    async fn breakers(&self) -> Result<Vec<BreakerOf>, BusError> {
        self.shared.check_life()?;
        let mut all = Vec::new();
        for keys in self.shared.domains().iter() {
            let listed = self.shared.link.command(&self.breaker_command("list", keys, "")).await?;
            let mut parts = answer::list(listed)?.into_iter();
            while let Some(skill) = parts.next() {
                let skill = answer::text(skill)?;
                let seen = seen(&mut parts)?;
                // What is no name was written by no host.
                let Ok(skill) = skill.parse() else { continue };
                all.push(BreakerOf { domain: keys.domain.clone(), skill, seen });
            }
        }
        Ok(all)
    }
}
