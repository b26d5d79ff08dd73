//! Conformance: one table of cases, run against the fixture skills of every language on a real host.
#![allow(missing_docs, unreachable_pub, reason = "a test program has no readers of its own")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't go on should say where")]

mod cases;
mod chains;
#[path = "../e2e/client.rs"]
#[allow(dead_code, reason = "shared with the end-to-end tests")]
mod client;
#[path = "../e2e/deployment.rs"]
#[allow(dead_code, reason = "shared with the end-to-end tests")]
mod deployment;
mod fixture;
mod sessions;
mod state;
mod table;

use deployment::{check, skep};
use fixture::{Fixture, built};
use futures::FutureExt;
use std::any::Any;
use std::panic::AssertUnwindSafe;
use table::{Exception, LANGUAGES, Seen, exception};

/// Runs every case in one language: each must hold, or fail where the table says that it does.
async fn conforms(language: &'static str) {
    let fixture = Fixture::install(language);
    let mut wrong = Vec::new();
    for case in cases::ALL {
        let exception = exception(language, case.name);
        if let Some(Exception { seen: Seen::NoFixture(shape), .. }) = exception {
            is_refused(&fixture, shape);
            continue;
        }
        let ran = AssertUnwindSafe((case.run)(&fixture)).catch_unwind().await.map_err(words);
        match (ran, exception.map(|no| (no.reason, no.seen))) {
            (Ok(()), None) => {}
            (Err(said), Some((_, Seen::Failure(expected)))) if said.contains(expected) => {}
            (Err(said), None) => wrong.push(format!("{}: does not hold: {said}", case.name)),
            (Err(said), Some((reason, _))) => {
                wrong.push(format!("{}: fails, but not since `{reason}`: {said}", case.name));
            }
            (Ok(()), Some((reason, _))) => {
                wrong.push(format!("{}: holds, though the table says `{reason}`", case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{language}:\n  {}", wrong.join("\n  "));
}

/// What a case that panicked said.
fn words(panic: Box<dyn Any + Send>) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}

/// There is no fixture, and nobody could make one.
#[track_caller]
fn is_refused(fixture: &Fixture, shape: &str) {
    assert!(built(fixture.language, shape).is_none(), "{} has a {shape} fixture after all", fixture.language);
    let dir = fixture.on.folder("refused");
    let made = skep().current_dir(dir).args(["new", fixture.language, "x", "--shape", shape]).output();
    check(&made.unwrap(), 2, &format!("makes no {shape} skills"));
}

macro_rules! languages {
    ($($name:ident)*) => {
        $(#[tokio::test] async fn $name() { conforms(stringify!($name)).await })*

        #[test]
        fn every_language_has_its_test() {
            assert_eq!(LANGUAGES.map(|(language, _)| language), [$(stringify!($name)),*]);
        }
    };
}

languages! { rust python js ts c go zig }

#[test]
fn the_table_in_the_readme_is_this_one() {
    let path = skep_harness::repository().join("sdk/README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let table = table::markdown();
    assert!(readme.contains(&table), "sdk/README.md must contain:\n\n{table}");
}

#[test]
fn every_exception_names_a_case_and_a_language() {
    for Exception { language, case, .. } in table::EXCEPTIONS {
        assert!(LANGUAGES.iter().any(|(name, _)| name == language), "{language}");
        assert!(cases::ALL.iter().any(|known| known.name == *case), "{case}");
    }
}
