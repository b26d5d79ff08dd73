//! Requests for grants: bounded, made once each, decided once, gone with their skill.

use crate::ground::{Ground, on_both};
use crate::sample::{domain, echo, grants, name, publish};
use skep_core::{Ask, AskId, AskState, Digest, Principal, UnixMs};
use skep_store::{ASKS_KEPT_MAX, ASKS_PENDING_MAX, AskFilter, Decision, Store, StoreError};
use tokio::task::JoinSet;

on_both! {
    somebody_who_asks_twice_made_one_request,
    only_so_many_wait_and_only_so_many_are_kept,
    nobody_decides_on_what_is_decided_or_over,
    of_a_yes_and_a_no_at_once_one_holds,
    requests_go_with_their_skill,
}

fn ask(by: &str, file: &str) -> Ask {
    let asked = UnixMs::now();
    Ask {
        id: AskId::fresh(),
        skill: name("echo"),
        digest: Digest::of(b"code"),
        grants: grants(file),
        why: "ä ☃".to_owned(),
        asked_by: Principal::Key(by.to_owned()),
        asked,
        expires: UnixMs(asked.0 + 3_600_000),
        state: AskState::Pending,
        decided_by: None,
        decided: None,
        reason: None,
    }
}

fn decision(ask: &Ask, reason: Option<&str>) -> Decision {
    let by = Principal::Operator("ann".to_owned());
    Decision { id: ask.id, by, at: UnixMs::now(), reason: reason.map(str::to_owned) }
}

async fn installed(ground: &Ground) -> Store {
    let store = ground.open().await;
    store.skill_publish(publish("1.0.0", b"one")).await.unwrap();
    store
}

async fn create(store: &Store, ask: &Ask) -> Ask {
    store.ask_create(&domain(), ask).await.unwrap()
}

async fn approve(store: &Store, ask: &Ask) -> Result<u64, StoreError> {
    let revision = echo(store).await.revision;
    store.ask_approve(&domain(), ask, &decision(ask, None), &ask.grants, revision).await
}

async fn somebody_who_asks_twice_made_one_request(ground: Ground) {
    let store = installed(&ground).await;
    let first = create(&store, &ask("k", "/a")).await;
    assert_eq!(create(&store, &ask("k", "/a")).await, first);
    let others = [create(&store, &ask("k", "/b")).await, create(&store, &ask("l", "/a")).await];
    let listed = store.ask_list(&domain(), &AskFilter::default()).await.unwrap();
    assert_eq!(listed, [others[1].clone(), others[0].clone(), first.clone()]);
    let own = AskFilter { asked_by: Some(first.asked_by.clone()), limit: Some(1), ..AskFilter::default() };
    assert_eq!(store.ask_list(&domain(), &own).await.unwrap(), [others[0].clone()]);
    let older = AskFilter { before: Some(others[0].id), ..AskFilter::default() };
    assert_eq!(store.ask_list(&domain(), &older).await.unwrap(), std::slice::from_ref(&first));
    // Once it is denied, it may be asked for again.
    store.ask_deny(&domain(), &decision(&first, Some("no"))).await.unwrap();
    assert_ne!(create(&store, &ask("k", "/a")).await.id, first.id);
}

async fn only_so_many_wait_and_only_so_many_are_kept(ground: Ground) {
    let store = installed(&ground).await;
    let mut waiting = Vec::new();
    for n in 0..ASKS_PENDING_MAX {
        waiting.push(create(&store, &ask("k", &format!("/{n}"))).await);
    }
    let more = store.ask_create(&domain(), &ask("k", "/more")).await;
    assert!(matches!(more, Err(StoreError::Full(_))), "{more:?}");
    create(&store, &ask("other", "/more")).await;
    store.ask_deny(&domain(), &decision(&waiting.remove(0), None)).await.unwrap();
    for n in 0..ASKS_KEPT_MAX {
        let made = create(&store, &ask("k", &format!("/again/{n}"))).await;
        store.ask_deny(&domain(), &decision(&made, None)).await.unwrap();
    }
    let own = AskFilter { asked_by: Some(Principal::Key("k".to_owned())), ..AskFilter::default() };
    assert_eq!(store.ask_list(&domain(), &own).await.unwrap().len() as u64, ASKS_KEPT_MAX);
}

