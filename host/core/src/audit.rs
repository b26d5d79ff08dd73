//! The audit: what was decided and done, in one chain a host that shows every edit, loss and reordering.

use crate::{
    CallId, Digest, DomainName, FaultCode, Incarnation, Principal, SkillName, ToolName, TraceId, UnixMs,
    VersionText,
};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::collections::BTreeMap;
use std::fmt;
use utoipa::ToSchema;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuditAction {
    /// A tool was called, or the call refused.
    Call,
    /// A job was accepted.
    Submit,
    /// A job was taken back.
    Cancel,
    /// A dead letter was tried again.
    Retry,
    /// A version was published.
    Publish,
    /// A waiting version was approved.
    Approve,
    /// A skill was removed.
    Remove,
    /// Something was granted.
    Grant,
    /// A grant was asked for.
    Request,
    /// A request for a grant was denied.
    Deny,
    /// Something granted was taken away.
    Revoke,
    /// A configuration was changed.
    Config,
    /// The breaker of a skill was closed.
    Reset,
    /// An operator changed what a skill keeps.
    State,
    /// A secret was given a value.
    SecretSet,
    /// A secret was deleted.
    SecretDelete,
    /// An API key was made.
    KeyCreate,
    /// An API key was revoked.
    KeyRevoke,
    /// A domain was made.
    DomainCreate,
    /// A domain was removed.
    DomainRemove,
}

impl fmt::Display for AuditAction {
    /// The word as it stands in JSON.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// One event, as the host tells it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AuditEvent {
    /// When it ended.
    pub at: UnixMs,
    /// What was done.
    pub action: AuditAction,
    /// On whose behalf, the origin first.
    pub chain: Vec<Principal>,
    /// The bulkhead.
    pub domain: DomainName,
    /// The skill it was done to, if it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skill: Option<SkillName>,
    /// The call, for calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
    /// The trace that it belongs to, if its caller began one or this one is recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<TraceId>,
    /// The tool, for calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<ToolName>,
    /// The version, once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<VersionText>)]
    pub version: Option<semver::Version>,
    /// The digest of component and manifest, once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// The fingerprint of the grants that held, once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grants: Option<Digest>,
    /// The fault, if it didn't end well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<FaultCode>,
    /// From accept to end, in microseconds.
    pub duration_us: u64,
    /// Size of the input.
    pub input_bytes: u64,
    /// Size of the output.
    pub output_bytes: u64,
    /// What else an auditor should know: what was granted, why it was refused.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

impl AuditEvent {
    /// That something was done just now, and nothing else about it.
    pub fn new(
        action: AuditAction,
        chain: Vec<Principal>,
        domain: DomainName,
        skill: Option<SkillName>,
    ) -> Self {
        Self {
            at: UnixMs::now(),
            action,
            chain,
            domain,
            skill,
            call: None,
            trace: None,
            tool: None,
            version: None,
            digest: None,
            grants: None,
            fault: None,
            duration_us: 0,
            input_bytes: 0,
            output_bytes: 0,
            detail: String::new(),
        }
    }
}

/// One link of a host's chain. The body stays the text that was signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRecord {
    /// The host, in the life that made the record.
    pub host: Incarnation,
    /// 1 for the first record of that life, one more for each.
    pub seq: u64,
    /// The MAC of the record before, 64 hex digits; 64 zeros for the first.
    pub prev: String,
    /// HMAC-SHA-256 over host, sequence, previous and body, 64 hex digits.
    pub mac: String,
    /// The event as JSON.
    pub body: String,
}

impl AuditRecord {
    /// The event that the body tells.
    pub fn event(&self) -> Result<AuditEvent, serde_json::Error> {
        serde_json::from_str(&self.body)
    }
}

/// The end of one host's chain, to which it adds.
pub struct AuditChain {
    host: Incarnation,
    key: [u8; 32],
    seq: u64,
    prev: String,
}

impl AuditChain {
    /// A new chain for a new life of a host.
    pub fn new(host: Incarnation, key: [u8; 32]) -> Self {
        Self { host, key, seq: 0, prev: "0".repeat(64) }
    }

    /// Makes the next record.
    pub fn next(&mut self, event: &AuditEvent) -> Result<AuditRecord, serde_json::Error> {
        let body = serde_json::to_string(event)?;
        let seq = self.seq + 1;
        let mac = record_mac(&self.key, self.host, seq, &self.prev, &body);
        let prev = std::mem::replace(&mut self.prev, mac.clone());
        self.seq = seq;
        Ok(AuditRecord { host: self.host, seq, prev, mac, body })
    }
}

fn record_mac(key: &[u8; 32], host: Incarnation, seq: u64, prev: &str, body: &str) -> String {
    // HMAC takes keys of any length, so this can't fail.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    for part in [host.0.as_bytes().as_slice(), &seq.to_le_bytes(), prev.as_bytes(), body.as_bytes()] {
        mac.update(&(part.len() as u64).to_le_bytes());
        mac.update(part);
    }
    hex::encode(mac.finalize().into_bytes())
}

