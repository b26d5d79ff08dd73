//! Publishing, reading, granting, configuring and removing skills.

use crate::ground::{Ground, on_both};
use crate::sample::{domain, echo, expecting, grants, name, publish};
use skep_core::Grants;
use skep_store::{StoreError, TEXT_BYTES_MAX};
use std::collections::BTreeMap;

on_both! {
    what_is_published_is_read_back,
    a_change_on_an_old_view_changes_nothing,
    grants_and_configuration_are_set_as_a_whole,
    removing_takes_all_but_shared_components,
    what_is_too_large_is_refused,
}

async fn what_is_published_is_read_back(ground: Ground) {
    let store = ground.open().await;
    assert_eq!(store.revision().await, Ok(0));
    assert_eq!(store.skill_load(&domain(), &name("echo")).await, Ok(None));

    let mut given = publish("1.0.0-beta.1+build.5", b"code");
    given.row.prompt = Some("Say it back.".into());
    given.grants = Some(grants("/srv"));
    let revision = store.skill_publish(given.clone()).await.unwrap();

    let found = echo(&store).await;
    assert_eq!((found.revision, store.revision().await), (revision, Ok(revision)));
    assert_eq!(found.versions, [given.row]);
    assert_eq!(found.grants, grants("/srv"));
    assert_eq!(found.config, BTreeMap::new());
    assert_eq!(store.skill_list(&domain()).await, Ok(vec![found]));
    assert_eq!(store.skill_list(&"other".parse().unwrap()).await, Ok(vec![]));
    // Another host sees it too.
    assert_eq!(
        ground.open().await.skill_load(&domain(), &name("echo")).await.unwrap().unwrap().revision,
        revision
    );
}

async fn a_change_on_an_old_view_changes_nothing(ground: Ground) {
    let store = ground.open().await;
    let (domain, name) = (domain(), name("echo"));
    let conflict = Err(StoreError::Conflict { domain: domain.clone(), name: name.clone() });

    // There is no such skill yet.
    assert_eq!(store.skill_publish(expecting(publish("1.0.0", b"one"), 7)).await, conflict);
    assert_eq!(store.skill_remove(&domain, &name, 7).await, conflict);
    let old = store.skill_publish(publish("1.0.0", b"one")).await.unwrap();
    let new = store.grants_set(&domain, &name, &grants("/srv"), old).await.unwrap();
    let before = echo(&store).await;

    assert_eq!(store.skill_publish(publish("2.0.0", b"two")).await, conflict);
    assert_eq!(store.skill_publish(expecting(publish("2.0.0", b"two"), old)).await, conflict);
    assert_eq!(
        store.skill_approve(&domain, &name, &"1.0.0".parse().unwrap(), &Grants::default(), old).await,
        conflict
    );
    assert_eq!(store.grants_set(&domain, &name, &Grants::default(), old).await, conflict);
    assert_eq!(store.config_set(&domain, &name, &BTreeMap::new(), old).await, conflict);
    assert_eq!(store.skill_remove(&domain, &name, old).await, conflict);

    assert_eq!(echo(&store).await, before);
    assert_eq!(store.revision().await, Ok(new));
    assert_eq!(store.component_read(skep_core::Digest::of(b"two")).await, Ok(None));
}

async fn grants_and_configuration_are_set_as_a_whole(ground: Ground) {
    let store = ground.open().await;
    let (domain, name) = (domain(), name("echo"));
    let first = store.skill_publish(publish("1.0.0", b"one")).await.unwrap();
    let second = store.grants_set(&domain, &name, &grants("/srv"), first).await.unwrap();
    let config =
        BTreeMap::from([("currency".to_owned(), "€ ".to_owned()), ("".to_owned(), "\0'\"\\".to_owned())]);
    let third = store.config_set(&domain, &name, &config, second).await.unwrap();
    assert!(first < second && second < third);

    let found = echo(&store).await;
    assert_eq!((found.grants, found.config, found.revision), (grants("/srv"), config.clone(), third));
    // A new version without new grants leaves both as they are.
    store.skill_publish(expecting(publish("1.1.0", b"two"), third)).await.unwrap();
    let found = echo(&store).await;
    assert_eq!((found.grants, found.config), (grants("/srv"), config));
}

async fn removing_takes_all_but_shared_components(ground: Ground) {
    let store = ground.open().await;
    let own = publish("1.0.0", b"own");
    let shared = publish("2.0.0", b"shared");
    let mut other = publish("1.0.0", b"shared");
    other.name = name("other");
    let first = store.skill_publish(own.clone()).await.unwrap();
    let second = store.skill_publish(expecting(shared.clone(), first)).await.unwrap();
    store.skill_publish(other.clone()).await.unwrap();

    let removed = store.skill_remove(&domain(), &name("echo"), second).await.unwrap();
    assert_eq!(store.revision().await, Ok(removed));
    assert_eq!(store.skill_load(&domain(), &name("echo")).await, Ok(None));
    assert_eq!(store.component_read(own.row.component).await, Ok(None));
    assert_eq!(store.component_read(shared.row.component).await, Ok(Some(shared.component)));
    assert_eq!(ground.texts("SELECT name FROM versions").await, ["other"]);

    let other = store.skill_load(&domain(), &other.name).await.unwrap().unwrap();
    store.skill_remove(&domain(), &other.name, other.revision).await.unwrap();
    assert_eq!(ground.texts("SELECT component FROM component_parts").await, Vec::<String>::new());
    // The name is free again, with nothing left of before.
    store.skill_publish(own).await.unwrap();
    assert_eq!(echo(&store).await.versions.len(), 1);
}

async fn what_is_too_large_is_refused(ground: Ground) {
    let store = ground.open().await;
    let huge = "x".repeat(TEXT_BYTES_MAX + 1);
    let refused =
        |what| Err(StoreError::TooLarge { what, size: huge.len() as u64, max: TEXT_BYTES_MAX as u64 });

    let mut given = publish("1.0.0", b"one");
    given.row.inspection = huge.clone();
    assert_eq!(store.skill_publish(given.clone()).await, refused("the inspection"));
    given.row.inspection = format!("1.0.0+{}", "x".repeat(200));
    given.row.version = given.row.inspection.parse().unwrap();
    let too_long = store.skill_publish(given).await;
    assert!(matches!(too_long, Err(StoreError::TooLarge { what: "the version", .. })), "{too_long:?}");

    // The largest that is taken fits into a packet.
    let mut given = publish("1.0.0", b"one");
    let most = || huge[1..].to_owned();
    (given.row.manifest, given.row.prompt, given.row.inspection) = (Some(most()), Some(most()), most());
    let revision = store.skill_publish(given.clone()).await.unwrap();
    let config = BTreeMap::from([("k".to_owned(), huge[100..].to_owned())]);
    store.config_set(&domain(), &name("echo"), &config, revision).await.unwrap();
    assert_eq!(echo(&store).await.versions, [given.row]);
}
