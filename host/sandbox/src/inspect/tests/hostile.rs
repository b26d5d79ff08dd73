//! Property: whatever the bytes, inspection ends with an answer or a fault.

use super::documented;
use crate::inspect;
use proptest::collection::vec;
use proptest::prelude::*;
use skep_core::FaultCode;
use std::sync::LazyLock;

static WHOLE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    documented(
        "package t:t; interface i { record r { a: list<string>, } /// Words.\n f: func(r: r) -> option<r>;
         resource res { constructor(); } g: func(x: res); }
         world w { import wasi:clocks/wall-clock@0.2.0; export i; export h: func(v: tuple<u8, f64>); }
         package wasi:clocks@0.2.0 { interface wall-clock { now: func() -> u64; } }",
    )
});

#[track_caller]
fn survives(component: &[u8]) {
    if let Err(fault) = inspect(component) {
        assert_eq!(fault.code, FaultCode::InvalidComponent);
        assert!(fault.message.chars().count() < 600, "{}", fault.message);
    }
}

#[test]
fn the_whole_is_a_skill_and_every_part_of_it_is_survived() {
    assert_eq!(inspect(&WHOLE).expect("a skill").tools.len(), 2);
    for end in 0..WHOLE.len() {
        survives(&WHOLE[..end]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn changed_bytes_are_survived(changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..5)) {
        let mut component = WHOLE.clone();
        for (at, byte) in changes {
            let at = at.index(component.len());
            component[at] = byte;
        }
        survives(&component);
    }

    #[test]
    fn bytes_moved_about_are_survived(from in any::<prop::sample::Index>(), length in 1_usize..60, to in any::<prop::sample::Index>()) {
        let mut component = WHOLE.clone();
        let from = from.index(component.len());
        let end = component.len().min(from + length);
        let part = component[from..end].to_vec();
        let to = to.index(component.len());
        component.splice(to..to, part);
        survives(&component);
    }

    #[test]
    fn any_bytes_behind_the_header_are_survived(bytes in vec(any::<u8>(), 0..200)) {
        survives(&[b"\0asm\x0d\0\x01\0", &bytes[..]].concat());
    }
}
