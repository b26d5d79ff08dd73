//! The audit: paged, filtered, verified.

use crate::ground::{Ground, PATIENCE};
use serde_json::{Value, json};
use skep_api::types::{AuditPage, AuditVerdict};
use skep_core::{AuditFlaw, AuditRecord, Incarnation};
use skep_harness::eventually;

async fn page(ground: &Ground, query: &str) -> AuditPage {
    serde_json::from_value(ground.get(&format!("/v1/audit?{query}")).await.ok()).unwrap()
}

async fn verify(ground: &Ground) -> AuditVerdict {
    serde_json::from_value(ground.send("POST", "/v1/audit/verify", Value::Null).await.ok()).unwrap()
}

#[tokio::test]
async fn records_come_in_pages_the_newest_first() {
    let ground = Ground::new().await;
    ground.install("versioned").await;
    for _ in 0..4 {
        ground.call("versioned", "-", json!({})).await.ok();
    }
    ground.call("versioned", "older", json!({})).await.refused(404, "unknown_tool", "");
    eventually(PATIENCE, async || page(&ground, "").await.records.len() == 6).await;
    let (mut seen, mut before) = (Vec::new(), String::new());
    loop {
        let page = page(&ground, &format!("limit=2{before}")).await;
        assert!(page.records.len() <= 2);
        seen.extend(page.records.iter().map(|record| record.seq));
        let Some(next) = page.before else { break };
        before = format!("&before={next}");
    }
    assert_eq!(seen, [6, 5, 4, 3, 2, 1]);
    assert_eq!(page(&ground, "action=publish").await.records.len(), 1);
    let refused = page(&ground, "fault=unknown_tool&skill=versioned").await.records;
    let [record] = &refused[..] else { panic!("{refused:?}") };
    assert_eq!(record.host, ground.router.incarnation());
    let call = record.event.call.unwrap();
    assert_eq!(page(&ground, &format!("call={call}")).await.records, refused);
    assert!(page(&ground, &format!("since={}", record.event.at.0 + 1)).await.records.is_empty());
    assert!(page(&ground, "domain=other").await.records.is_empty());
}

#[tokio::test]
async fn a_whole_audit_verifies_and_a_forged_record_shows() {
    let ground = Ground::new().await;
    ground.install("versioned").await;
    ground.call("versioned", "-", json!({})).await.ok();
    eventually(PATIENCE, async || page(&ground, "").await.records.len() == 2).await;
    let whole = verify(&ground).await;
    assert_eq!((whole.records, whole.hosts, whole.flaws_total, whole.flaws), (2, 1, 0, vec![]));

    let mut forged = ground.store.audit_scan(None, 1).await.unwrap().remove(0).record;
    let host = Incarnation::fresh();
    forged = AuditRecord { host, ..forged };
    ground.store.audit_append(&[forged]).await.unwrap();
    let found = verify(&ground).await;
    assert_eq!((found.records, found.hosts, found.flaws_total), (3, 2, 1));
    assert_eq!(found.flaws, [AuditFlaw::Edited { host, seq: 1 }]);
}
