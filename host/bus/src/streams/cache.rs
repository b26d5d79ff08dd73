//! The cache before the durable bucket, in Redis: sealed, so that who writes to Redis writes no database's truth.

use super::scripts::{self, Args};
use super::seal::{Frame, Kind};
use super::{RedisBus, answer, wire};
use crate::cache::{CACHE_HOLD_MAX, CACHE_LIFE_MAX};
use crate::{BusError, CacheTicket, Cached, StateCache};
use async_trait::async_trait;
use bytes::Bytes;
use redis::{Cmd, Script, Value};
use serde::{Deserialize, Serialize};
use skep_core::{DomainName, SkillName, UnixMs};
use std::time::Duration;
use uuid::Uuid;

/// What a value is sealed with: whose it is, whether there is one, and how long it is to be believed.
#[derive(Serialize, Deserialize)]
struct Label {
    skill: SkillName,
    key: String,
    there: bool,
    until: UnixMs,
}

impl RedisBus {
    fn cache(
        &self,
        script: &Script,
        what: &str,
        ticket: &CacheTicket,
        span: Duration,
    ) -> Result<Cmd, BusError> {
        self.shared.check_life()?;
        let keys = self.shared.keys(&ticket.domain)?;
        let command = self.shared.script(script, &keys);
        let id = ticket.id.to_string();
        Ok(command.args([what, ticket.skill.as_str(), &ticket.key, &id]).args([span.as_millis() as u64]))
    }

    fn seal_cached(&self, ticket: &CacheTicket, value: Option<Bytes>) -> Result<Frame, BusError> {
        let label = Label {
            skill: ticket.skill.clone(),
            key: ticket.key.clone(),
            there: value.is_some(),
            until: UnixMs::now().after(CACHE_LIFE_MAX),
        };
        let (label, value) = (wire::encode(&label)?, value.unwrap_or_default());
        Ok(self.shared.seal.frame(Kind::Cache, ticket.domain.as_str(), label, value))
    }

    /// The value in a frame, if a host sealed it for this key and not too long ago.
    fn open_cached(&self, ticket: &CacheTicket, frame: Frame) -> Option<Option<Bytes>> {
        let scope = ticket.domain.as_str();
        let label: Label = wire::decode(&self.shared.seal, Kind::Cache, scope, &frame).ok()?;
        let fits = label.skill == ticket.skill && label.key == ticket.key && label.until > UnixMs::now();
        fits.then(|| label.there.then_some(frame.payload))
    }
}

/// The frame in an entry, if there is one; a part that is missing is empty, and then the seal doesn't hold.
fn frame(found: Value) -> Result<Option<Frame>, BusError> {
    let mut parts = answer::list(found)?.into_iter().map(|part| answer::bytes(part).unwrap_or_default());
    let Some(header) = parts.next() else { return Ok(None) };
    let (payload, mac) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    Ok(Some(Frame { header, payload: payload.into(), mac }))
}

#[async_trait]
impl StateCache for RedisBus {
    async fn cache_get(&self, domain: &DomainName, skill: &SkillName, key: &str) -> Result<Cached, BusError> {
        let ticket = CacheTicket::new(domain, skill, key, false);
        let get = self.cache(&scripts::CACHE, "get", &ticket, CACHE_HOLD_MAX)?;
        let Some(frame) = frame(self.shared.link.command(&get).await?)? else {
            return Ok(Cached::Miss(ticket));
        };
        if let Some(value) = self.open_cached(&ticket, frame) {
            return Ok(Cached::Hit(value));
        }
        tracing::warn!(%domain, %skill, "forgetting a cached value that no host sealed, or that is too old");
        let forget = self.cache(&scripts::CACHE, "forget", &ticket, CACHE_HOLD_MAX)?;
        self.shared.link.command(&forget).await?;
        Ok(Cached::Miss(ticket))
    }

    async fn cache_hold(
        &self,
        domain: &DomainName,
        skill: &SkillName,
        key: &str,
    ) -> Result<CacheTicket, BusError> {
        let ticket = CacheTicket::new(domain, skill, key, true);
        let hold = self.cache(&scripts::CACHE, "hold", &ticket, CACHE_HOLD_MAX)?;
        self.shared.link.command(&hold).await?;
        Ok(ticket)
    }

    async fn cache_fill(&self, ticket: CacheTicket, value: Option<Bytes>) -> Result<(), BusError> {
        let fill = self.cache(&scripts::CACHE_FILL, "fill", &ticket, CACHE_LIFE_MAX)?;
        let fill = fill.args([if ticket.hold { "hold" } else { "read" }]);
        let frame = self.seal_cached(&ticket, value)?;
        self.shared.link.command(&fill.args(frame.fields())).await.map(drop)
    }

    async fn cache_release(&self, ticket: CacheTicket) -> Result<(), BusError> {
        let release = self.cache(&scripts::CACHE, "release", &ticket, CACHE_HOLD_MAX)?;
        self.shared.link.command(&release).await.map(drop)
    }

    async fn cache_clear(&self, domain: &DomainName, skill: &SkillName) -> Result<(), BusError> {
        self.shared.check_life()?;
        // The era is forgotten once everything from before it has expired.
        let mut begin = redis::cmd("SET");
        begin.arg(format!("{}:cache-era:{skill}", self.shared.keys(domain)?.prefix));
        begin.arg(Uuid::now_v7().to_string()).arg("PX").arg(2 * CACHE_LIFE_MAX.as_millis() as u64);
        self.shared.link.command(&begin).await.map(drop)
    }
}
