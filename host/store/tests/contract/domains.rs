//! Domains: opened once, listed, and removed once they hold nothing.

use crate::ground::{Ground, on_both};
use crate::sample::{name, publish};
use skep_core::{DomainName, UnixMs};
use skep_store::{DOMAINS_MAX, DomainRow, KeyRow, Publish, SecretSet, Store, StoreError};

on_both! {
    domains_come_and_go_when_they_are_empty,
    nothing_is_kept_in_a_domain_that_is_not_there,
    there_are_no_more_domains_than_may_be,
}

pub(crate) fn named(name: &str) -> DomainRow {
    DomainRow { name: name.parse().unwrap(), created: UnixMs(7), created_by: "operator:ann".to_owned() }
}

fn team() -> DomainName {
    named("team").name
}

fn key(domain: &str) -> KeyRow {
    KeyRow {
        id: "0000000000000001".parse().unwrap(),
        name: "ci".to_owned(),
        terms: format!(r#"{{"role":"caller","scope":{{"domain":"{domain}"}}}}"#),
        proof: "ab".repeat(32),
        created: UnixMs(1),
        created_by: "operator:ann".to_owned(),
        used: None,
    }
}

async fn set_secret(store: &Store, domain: &DomainName) -> Result<u64, StoreError> {
    let (name, seal) = ("KEY".parse().unwrap(), |_: u64| Ok(vec![1].into()));
    let set = SecretSet { domain, name: &name, by: "operator:ann", at: UnixMs(1), seal: &seal };
    store.secret_set(&set).await
}

#[track_caller]
fn in_use(removed: Result<u64, StoreError>, what: &str) {
    assert!(matches!(&removed, Err(StoreError::InUse { what: held, .. }) if *held == what), "{removed:?}");
}

async fn domains_come_and_go_when_they_are_empty(ground: Ground) {
    let (one, two) = (ground.open().await, ground.open().await);
    let names = async || {
        let rows = two.domain_list().await.unwrap();
        rows.into_iter().map(|row| row.name.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["main"]);
    assert_eq!(one.domain_create(&named("team")).await, Ok(1));
    assert_eq!(two.domain_list().await.unwrap()[1], named("team"));
    let again = two.domain_create(&named("team")).await;
    assert!(matches!(again, Err(StoreError::Exists(_))), "{again:?}");

    let revision = one.skill_publish(Publish { domain: team(), ..publish("1.0.0", b"one") }).await.unwrap();
    set_secret(&one, &team()).await.unwrap();
    one.key_create(&key("team")).await.unwrap();
    in_use(two.domain_remove(&team()).await, "skills");
    one.skill_remove(&team(), &name("echo"), revision).await.unwrap();
    in_use(two.domain_remove(&team()).await, "secrets");
    one.secret_delete(&team(), &"KEY".parse().unwrap()).await.unwrap();
    in_use(two.domain_remove(&team()).await, "API keys");
    one.key_revoke(&key("team").id).await.unwrap();
    two.domain_remove(&team()).await.unwrap();
    assert!(matches!(two.domain_remove(&team()).await, Err(StoreError::NotFound(_))));
    assert_eq!(names().await, ["main"]);
}

async fn nothing_is_kept_in_a_domain_that_is_not_there(ground: Ground) {
    let store = ground.open().await;
    for refused in [
        store.skill_publish(Publish { domain: team(), ..publish("1.0.0", b"one") }).await,
        set_secret(&store, &team()).await,
        store.key_create(&key("team")).await,
    ] {
        assert!(matches!(&refused, Err(StoreError::NotFound(what)) if what.contains("team")), "{refused:?}");
    }
    assert_eq!(store.revision().await, Ok(0));
}

async fn there_are_no_more_domains_than_may_be(ground: Ground) {
    let store = ground.open().await;
    for n in 1..DOMAINS_MAX {
        store.domain_create(&named(&format!("team-{n}"))).await.unwrap();
    }
    let more = store.domain_create(&named("more")).await;
    assert!(matches!(more, Err(StoreError::Full(_))), "{more:?}");
    store.domain_remove(&named("team-1").name).await.unwrap();
    store.domain_create(&named("more")).await.unwrap();
}
