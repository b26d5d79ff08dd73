//! Hot state in Redis.

use super::scripts::{self, Args};
use super::{RedisBus, answer};
use crate::{BusError, HotState};
use async_trait::async_trait;
use bytes::Bytes;
use redis::Value;
use skep_core::{
    DomainName, STATE_PAGE_MAX, SkillName, StateChange, StateChanged, StateError, StateKeys, StateLimits,
};

/// What a change is called, and its values, as the script takes them.
fn arguments(change: &StateChange) -> (&'static str, Vec<Vec<u8>>) {
    match change {
        StateChange::Set(value) => ("set", vec![value.to_vec()]),
        StateChange::Delete => ("delete", Vec::new()),
        StateChange::Increment(delta) => ("increment", vec![delta.to_string().into_bytes()]),
        StateChange::Swap { expected, value } => ("swap", vec![optional(expected), optional(value)]),
    }
}

fn optional(value: &Option<Bytes>) -> Vec<u8> {
    value.as_ref().map_or(Vec::new(), |value| [b"+", &value[..]].concat())
}

fn value(answer: Option<Value>) -> Result<Option<Bytes>, BusError> {
    match answer {
        None | Some(Value::Nil) => Ok(None),
        Some(value) => Ok(Some(answer::bytes(value)?.into())),
    }
}

#[async_trait]
impl HotState for RedisBus {
    async fn state_get(
        &self,
        domain: &DomainName,
        skill: &SkillName,
        key: &str,
    ) -> Result<Option<Bytes>, BusError> {
        self.shared.check_life()?;
        let mut get = redis::cmd("HGET");
        get.arg(format!("{}:hot:{skill}", self.shared.keys(domain)?.prefix)).arg(key);
        value(Some(self.shared.link.command(&get).await?))
    }

    async fn state_change(
        &self,
        domain: &DomainName,
        skill: &SkillName,
        key: &str,
        change: &StateChange,
        limits: StateLimits,
    ) -> Result<StateChanged, BusError> {
        self.shared.check_life()?;
        change.check(key)?;
        let script = match change {
            StateChange::Delete => &scripts::STATE_FREE,
            _ => &scripts::STATE,
        };
        let (what, values) = arguments(change);
        let keys = self.shared.keys(domain)?;
        let command = self.shared.script(script, &keys);
        let command = command.args([skill.as_str(), key]).args([limits.bytes.0, limits.keys.into()]);
        let answer = self.shared.link.command(&command.args([what]).args(values)).await?;
        let mut answer = answer::list(answer)?.into_iter();
        let word = answer::text(answer.next().unwrap_or(Value::Nil))?;
        match word.as_str() {
            "made" => Ok(StateChanged { applied: true, value: value(answer.next())? }),
            "kept" => Ok(StateChanged { applied: false, value: value(answer.next())? }),
            "bytes" => Err(StateError::FullBytes(limits.bytes).into()),
            "keys" => Err(StateError::FullKeys(limits.keys).into()),
            "number" => Err(StateError::NotANumber.into()),
            other => Err(BusError::Internal(format!("unexpected answer `{other}` to a change of state"))),
        }
    }

    async fn state_keys(
        &self,
        domain: &DomainName,
        skill: &SkillName,
        from: u64,
        max: usize,
    ) -> Result<StateKeys, BusError> {
        self.shared.check_life()?;
        let max = max.clamp(1, STATE_PAGE_MAX);
        // No bucket has more keys than this, and Redis counts with a sign.
        let first = from.min(u64::from(u32::MAX));
        let mut range = redis::cmd("ZRANGE");
        range.arg(format!("{}:hot-names:{skill}", self.shared.keys(domain)?.prefix));
        range.arg(first).arg(first + max as u64);
        let names = answer::list(self.shared.link.command(&range).await?)?;
        let names = names.into_iter().map(answer::text).collect::<Result<_, _>>()?;
        Ok(StateKeys::page(names, from, max))
    }

    async fn state_clear(&self, domain: &DomainName, skill: &SkillName) -> Result<(), BusError> {
        self.shared.check_life()?;
        let keys = self.shared.keys(domain)?;
        let prefix = &keys.prefix;
        let mut unlink = redis::cmd("UNLINK");
        for part in ["hot", "hot-names", "hot-bytes"] {
            unlink.arg(format!("{prefix}:{part}:{skill}"));
        }
        self.shared.link.command(&unlink).await.map(drop)
    }
}
