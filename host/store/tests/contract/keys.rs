//! API keys: kept, listed, used and forgotten; and no more of them than there may be.

use crate::ground::{Ground, on_both};
use skep_core::UnixMs;
use skep_store::{KEY_NAME_CHARS_MAX, KeyRow, StoreError};

on_both! {
    keys_come_are_used_and_go,
    a_key_that_is_too_large_is_refused,
}

fn key(id: &str, created: u64) -> KeyRow {
    KeyRow {
        id: id.parse().unwrap(),
        name: "ci ä".to_owned(),
        terms: r#"{"role":"caller","scope":{}}"#.to_owned(),
        proof: "ab".repeat(32),
        created: UnixMs(created),
        created_by: "operator:ann".to_owned(),
        used: None,
    }
}

async fn keys_come_are_used_and_go(ground: Ground) {
    let (one, two) = (ground.open().await, ground.open().await);
    let (first, second) = (key("0000000000000002", 1), key("0000000000000001", 2));
    assert_eq!(one.key_create(&second).await, Ok(1));
    assert_eq!(two.key_create(&first).await, Ok(2));
    assert_eq!(one.key_list().await, Ok(vec![first.clone(), second.clone()]));
    assert_eq!(two.key_load(&second.id).await, Ok(Some(second.clone())));

    for (at, expect) in [(10, 10), (30, 30), (20, 30)] {
        one.key_used(&first.id, UnixMs(at)).await.unwrap();
        assert_eq!(two.key_load(&first.id).await.unwrap().unwrap().used, Some(UnixMs(expect)));
    }
    assert_eq!(one.revision().await, Ok(2), "a use is no change");

    assert_eq!(two.key_revoke(&first.id).await, Ok(3));
    assert_eq!(one.key_load(&first.id).await, Ok(None));
    assert!(matches!(one.key_revoke(&first.id).await, Err(StoreError::NotFound(_))));
    assert_eq!(one.revision().await, Ok(3), "what was refused is no change");
}

async fn a_key_that_is_too_large_is_refused(ground: Ground) {
    let store = ground.open().await;
    let name = "n".repeat(KEY_NAME_CHARS_MAX);
    store.key_create(&KeyRow { name: name.clone(), ..key("0000000000000001", 1) }).await.unwrap();
    let large = KeyRow { name: name + "n", ..key("0000000000000002", 1) };
    assert!(matches!(store.key_create(&large).await, Err(StoreError::TooLarge { .. })));
}