async fn nobody_decides_on_what_is_decided_or_over(ground: Ground) {
    let store = installed(&ground).await;
    let made = create(&store, &ask("k", "/a")).await;
    approve(&store, &made).await.unwrap();
    assert_eq!(echo(&store).await.grants, made.grants);
    let settled = |state| Err(StoreError::Settled { id: made.id, state });
    // The same at the same moment would be what happens after an answer that was lost.
    let later = Decision { at: UnixMs(UnixMs::now().0 + 1), ..decision(&made, None) };
    let revision = echo(&store).await.revision;
    let again = store.ask_approve(&domain(), &made, &later, &made.grants, revision).await;
    assert_eq!(again, settled(AskState::Approved));
    let denied = store.ask_deny(&domain(), &decision(&made, None)).await;
    assert_eq!(denied.map(|_| 0), settled(AskState::Approved));
    let kept = store.ask_load(&domain(), made.id).await.unwrap().unwrap();
    assert_eq!(
        (kept.state, kept.decided_by),
        (AskState::Approved, Some(Principal::Operator("ann".to_owned())))
    );

    let over = create(&store, &Ask { expires: UnixMs(1), ..ask("k", "/b") }).await;
    assert_eq!(store.ask_load(&domain(), over.id).await.unwrap().unwrap().state, AskState::Expired);
    let expired = approve(&store, &over).await;
    assert_eq!(expired, Err(StoreError::Settled { id: over.id, state: AskState::Expired }));
    assert_eq!(echo(&store).await.grants, made.grants);
    let missing = store.ask_deny(&domain(), &decision(&ask("k", "/c"), None)).await;
    assert!(matches!(missing, Err(StoreError::NotFound(_))), "{missing:?}");
}

async fn of_a_yes_and_a_no_at_once_one_holds(ground: Ground) {
    let store = installed(&ground).await;
    for round in 0..4 {
        let made = create(&store, &ask("k", &format!("/{round}"))).await;
        let before = echo(&store).await.grants;
        let mut tasks = JoinSet::new();
        for (n, yes) in [true, false, true, false].into_iter().enumerate() {
            let (store, made) = (store.clone(), made.clone());
            tasks.spawn(async move {
                // Each by somebody else: the same decision again would be no other.
                let decision = Decision { by: Principal::Key(n.to_string()), ..decision(&made, None) };
                if !yes {
                    return store.ask_deny(&domain(), &decision).await.is_ok();
                }
                let revision = echo(&store).await.revision;
                store.ask_approve(&domain(), &made, &decision, &made.grants, revision).await.is_ok()
            });
        }
        let won = tasks.join_all().await.into_iter().filter(|won| *won).count();
        assert_eq!(won, 1);
        let state = store.ask_load(&domain(), made.id).await.unwrap().unwrap().state;
        let now = echo(&store).await.grants;
        let granted = if state == AskState::Approved { &made.grants } else { &before };
        assert_eq!(&now, granted, "{state}");
    }
}

async fn requests_go_with_their_skill(ground: Ground) {
    let store = installed(&ground).await;
    let made = create(&store, &ask("k", "/a")).await;
    let revision = echo(&store).await.revision;
    store.skill_remove(&domain(), &name("echo"), revision).await.unwrap();
    assert_eq!(store.ask_load(&domain(), made.id).await.unwrap(), None);
    let lost = store.ask_create(&domain(), &ask("k", "/b")).await;
    assert!(matches!(lost, Err(StoreError::NotFound(_))), "{lost:?}");
}
