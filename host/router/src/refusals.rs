//! Refusals at accept: the first of a kind leave a record each; those that follow at once leave one for all of
//! them, so that who floods a host doesn't flood its audit.

use parking_lot::Mutex;
use skep_core::{AuditEvent, DomainName, FaultCode, Principal};
use std::collections::HashMap;
use std::time::Duration;

/// How often what left no record of its own is summed up.
pub(crate) const SUMMED_EVERY: Duration = Duration::from_secs(10);
/// Refusals of one kind that leave a record of their own in that time.
const RECORDS_MAX: usize = 16;
/// Kinds that are told apart in that time; all further ones are one.
const KINDS_MAX: usize = 1024;

/// Who was refused, where, and why.
#[derive(PartialEq, Eq, Hash)]
struct Kind {
    origin: Option<Principal>,
    domain: DomainName,
    fault: Option<FaultCode>,
}

#[derive(Default)]
struct Tally {
    records: usize,
    more: usize,
    last: Option<AuditEvent>,
}

/// The refusals of this host since they were last summed up.
#[derive(Default)]
pub(crate) struct Refusals(Mutex<HashMap<Option<Kind>, Tally>>);

impl Refusals {
    /// Notes a refusal, and says whether it leaves a record of its own.
    pub(crate) fn note(&self, event: &AuditEvent) -> bool {
        let (origin, domain) = (event.chain.first().cloned(), event.domain.clone());
        let mut kind = Some(Kind { origin, domain, fault: event.fault });
        let mut tallies = self.0.lock();
        if tallies.len() >= KINDS_MAX && !tallies.contains_key(&kind) {
            kind = None;
        }
        let tally = tallies.entry(kind).or_default();
        if tally.records < RECORDS_MAX {
            tally.records += 1;
            return true;
        }
        tally.more += 1;
        tally.last = Some(event.clone());
        false
    }

    /// One record for each kind of which some left none, and a new beginning.
    pub(crate) fn sum_up(&self) -> Vec<AuditEvent> {
        let tallies = std::mem::take(&mut *self.0.lock());
        let summed = |tally: Tally| {
            let last = tally.last?;
            let detail =
                format!("the last of {} refused at accept that left no record of their own", tally.more);
            Some(AuditEvent { detail, ..last })
        };
        tallies.into_values().filter_map(summed).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use skep_core::AuditAction;

    fn refusal(origin: &str, fault: FaultCode) -> AuditEvent {
        let chain = vec![Principal::Agent(origin.to_owned())];
        AuditEvent {
            fault: Some(fault),
            ..AuditEvent::new(AuditAction::Call, chain, DomainName::default(), None)
        }
    }

    #[test]
    fn a_flood_leaves_few_records_and_hides_nobody_elses() {
        let refusals = Refusals::default();
        let flood = refusal("flood", FaultCode::Overloaded);
        let records = (0..1000).filter(|_| refusals.note(&flood)).count();
        assert_eq!(records, RECORDS_MAX);
        assert!(refusals.note(&refusal("ann", FaultCode::Overloaded)));
        assert!(refusals.note(&refusal("flood", FaultCode::Denied)));

        let summed = refusals.sum_up();
        assert_eq!(summed.len(), 1);
        assert_eq!((&summed[0].chain, summed[0].fault), (&flood.chain, flood.fault));
        assert!(summed[0].detail.contains(&(1000 - RECORDS_MAX).to_string()), "{}", summed[0].detail);
        assert!(refusals.note(&flood) && refusals.sum_up().is_empty(), "it begins anew");
    }

    #[test]
    fn kinds_beyond_the_bound_are_one() {
        let refusals = Refusals::default();
        let count = KINDS_MAX * 2;
        let records =
            (0..count).filter(|n| refusals.note(&refusal(&n.to_string(), FaultCode::Denied))).count();
        assert_eq!(records, KINDS_MAX + RECORDS_MAX);
        assert_eq!(refusals.0.lock().len(), KINDS_MAX + 1);
        let before = refusals.note(&refusal("0", FaultCode::Denied));
        assert!(before, "who is known is told apart");
        assert_eq!(refusals.sum_up().len(), 1);
    }
}
