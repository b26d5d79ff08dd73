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

use fixture::Fixture;
use futures::FutureExt;
use std::panic::AssertUnwindSafe;
use table::{LANGUAGES, exception};

/// Runs every case in one language: each must hold, or fail where the table says that it does.
async fn conforms(language: &'static str) {
    let fixture = Fixture::install(language);
    let mut wrong = Vec::new();
    for case in cases::ALL {
        let held = AssertUnwindSafe((case.run)(&fixture)).catch_unwind().await.is_ok();
        match (held, exception(language, case.name)) {
            (true, None) | (false, Some(_)) => {}
            (false, None) => wrong.push(format!("{}: does not hold (see above)", case.name)),
            (true, Some(reason)) => {
                wrong.push(format!("{}: holds, though the table says `{reason}`", case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{language}:\n  {}", wrong.join("\n  "));
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
    for (language, case, _) in table::EXCEPTIONS {
        assert!(LANGUAGES.iter().any(|(name, _)| name == language), "{language}");
        assert!(cases::ALL.iter().any(|known| known.name == *case), "{case}");
    }
}