/// What is wrong with a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error, ToSchema)]
#[serde(tag = "flaw", rename_all = "lowercase")]
pub enum AuditFlaw {
    /// The MAC doesn't fit the record: it was edited, or made with another key.
    #[error("record {seq} of host {host} was edited")]
    Edited {
        /// The chain.
        host: Incarnation,
        /// The record.
        seq: u64,
    },
    /// Records are missing.
    #[error("host {host}: records {from} to {to} are missing")]
    Missing {
        /// The chain.
        host: Incarnation,
        /// The first that is missing.
        from: u64,
        /// The last that is missing.
        to: u64,
    },
    /// The record follows another than the one before it.
    #[error("record {seq} of host {host} does not follow the one before it")]
    Reordered {
        /// The chain.
        host: Incarnation,
        /// The record.
        seq: u64,
    },
}

/// Checks records of any number of hosts, given in any order.
/// It finds edits, deletions and reorderings; the loss of a chain's end needs a head kept elsewhere.
pub fn audit_verify<'a>(
    records: impl IntoIterator<Item = &'a AuditRecord>,
    key: &[u8; 32],
) -> Vec<AuditFlaw> {
    let mut chains: BTreeMap<Incarnation, Vec<&AuditRecord>> = BTreeMap::new();
    for record in records {
        chains.entry(record.host).or_default().push(record);
    }
    let mut verifier = AuditVerifier::new(*key);
    let mut flaws = Vec::new();
    for chain in chains.values_mut() {
        chain.sort_by_key(|record| record.seq);
        flaws.extend(chain.iter().filter_map(|record| verifier.check(record)));
    }
    flaws
}

/// Checks chains record by record, for audits that are too long to be held: give it each chain from
/// its first record to its last, one chain after the other.
pub struct AuditVerifier {
    key: [u8; 32],
    records: u64,
    hosts: u64,
    /// The record before: its chain, its number, its MAC.
    last: Option<(Incarnation, u64, String)>,
}

impl AuditVerifier {
    /// A verifier of chains that were made with `key`.
    pub fn new(key: [u8; 32]) -> Self {
        Self { key, records: 0, hosts: 0, last: None }
    }

    /// Records seen so far.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Chains seen so far.
    pub fn hosts(&self) -> u64 {
        self.hosts
    }

    /// What is wrong with the next record, or between it and the one before.
    pub fn check(&mut self, record: &AuditRecord) -> Option<AuditFlaw> {
        let (host, seq) = (record.host, record.seq);
        self.records += 1;
        let (last_seq, last_mac) = match self.last.take() {
            Some((last, seq, mac)) if last == host => (seq, mac),
            _ => {
                self.hosts += 1;
                (0, "0".repeat(64))
            }
        };
        self.last = Some((host, seq, record.mac.clone()));
        if record.mac != record_mac(&self.key, host, seq, &record.prev, &record.body) {
            return Some(AuditFlaw::Edited { host, seq });
        }
        if seq > last_seq + 1 {
            return Some(AuditFlaw::Missing { host, from: last_seq + 1, to: seq - 1 });
        }
        (seq <= last_seq || record.prev != last_mac).then_some(AuditFlaw::Reordered { host, seq })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [7; 32];

    fn chain(length: u64) -> Vec<AuditRecord> {
        let mut chain = AuditChain::new(Incarnation::fresh(), KEY);
        let operator = vec![Principal::Operator("local".into())];
        let echo = Some("echo".parse().unwrap());
        let denied = AuditEvent {
            fault: Some(FaultCode::Denied),
            ..AuditEvent::new(AuditAction::Call, operator, DomainName::default(), echo)
        };
        let event = |n| AuditEvent { at: UnixMs(n), duration_us: n, ..denied.clone() };
        (0..length).map(|n| chain.next(&event(n)).unwrap()).collect()
    }

    #[test]
    fn an_untouched_chain_is_whole_in_any_order() {
        let mut records = chain(5);
        records.reverse();
        records.extend(chain(3));
        assert_eq!(audit_verify(&records, &KEY), []);
        assert_eq!(records[4].event().unwrap().duration_us, 0);
    }

    #[test]
    fn actions_are_shown_as_they_are_written() {
        assert_eq!(AuditAction::SecretSet.to_string(), "secret_set");
        assert_eq!(serde_json::to_string(&AuditAction::Call).unwrap(), "\"call\"");
    }

    #[test]
    fn edits_losses_and_reorderings_show() {
        let mut edited = chain(3);
        edited[1].body = edited[1].body.replace("denied", "trapped");
        assert!(matches!(audit_verify(&edited, &KEY)[..], [AuditFlaw::Edited { seq: 2, .. }]));

        let mut lost = chain(5);
        lost.drain(1..3);
        assert!(matches!(audit_verify(&lost, &KEY)[..], [AuditFlaw::Missing { from: 2, to: 3, .. }]));

        let mut swapped = chain(3);
        swapped[1].seq = 3;
        swapped[2].seq = 2;
        assert_eq!(audit_verify(&swapped, &KEY).len(), 2);

        let mut doubled = chain(2);
        doubled.push(doubled[1].clone());
        assert!(matches!(audit_verify(&doubled, &KEY)[..], [AuditFlaw::Reordered { seq: 2, .. }]));
        assert_eq!(audit_verify(&chain(2), &[8; 32]).len(), 2);
    }
}
