//! Appending to the audit: idempotent, so that any host may bring a record, and bring it again.

use super::record;
use crate::db::{Abort, Purpose, Row, Tx, Value, Work, text, values};
use crate::{Store, StoreError};
use async_trait::async_trait;
use serde::Deserialize;
use skep_core::{AuditRecord, Incarnation};
use std::collections::BTreeMap;

/// The most that one statement appends, and the largest record.
pub const AUDIT_BATCH_BYTES_MAX: usize = 4 << 20;
/// Records that one statement appends at most.
const BATCH_RECORDS_MAX: usize = 256;

/// The columns that are searched, as far as the body tells them: a record of a newer host may tell
/// what this one doesn't know, and is stored all the same.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Columns {
    at: Option<u64>,
    action: Option<String>,
    domain: Option<String>,
    skill: Option<String>,
    call: Option<String>,
    fault: Option<String>,
}

/// Records by their key.
pub(crate) type Batch<'a> = BTreeMap<(Incarnation, u64), &'a AuditRecord>;

impl Store {
    /// Appends records. One that is stored already is no error, unless its content differs: that is
    /// reported when all others are stored.
    pub async fn audit_append(&self, records: &[AuditRecord]) -> Result<(), StoreError> {
        let mut mismatches = Vec::new();
        for batch in batches(records, &mut mismatches)? {
            mismatches.extend(self.db.transact(Purpose::Write, &batch).await?);
        }
        match mismatches.first() {
            Some(&(host, seq)) => Err(StoreError::AuditMismatch { host, seq, count: mismatches.len() }),
            None => Ok(()),
        }
    }
}

/// Cuts records into batches that fit into a packet.
pub(crate) fn batches<'a>(
    records: &'a [AuditRecord],
    mismatches: &mut Vec<(Incarnation, u64)>,
) -> Result<Vec<Batch<'a>>, StoreError> {
    let mut unique = Batch::new();
    for record in records {
        StoreError::check_size("an audit record", record.body.len(), AUDIT_BATCH_BYTES_MAX)?;
        if *unique.entry(key(record)).or_insert(record) != record {
            mismatches.push(key(record));
        }
    }
    let mut batches = Vec::new();
    let (mut batch, mut bytes) = (Batch::new(), 0);
    for (key, record) in unique {
        bytes += record.body.len();
        if batch.len() == BATCH_RECORDS_MAX || bytes > AUDIT_BATCH_BYTES_MAX {
            batches.push(std::mem::take(&mut batch));
            bytes = record.body.len();
        }
        batch.insert(key, record);
    }
    batches.push(batch);
    batches.retain(|batch| !batch.is_empty());
    Ok(batches)
}

fn key(record: &AuditRecord) -> (Incarnation, u64) {
    (record.host, record.seq)
}

#[async_trait]
impl Work for Batch<'_> {
    /// The keys that hold something else.
    type Output = Vec<(Incarnation, u64)>;

    async fn run(&self, tx: &mut Tx) -> Result<Self::Output, Abort> {
        let (mut fresh, mut mismatches) = (self.clone(), Vec::new());
        let mut seqs = BTreeMap::<Incarnation, Vec<Value>>::new();
        for (host, seq) in self.keys() {
            seqs.entry(*host).or_default().push(Value::from(*seq));
        }
        for (host, seqs) in seqs {
            let marks = vec!["?"; seqs.len()].join(", ");
            let sql =
                format!("SELECT host, seq, prev, mac, body FROM audit WHERE host = ? AND seq IN ({marks})");
            for mut row in tx.query(&sql, std::iter::once(text(host)).chain(seqs).collect()).await? {
                check_same(&mut fresh, &mut mismatches, &mut row)?;
            }
        }
        if !fresh.is_empty() {
            let marks = vec!["(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"; fresh.len()].join(", ");
            let sql = format!(
                "INSERT INTO audit (host, seq, prev, mac, body, at_ms, action, domain, skill, call_id, fault) VALUES {marks}"
            );
            tx.exec(&sql, fresh.into_values().flat_map(values_of).collect()).await?;
        }
        Ok(mismatches)
    }
}

/// Takes a stored record out of what is to be inserted.
fn check_same(
    fresh: &mut Batch<'_>,
    mismatches: &mut Vec<(Incarnation, u64)>,
    row: &mut Row,
) -> Result<(), Abort> {
    let stored = record(row)?;
    if fresh.remove(&key(&stored)).is_some_and(|given| *given != stored) {
        mismatches.push(key(&stored));
    }
    Ok(())
}

fn values_of(record: &AuditRecord) -> Vec<Value> {
    let told: Columns = serde_json::from_str(&record.body).unwrap_or_default();
    values![
        text(record.host),
        record.seq,
        &*record.prev,
        &*record.mac,
        &*record.body,
        told.at,
        told.action,
        told.domain,
        told.skill,
        told.call,
        told.fault,
    ]
}
