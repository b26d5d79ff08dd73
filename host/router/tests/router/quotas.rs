//! Who has used up their quota is refused and nobody else; what a skill calls rides on the call that began it.

use crate::ground::{Ground, json as answered, probe, refused};
use serde_json::json;
use skep_core::{DomainName, FaultCode, Grants, Quota};
use skep_router::Quotas;
use skep_store::AuditFilter;

fn rate(text: &str) -> Quota {
    Quota { rate: Some(text.parse().unwrap()), concurrency: None }
}

async fn counts(ground: &Ground, who: &str, times: usize) -> usize {
    let mut passed = 0;
    for _ in 0..times {
        let reply = ground.count(who, "kept", None).await;
        match reply.outcome {
            Ok(_) => passed += 1,
            Err(_) => refused(&reply, FaultCode::Overloaded, "rate"),
        }
    }
    passed
}

#[tokio::test]
async fn a_principal_and_a_domain_have_quotas() {
    let domains = [(DomainName::default(), rate("7/h"))].into();
    let ground = Ground::with(Quotas { principal: rate("4/h"), domain: rate("1/h"), domains }).await;
    ground.add(probe("kept", "1.0.0", ""), Grants::default()).await;
    assert_eq!(counts(&ground, "ann", 6).await, 4);
    assert_eq!(counts(&ground, "bob", 6).await, 3);
    let last = ground.count("cem", "kept", None).await;
    refused(&last, FaultCode::Overloaded, "domain");
    assert!(last.outcome.unwrap_err().retry_after_ms.is_some() && last.rate.is_none());
}

#[tokio::test]
async fn what_skills_call_is_not_counted() {
    let ground = Ground::with(Quotas { principal: rate("2/h"), ..Quotas::default() }).await;
    ground.add(probe("kept", "1.0.0", ""), Grants::default()).await;
    let grants = Grants { skills: ["kept".parse().unwrap()].into(), ..Grants::default() };
    ground.add(probe("caller", "1.0.0", "[requests]\nskills = [\"kept\"]"), grants).await;
    let input = json!({ "skill": "kept", "tool": "counter", "input": "{}" });
    for _ in 0..2 {
        let reply = ground.send(ground.ask("ann", "caller", "call", input.clone())).await;
        assert!(answered(&reply)["ok"].is_object(), "{reply:?}");
    }
    refused(&ground.count("ann", "kept", None).await, FaultCode::Overloaded, "rate");
}

#[tokio::test]
async fn a_flood_of_refusals_leaves_few_records_and_all_are_counted() {
    let ground = Ground::with(Quotas { principal: rate("1/h"), ..Quotas::default() }).await;
    ground.add(probe("kept", "1.0.0", ""), Grants::default()).await;
    assert_eq!(counts(&ground, "ann", 501).await, 1);
    ground.router.drain().await;
    let filter =
        AuditFilter { fault: Some(FaultCode::Overloaded), limit: Some(1000), ..AuditFilter::default() };
    let records = ground.router.audit_list(&filter).await.unwrap();
    assert!((2..100).contains(&records.len()), "{}", records.len());
    // Each refusal has a record or is counted in one.
    let told = |body: &str| {
        let (_, rest) = body.split_once("the last of ").unwrap_or_default();
        rest.split(' ').next().unwrap().parse().unwrap_or(1_usize)
    };
    assert_eq!(records.iter().map(|row| told(&row.record.body)).sum::<usize>(), 500);
}
