//! Audit records: appended once each, whoever brings them, listed newest first, scanned chain by chain.

mod append;

use crate::db::{DbError, Row, Value, text};
use crate::{Store, StoreError};
use serde::Serialize;
use skep_core::{AuditAction, AuditRecord, CallId, DomainName, FaultCode, Incarnation, SkillName, UnixMs};
use std::collections::BTreeSet;

pub use append::AUDIT_BATCH_BYTES_MAX;
pub(crate) use append::batches;

/// Records that one listing or one step of a scan brings at most.
pub const AUDIT_PAGE_MAX: u64 = 1_000;

/// What to list; what isn't set doesn't matter.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Only of this domain.
    pub domain: Option<DomainName>,
    /// Only of this skill.
    pub skill: Option<SkillName>,
    /// Only of these skills; what concerns no skill isn't listed then.
    pub within: Option<BTreeSet<SkillName>>,
    /// Only of this call.
    pub call: Option<CallId>,
    /// Only what was done in this way.
    pub action: Option<AuditAction>,
    /// Only what ended with this fault.
    pub fault: Option<FaultCode>,
    /// Only what ended then or later.
    pub since: Option<UnixMs>,
    /// Only rows before this one: the last row of the page before.
    pub before: Option<u64>,
    /// At most so many; [`AUDIT_PAGE_MAX`] if not set or higher.
    pub limit: Option<u64>,
}

/// A stored record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// The row: rises in the order of storing, not of happening.
    pub id: u64,
    /// The record.
    pub record: AuditRecord,
}

/// A place in the scan of all chains: the host and sequence of the last record seen.
pub type AuditCursor = (Incarnation, u64);

const SELECT: &str = "SELECT id, host, seq, prev, mac, body FROM audit";

impl Store {
    /// Records by what they tell, the newest row first.
    pub async fn audit_list(&self, filter: &AuditFilter) -> Result<Vec<AuditRow>, StoreError> {
        let conditions = [
            ("domain = ?", filter.domain.as_ref().map(text)),
            ("skill = ?", filter.skill.as_ref().map(text)),
            ("call_id = ?", filter.call.as_ref().map(text)),
            ("action = ?", filter.action.as_ref().map(word).transpose()?),
            ("fault = ?", filter.fault.as_ref().map(text)),
            ("at_ms >= ?", filter.since.map(|since| since.0.into())),
            ("id < ?", filter.before.map(Value::from)),
        ];
        let set = conditions.into_iter().filter_map(|(condition, value)| Some((condition, value?)));
        let (mut set, mut values): (Vec<_>, Vec<_>) = set.map(|(c, v)| (c.to_owned(), v)).unzip();
        if let Some(skills) = &filter.within {
            set.push(one_of("skill", skills.len()));
            values.extend(skills.iter().map(text));
        }
        let set = if set.is_empty() { "1 = 1".to_owned() } else { set.join(" AND ") };
        values.push(page(filter.limit.unwrap_or(AUDIT_PAGE_MAX)));
        let sql = format!("{SELECT} WHERE {set} ORDER BY id DESC LIMIT ?");
        rows(self.db.query(&sql, values).await?)
    }

    /// The next records of all chains, each from its first to its last, in pages of at most `limit`.
    pub async fn audit_scan(
        &self,
        after: Option<AuditCursor>,
        limit: u64,
    ) -> Result<Vec<AuditRow>, StoreError> {
        let rest = match after {
            Some((host, seq)) => vec![text(host), text(host), Value::from(seq)],
            None => Vec::new(),
        };
        let condition = if rest.is_empty() { "" } else { "WHERE host > ? OR (host = ? AND seq > ?)" };
        let sql = format!("{SELECT} {condition} ORDER BY host, seq LIMIT ?");
        let values = rest.into_iter().chain([page(limit)]).collect();
        rows(self.db.query(&sql, values).await?)
    }
}

/// A condition on a column: that it holds one of so many values.
fn one_of(column: &str, count: usize) -> String {
    match count {
        0 => "1 = 0".to_owned(),
        _ => format!("{column} IN ({})", vec!["?"; count].join(", ")),
    }
}

fn page(limit: u64) -> Value {
    Value::from(limit.min(AUDIT_PAGE_MAX))
}

/// The word that stands for a value in JSON.
fn word(value: &impl Serialize) -> Result<Value, StoreError> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(Value::Text(word)),
        other => Err(StoreError::Internal(format!("no word: {other:?}"))),
    }
}

fn rows(rows: Vec<Row>) -> Result<Vec<AuditRow>, StoreError> {
    let read = |mut row: Row| Ok::<_, DbError>(AuditRow { id: row.int()?, record: record(&mut row)? });
    Ok(rows.into_iter().map(read).collect::<Result<_, _>>()?)
}

fn record(row: &mut Row) -> Result<AuditRecord, DbError> {
    Ok(AuditRecord {
        host: row.parse()?,
        seq: row.int()?,
        prev: row.text()?,
        mac: row.text()?,
        body: row.text()?,
    })
}
