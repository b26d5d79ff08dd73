//! The audit: appended once, listed by what it tells, scanned whole.

use crate::ground::{Ground, on_both};
use crate::sample::{AUDIT_KEY, calls, chain, event};
use skep_core::{AuditAction, AuditRecord, CallId, FaultCode, UnixMs, audit_verify};
use skep_store::{AUDIT_BATCH_BYTES_MAX, AuditFilter, AuditRow, Store, StoreError};

on_both! {
    a_record_is_stored_once,
    a_record_with_other_content_is_reported_and_the_rest_stored,
    records_are_found_by_what_they_tell,
    listings_come_in_pages_newest_first,
    a_scan_brings_every_chain_whole,
    large_records_are_stored_and_too_large_ones_refused,
    a_record_that_tells_nothing_known_is_stored,
}

async fn list(store: &Store, filter: AuditFilter) -> Vec<AuditRecord> {
    store.audit_list(&filter).await.unwrap().into_iter().map(|row| row.record).collect()
}

async fn all(store: &Store) -> Vec<AuditRecord> {
    let mut all = list(store, AuditFilter::default()).await;
    all.reverse();
    all
}

async fn a_record_is_stored_once(ground: Ground) {
    let store = ground.open().await;
    let records = calls(10);
    store.audit_append(&[]).await.unwrap();
    store.audit_append(&records[..6]).await.unwrap();
    store.audit_append(&records[3..]).await.unwrap();
    store.audit_append(&[&records[..], &records[..]].concat()).await.unwrap();
    assert_eq!(all(&store).await, records);
}

async fn a_record_with_other_content_is_reported_and_the_rest_stored(ground: Ground) {
    let store = ground.open().await;
    let records = calls(5);
    store.audit_append(&records[..3]).await.unwrap();
    let mut edited = records.clone();
    edited[1].body = edited[1].body.replace("echo", "evil");
    let reported = StoreError::AuditMismatch { host: records[1].host, seq: 2, count: 1 };
    assert_eq!(store.audit_append(&edited).await, Err(reported.clone()));
    assert_eq!(all(&store).await, records);

    // Both in one batch: the first one given is stored.
    let other = calls(2);
    let mut edited = other[1].clone();
    edited.mac = "0".repeat(64);
    let given = [other[0].clone(), other[1].clone(), edited];
    let reported = StoreError::AuditMismatch { host: other[1].host, seq: 2, count: 1 };
    assert_eq!(store.audit_append(&given).await, Err(reported));
    assert_eq!(all(&store).await, [records, other].concat());
}

async fn records_are_found_by_what_they_tell(ground: Ground) {
    let store = ground.open().await;
    let call = CallId::fresh();
    let mut events = [event("echo", 1), event("echo", 2), event("files", 3), event("files", 4)];
    events[0].call = Some(call);
    events[1].fault = Some(FaultCode::Denied);
    events[2].action = AuditAction::Grant;
    events[3].domain = "other".parse().unwrap();
    store.audit_append(&chain(&events)).await.unwrap();

    let check = async |filter: AuditFilter, expect: &[u64]| {
        let found = list(&store, filter.clone()).await;
        let found: Vec<_> = found.iter().map(|record| record.event().unwrap().at.0).collect();
        assert_eq!(found, expect, "{filter:?}");
    };
    let all = AuditFilter::default;
    check(all(), &[4, 3, 2, 1]).await;
    check(AuditFilter { domain: Some("other".parse().unwrap()), ..all() }, &[4]).await;
    check(AuditFilter { skill: Some("files".parse().unwrap()), ..all() }, &[4, 3]).await;
    check(AuditFilter { call: Some(call), ..all() }, &[1]).await;
    check(AuditFilter { call: Some(CallId::fresh()), ..all() }, &[]).await;
    check(AuditFilter { action: Some(AuditAction::Grant), ..all() }, &[3]).await;
    check(AuditFilter { fault: Some(FaultCode::Denied), ..all() }, &[2]).await;
    check(AuditFilter { since: Some(UnixMs(3)), ..all() }, &[4, 3]).await;
    check(AuditFilter { since: Some(UnixMs(u64::MAX)), ..all() }, &[]).await;
    let both = AuditFilter { skill: Some("echo".parse().unwrap()), since: Some(UnixMs(2)), ..all() };
    check(both, &[2]).await;
}

async fn listings_come_in_pages_newest_first(ground: Ground) {
    let store = ground.open().await;
    let records = calls(25);
    store.audit_append(&records).await.unwrap();
    let (mut before, mut found) = (None, Vec::new());
    loop {
        let filter = AuditFilter { limit: Some(10), before, ..AuditFilter::default() };
        let page: Vec<AuditRow> = store.audit_list(&filter).await.unwrap();
        let Some(last) = page.last() else { break };
        assert!(page.len() == 10 || found.len() == 20);
        before = Some(last.id);
        found.extend(page.into_iter().map(|row| row.record));
    }
    found.reverse();
    assert_eq!(found, records);
}

async fn a_scan_brings_every_chain_whole(ground: Ground) {
    let store = ground.open().await;
    let chains = [calls(30), calls(1), calls(12)];
    // Not in the order of the chains.
    for chain in chains.iter().rev() {
        store.audit_append(&chain[chain.len() / 2..]).await.unwrap();
        store.audit_append(&chain[..chain.len() / 2]).await.unwrap();
    }
    let (mut after, mut found) = (None, Vec::new());
    loop {
        let page = store.audit_scan(after, 7).await.unwrap();
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 7);
        after = Some((last.record.host, last.record.seq));
        found.extend(page.into_iter().map(|row| row.record));
    }
    assert_eq!(found, chains.concat());
    assert_eq!(audit_verify(&found, &AUDIT_KEY), []);
}

async fn large_records_are_stored_and_too_large_ones_refused(ground: Ground) {
    let store = ground.open().await;
    let mut large = event("echo", 1);
    large.detail = "x".repeat(AUDIT_BATCH_BYTES_MAX - 1_000);
    let mut records = chain(&[large.clone(), large.clone(), event("echo", 2), large]);
    store.audit_append(&records).await.unwrap();
    assert!(all(&store).await == records);

    records[0].body = "x".repeat(AUDIT_BATCH_BYTES_MAX + 1);
    let refused = store.audit_append(&records).await;
    assert!(matches!(refused, Err(StoreError::TooLarge { .. })), "{refused:?}");
}

async fn a_record_that_tells_nothing_known_is_stored(ground: Ground) {
    let store = ground.open().await;
    let mut records = calls(2);
    records[0].body = r#"{"at":5,"action":"teleport","skill":"echo"}"#.to_owned();
    records[1].body = "no JSON".to_owned();
    store.audit_append(&records).await.unwrap();
    assert_eq!(all(&store).await, records);
    let echo = AuditFilter { skill: Some("echo".parse().unwrap()), ..AuditFilter::default() };
    assert_eq!(list(&store, echo).await, records[..1]);
}
