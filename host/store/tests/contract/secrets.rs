//! Secrets: what is sealed comes back as it was, version by version, domain by domain.

use crate::ground::{Ground, on_both};
use crate::sample::domain;
use bytes::Bytes;
use skep_core::{DomainName, SecretName, UnixMs};
use skep_store::{SECRETS_MAX, SealedSecret, SecretRow, SecretSet, Store, StoreError};
use tokio::task::JoinSet;

on_both! {
    a_secret_is_set_again_listed_and_deleted,
    of_values_set_at_once_each_gets_its_own_version,
    a_domain_has_its_own_and_not_too_many,
    what_could_not_be_sealed_changes_nothing,
}

fn name(name: &str) -> SecretName {
    name.parse().unwrap()
}

/// Sets a value that tells which version it was sealed for.
async fn set(store: &Store, domain: &DomainName, name: &SecretName, at: u64) -> Result<u64, StoreError> {
    let seal = |version: u64| Ok(Bytes::from(vec![version as u8, 0, 255]));
    store.secret_set(&SecretSet { domain, name, by: "operator:ann", at: UnixMs(at), seal: &seal }).await
}

async fn a_secret_is_set_again_listed_and_deleted(ground: Ground) {
    let (store, domain, key) = (ground.open().await, domain(), name("KEY"));
    assert_eq!(store.secret_read(&domain, &key).await, Ok(None));
    let gone = Err(StoreError::NotFound("secret `KEY`".into()));
    assert_eq!(store.secret_delete(&domain, &key).await, gone);

    assert_eq!(set(&store, &domain, &key, 10).await, Ok(1));
    assert_eq!(set(&store, &domain, &name("ANOTHER"), 20).await, Ok(2));
    assert_eq!(set(&store, &domain, &key, 30).await, Ok(3));
    let other_host = ground.open().await;
    let row = |name, version, created, updated| SecretRow {
        name,
        version,
        created: UnixMs(created),
        updated: UnixMs(updated),
        set_by: "operator:ann".into(),
    };
    let listed = vec![row(name("ANOTHER"), 1, 20, 20), row(key.clone(), 2, 10, 30)];
    assert_eq!(other_host.secret_list(&domain).await, Ok(listed));
    let sealed = SealedSecret { version: 2, sealed: Bytes::from_static(&[2, 0, 255]) };
    assert_eq!(other_host.secret_read(&domain, &key).await, Ok(Some(sealed)));

    assert_eq!(store.secret_delete(&domain, &key).await, Ok(4));
    assert_eq!(other_host.secret_read(&domain, &key).await, Ok(None));
    assert_eq!(store.revision().await, Ok(4));
}

async fn of_values_set_at_once_each_gets_its_own_version(ground: Ground) {
    const AT_ONCE: u64 = 8;
    let (store, domain, key) = (ground.open().await, domain(), name("KEY"));
    let mut tasks = JoinSet::new();
    for at in 0..AT_ONCE {
        let (host, domain, key) = (ground.open().await, domain.clone(), key.clone());
        tasks.spawn(async move { set(&host, &domain, &key, at).await });
    }
    let mut revisions = tasks.join_all().await.into_iter().map(Result::unwrap).collect::<Vec<_>>();
    revisions.sort_unstable();
    assert_eq!(revisions, Vec::from_iter(1..=AT_ONCE));
    let last = store.secret_read(&domain, &key).await.unwrap().unwrap();
    assert_eq!((last.version, last.sealed[0]), (AT_ONCE, AT_ONCE as u8), "sealed for the version it got");
}

async fn a_domain_has_its_own_and_not_too_many(ground: Ground) {
    let (store, main, other) = (ground.open().await, domain(), "other".parse().unwrap());
    store.domain_create(&crate::domains::named("other")).await.unwrap();
    for number in 0..SECRETS_MAX {
        set(&store, &main, &name(&format!("KEY_{number}")), 0).await.unwrap();
    }
    let more = set(&store, &main, &name("ONE_MORE"), 0).await;
    assert!(matches!(more, Err(StoreError::TooLarge { max: SECRETS_MAX, .. })), "{more:?}");
    set(&store, &main, &name("KEY_0"), 0).await.unwrap();
    set(&store, &other, &name("ONE_MORE"), 0).await.unwrap();
    assert_eq!(store.secret_list(&other).await.unwrap().len(), 1);
    assert_eq!(store.secret_read(&other, &name("KEY_0")).await, Ok(None));
}

async fn what_could_not_be_sealed_changes_nothing(ground: Ground) {
    let (store, domain, key) = (ground.open().await, domain(), name("KEY"));
    let broken = StoreError::Internal("no random numbers".into());
    let seal = |_: u64| Err(broken.clone());
    let set = SecretSet { domain: &domain, name: &key, by: "operator:ann", at: UnixMs(1), seal: &seal };
    assert_eq!(store.secret_set(&set).await, Err(broken.clone()));
    assert_eq!(store.secret_list(&domain).await, Ok(vec![]));
    assert_eq!(store.revision().await, Ok(0));
}
