//! Audit records on their way to the database: a stream a domain, taken by whichever host asks.

use super::answer::{self, StreamEntry};
use super::keys::{GROUP, Keys, RELAY_CONSUMER};
use super::scripts::{self, Args};
use super::shared::Shared;
use super::wire;
use crate::{AuditToken, BusError};
use redis::cmd;
use skep_core::AuditRecord;
use std::time::{Duration, Instant};

/// How often an idle host looks for records of other hosts.
const LOOK_EVERY: Duration = Duration::from_millis(200);

type Records = Vec<(AuditToken, AuditRecord)>;

/// Pushes a record that belongs to no delivery.
pub(super) async fn push(shared: &Shared, record: AuditRecord) -> Result<(), BusError> {
    let domains = shared.domains();
    let Some(keys) = domains.first() else { return Err(BusError::Closed) };
    let frame = wire::audit_frame(&shared.seal, &keys.domain, record)?;
    let limit = shared.limits.audit_depth_max;
    let command = shared.script(&scripts::AUDIT, keys).args(frame.fields()).args([limit]);
    match shared.word(&command).await.map_err(pushed_or_not)?.as_str() {
        "ok" => {
            shared.records.notify_one();
            Ok(())
        }
        _ => Err(BusError::AuditFull { limit }),
    }
}

/// A record may be pushed twice, so that not knowing is no more than not having.
fn pushed_or_not(error: BusError) -> BusError {
    match error {
        BusError::OutcomeUnknown(reason) => BusError::Unavailable(reason),
        other => other,
    }
}

/// Forgets records.
pub(super) async fn done(shared: &Shared, tokens: &[AuditToken]) -> Result<(), BusError> {
    let mut pipe = redis::pipe();
    for keys in shared.domains().iter() {
        let ids: Vec<String> = tokens
            .iter()
            .filter(|token| token.domain == keys.domain)
            .map(|token| token.id.to_string())
            .collect();
        if !ids.is_empty() {
            pipe.cmd("XACK").arg(&keys.audit).arg(GROUP).arg(&ids);
            pipe.cmd("XDEL").arg(&keys.audit).arg(&ids);
        }
    }
    if pipe.is_empty() { Ok(()) } else { shared.link.pipeline(&pipe).await.map_err(pushed_or_not) }
}

/// Takes records, and takes again what somebody took and left.
pub(super) struct Taker {
    reclaimed: Instant,
}

impl Taker {
    pub(super) fn new() -> Self {
        Self { reclaimed: Instant::now() }
    }

    /// Up to `max` records a domain, or what comes within the wait.
    pub(super) async fn take(&mut self, shared: &Shared, max: usize) -> Result<Records, BusError> {
        let deadline = tokio::time::Instant::now() + shared.limits.audit_wait;
        loop {
            let taken = self.look(shared, max).await.map_err(pushed_or_not)?;
            if !taken.is_empty() || tokio::time::Instant::now() >= deadline {
                return Ok(taken);
            }
            tokio::select! {
                () = shared.records.notified() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
                ended = shared.ended() => return Err(ended),
            }
        }
    }

    async fn look(&mut self, shared: &Shared, max: usize) -> Result<Records, BusError> {
        let reclaim = self.reclaimed.elapsed() >= shared.limits.audit_retry;
        let mut taken = Vec::new();
        for keys in shared.domains().iter() {
            if reclaim && taken.len() < max {
                let entries = left_behind(shared, keys, max - taken.len()).await?;
                taken.extend(open(shared, keys, entries).await);
            }
            if taken.len() < max {
                let entries = fresh(shared, keys, max - taken.len()).await?;
                taken.extend(open(shared, keys, entries).await);
            }
        }
        // With a full hand there may be more.
        if reclaim && taken.len() < max {
            self.reclaimed = Instant::now();
        }
        Ok(taken)
    }
}

async fn fresh(shared: &Shared, keys: &Keys, count: usize) -> Result<Vec<StreamEntry>, BusError> {
    let command = cmd("XREADGROUP").args(["GROUP", GROUP, RELAY_CONSUMER, "COUNT"]).args([count]).args([
        "STREAMS",
        &keys.audit,
        ">",
    ]);
    let read = shared.link.command(&command).await;
    if matches!(&read, Err(BusError::Unavailable(reason)) if reason.contains("NOGROUP")) {
        shared.link.command(&shared.groups(keys)).await?;
        return Ok(Vec::new());
    }
    Ok(answer::streams(read?)?.into_iter().flat_map(|(_, entries)| entries).collect())
}

/// What was taken too long ago. One answer holds only a part of the list, so it is walked to its end.
async fn left_behind(shared: &Shared, keys: &Keys, count: usize) -> Result<Vec<StreamEntry>, BusError> {
    let idle = shared.limits.audit_retry.as_millis() as u64;
    let mut cursor = "0-0".to_owned();
    let mut found = Vec::new();
    loop {
        let command = cmd("XAUTOCLAIM")
            .args([&keys.audit, GROUP, RELAY_CONSUMER])
            .args([idle])
            .args([&cursor])
            .args(["COUNT"])
            .args([count]);
        let mut answer = answer::list(shared.link.command(&command).await?)?.into_iter();
        let (Some(next), Some(entries)) = (answer.next(), answer.next()) else { return Ok(found) };
        found.extend(answer::entries(entries)?);
        cursor = answer::text(next)?;
        if cursor == "0-0" || found.len() >= count {
            return Ok(found);
        }
    }
}

async fn open(shared: &Shared, keys: &Keys, entries: Vec<StreamEntry>) -> Records {
    let mut records = Vec::with_capacity(entries.len());
    for mut entry in entries {
        let frame = entry.frame();
        match wire::audit_open(&shared.seal, &keys.domain, &frame) {
            Ok(record) => records.push((AuditToken { domain: keys.domain.clone(), id: entry.id }, record)),
            Err(reason) => shared.bury(keys, &keys.audit, entry.id, &frame, reason).await,
        }
    }
    records
}
