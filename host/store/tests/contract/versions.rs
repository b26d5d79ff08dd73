//! Versions: which serves, which waits, which may take whose place, and which are kept.

use crate::ground::{Ground, on_both};
use crate::sample::{domain, echo, expecting, grants, name, publish, standing, version, waiting};
use skep_core::UnixMs;
use skep_store::{StoreError, VERSIONS_KEPT_MAX};

on_both! {
    a_new_version_makes_the_current_one_old,
    a_waiting_version_serves_once_approved,
    a_version_stands_for_one_digest,
    a_waiting_version_may_stand_beside_one_of_its_number,
    old_versions_are_kept_up_to_a_limit,
}

async fn a_new_version_makes_the_current_one_old(ground: Ground) {
    let store = ground.open().await;
    let revision = store.skill_publish(publish("1.0.0", b"one")).await.unwrap();
    let revision = store.skill_publish(expecting(publish("2.0.0", b"two"), revision)).await.unwrap();
    assert_eq!(standing(&store).await, ["1.0.0 old", "2.0.0 current"]);
    // The same code again serves again.
    store.skill_publish(expecting(publish("1.0.0", b"one"), revision)).await.unwrap();
    assert_eq!(standing(&store).await, ["1.0.0 current", "2.0.0 old"]);
}

async fn a_waiting_version_serves_once_approved(ground: Ground) {
    let store = ground.open().await;
    let mut first = publish("1.0.0", b"one");
    first.grants = Some(grants("/srv"));
    let revision = store.skill_publish(first).await.unwrap();
    let revision = store.skill_publish(expecting(waiting(publish("2.0.0", b"two")), revision)).await.unwrap();
    assert_eq!(standing(&store).await, ["1.0.0 current", "2.0.0 waiting"]);
    assert_eq!(echo(&store).await.grants, grants("/srv"));

    let approve = async |number| {
        store.skill_approve(&domain(), &name("echo"), &version(number), &grants("/new"), revision).await
    };
    for number in ["1.0.0", "3.0.0"] {
        let refused = approve(number).await;
        assert!(matches!(refused, Err(StoreError::NotFound(_))), "{refused:?}");
    }
    assert_eq!(standing(&store).await, ["1.0.0 current", "2.0.0 waiting"]);
    let approved = approve("2.0.0").await.unwrap();
    assert_eq!(standing(&store).await, ["1.0.0 old", "2.0.0 current"]);
    assert_eq!((echo(&store).await.grants, echo(&store).await.revision), (grants("/new"), approved));
}

async fn a_version_stands_for_one_digest(ground: Ground) {
    let store = ground.open().await;
    let first = publish("1.0.0", b"one");
    let revision = store.skill_publish(first.clone()).await.unwrap();
    let mut other = expecting(publish("1.0.0", b"other"), revision);
    let taken =
        StoreError::DigestTaken { name: name("echo"), version: version("1.0.0"), digest: first.row.digest };
    assert_eq!(store.skill_publish(other.clone()).await, Err(taken.clone()));
    assert_eq!(store.skill_publish(waiting(other.clone())).await, Err(taken));
    assert_eq!(echo(&store).await.versions, std::slice::from_ref(&first.row));

    other.replace = true;
    store.skill_publish(other.clone()).await.unwrap();
    assert_eq!(echo(&store).await.versions, [other.row]);
    assert_eq!(store.component_read(first.row.component).await, Ok(None));
}

async fn a_waiting_version_may_stand_beside_one_of_its_number(ground: Ground) {
    let store = ground.open().await;
    let mut revision = store.skill_publish(publish("1.0.0", b"one")).await.unwrap();
    for code in [b"two", b"six"] {
        let mut next = waiting(expecting(publish("1.0.0", code), revision));
        next.replace = true;
        revision = store.skill_publish(next).await.unwrap();
    }
    // What waited first gave way to what waits now, and the first still serves.
    assert_eq!(standing(&store).await, ["1.0.0 current", "1.0.0 waiting"]);
    let numbers = ground.texts("SELECT digest FROM components").await;
    assert_eq!(numbers.len(), 2);

    let (domain, name) = (domain(), name("echo"));
    store.skill_approve(&domain, &name, &version("1.0.0"), &grants("/srv"), revision).await.unwrap();
    let approved = echo(&store).await;
    assert_eq!(standing(&store).await, ["1.0.0 current"]);
    assert_eq!(approved.versions[0].component, publish("1.0.0", b"six").row.component);
    assert_eq!(ground.texts("SELECT digest FROM components").await.len(), 1);
}

async fn old_versions_are_kept_up_to_a_limit(ground: Ground) {
    let store = ground.open().await;
    let last = VERSIONS_KEPT_MAX as u64 + 3;
    let mut revision = None;
    for number in 0..=last {
        let mut next = publish(&format!("1.{number}.0"), &number.to_le_bytes());
        (next.expect, next.row.published) = (revision, UnixMs(1_000 + number));
        revision = Some(store.skill_publish(next).await.unwrap());
    }
    let versions = echo(&store).await.versions;
    let numbers: Vec<_> = versions.iter().map(|row| row.version.minor).collect();
    assert_eq!(numbers, Vec::from_iter((3..=last).rev()));
    assert_eq!(ground.texts("SELECT digest FROM components").await.len(), VERSIONS_KEPT_MAX + 1);
}
