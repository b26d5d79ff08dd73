//! Components come back as they went in, or not at all.

use crate::ground::{Ground, on_both};
use crate::sample::publish;
use bytes::Bytes;
use skep_core::Digest;
use skep_store::StoreError;

on_both! {
    a_large_component_round_trips,
    sizes_around_a_part_round_trip,
    a_damaged_component_is_not_served,
    a_component_that_is_not_what_it_says_is_refused,
}

/// Bytes in which no part is like another.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let byte = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    std::iter::repeat_with(byte).take(length).collect()
}

async fn a_large_component_round_trips(ground: Ground) {
    let store = ground.open().await;
    let component = noise((40 << 20) + 1);
    store.skill_publish(publish("1.0.0", &component)).await.unwrap();
    let read = store.component_read(Digest::of(&component)).await.unwrap().unwrap();
    assert!(read == component);
}

async fn sizes_around_a_part_round_trip(ground: Ground) {
    let store = ground.open().await;
    let mut expect = None;
    for (number, length) in [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1].into_iter().enumerate() {
        let component = noise(length);
        let mut next = publish(&format!("{number}.0.0"), &component);
        next.expect = expect;
        expect = Some(store.skill_publish(next).await.unwrap());
        let read = store.component_read(Digest::of(&component)).await;
        assert!(read == Ok(Some(Bytes::from(component))), "{length} bytes");
    }
}

async fn a_damaged_component_is_not_served(ground: Ground) {
    let store = ground.open().await;
    let component = noise(3 << 20);
    store.skill_publish(publish("1.0.0", &component)).await.unwrap();
    let damages = [
        "UPDATE component_parts SET content = x'00' WHERE part = 1",
        "DELETE FROM component_parts WHERE part = 1",
        "UPDATE components SET bytes = 9000000000000000000",
    ];
    for damage in damages {
        ground.exec(damage).await;
        let read = store.component_read(Digest::of(&component)).await;
        assert!(matches!(read, Err(StoreError::Corrupt(_))), "{damage}: {read:?}");
    }
}

async fn a_component_that_is_not_what_it_says_is_refused(ground: Ground) {
    let store = ground.open().await;
    let mut wrong = publish("1.0.0", b"code");
    wrong.component = Bytes::from_static(b"other");
    assert!(matches!(store.skill_publish(wrong).await, Err(StoreError::Internal(_))));
    assert_eq!(store.revision().await, Ok(0));
}
