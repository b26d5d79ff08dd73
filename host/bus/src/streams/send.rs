//! Sending a call: one script admits it, charges it to its quotas and queues it.

use super::answer;
use super::keys::{share, whose};
use super::scripts::{self, Args};
use super::shared::Shared;
use super::wire;
use crate::queues::{Queue, check_depth};
use crate::{Bound, BusError, BusLimits, Charge, Entry, OverQuota, Payer, Spent};
use redis::{Cmd, Value};
use skep_core::RateLevel;
use std::num::NonZeroU32;

/// Sends a call, and says how far the rate of who asked is drawn down.
pub(super) async fn send(shared: &Shared, entry: &Entry) -> Result<Option<RateLevel>, BusError> {
    shared.check_life()?;
    let (limits, envelope) = (&shared.limits, &entry.envelope);
    BusLimits::check("input", entry.payload.len(), limits.payload_bytes_max)?;
    check_depth(envelope)?;
    let keys = shared.keys(&envelope.to.domain)?;
    let frame = wire::call_frame(&shared.seal, envelope, entry.payload.clone())?;
    BusLimits::check("envelope", frame.header.len(), limits.header_bytes_max)?;
    let command = shared
        .script(&scripts::SEND, &keys)
        .args([envelope.id.to_string(), Queue::of(envelope).to_string(), share(envelope)])
        .args(frame.fields())
        .args([entry.concurrency, entry.waiting])
        .args([limits.depth_max, limits.depth_bytes_max, limits.audit_depth_max]);
    let command = entry.charges.iter().fold(command, charged);
    // A word alone, or with what is to be said of the quotas.
    let mut answer = match shared.link.command(&command).await? {
        Value::Array(parts) => parts.into_iter(),
        word => vec![word].into_iter(),
    };
    let word = answer.next().map(answer::text).transpose()?.unwrap_or_default();
    let numbers = answer::numbers(Value::Array(answer.collect()))?;
    match word.as_str() {
        "ok" => Ok(left(&entry.charges, &numbers)),
        "rate" | "under-way" => {
            Err(over_quota(&entry.charges, &numbers).unwrap_or_else(|| unexpected(&word)))
        }
        "depth" => Err(limits.overloaded(Bound::Depth, entry)),
        "bytes" => Err(limits.overloaded(Bound::Bytes, entry)),
        "waiting" => Err(limits.overloaded(Bound::SkillWaiting, entry)),
        "audit" => Err(BusError::AuditFull { limit: limits.audit_depth_max }),
        "duplicate" => Err(BusError::Duplicate(envelope.id)),
        other => Err(not_sent(other, entry)),
    }
}

/// Adds a charge to the arguments.
fn charged(command: Cmd, Charge { payer, quota }: &Charge) -> Cmd {
    let under_way = quota.concurrency.map_or(0, NonZeroU32::get);
    let (calls, window) = quota.rate.map_or((0, 0), |rate| (rate.calls(), rate.window_ms()));
    command.args([whose(payer)]).args([u64::from(under_way), calls, window])
}

/// How far the rate of who asked is drawn down, by the debts of all rates.
fn left(charges: &[Charge], debts: &[u64]) -> Option<RateLevel> {
    let rates = charges.iter().filter_map(|charge| Some((&charge.payer, charge.quota.rate?)));
    let mut drawn = rates.zip(debts).filter(|((payer, _), _)| matches!(payer, Payer::Principal(_)));
    drawn.next().map(|((_, rate), debt)| RateLevel::new(rate, *debt))
}

/// Which charge was refused: its place, and the debt if it is for its rate.
fn over_quota(charges: &[Charge], numbers: &[u64]) -> Option<BusError> {
    let (place, debt) = (*numbers.first()?, numbers.get(1));
    let Charge { payer, quota } = charges.get(usize::try_from(place).ok()?)?.clone();
    let spent = match debt {
        Some(debt) => Spent::Rate(RateLevel::new(quota.rate?, *debt)),
        None => Spent::Concurrency(quota.concurrency?),
    };
    Some(BusError::OverQuota(OverQuota { payer, spent }))
}

/// Why an entry was not queued, if not for want of room.
fn not_sent(word: &str, entry: &Entry) -> BusError {
    match (word, entry.envelope.session) {
        ("gone", Some(session)) => BusError::NoSuchHost(session.host),
        ("unsure", _) => BusError::Unavailable("Redis lost its data, and the hosts report anew".to_owned()),
        _ => unexpected(word),
    }
}

fn unexpected(word: &str) -> BusError {
    BusError::Internal(format!("unexpected answer `{word}` to a message"))
}
