//! Asks every rule of every file of this repository, and lists all that break one.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use skep_tidy::{File, Violation, floors, habits, names, owners, shape, tree};

fn repository() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let files = tree::files(&root).unwrap();
    // Finding nothing must not pass for finding nothing wrong.
    for expected in ["Cargo.toml", "host/core/src/lib.rs", "tests/tidy/src/lib.rs"] {
        assert!(files.iter().any(|file| file.path == expected), "{expected}");
    }
    files
}

#[track_caller]
fn hold(concerns: fn(&File) -> bool, rule: fn(&File) -> Vec<Violation>) {
    let files = repository();
    let violations = files.iter().filter(|file| concerns(file)).flat_map(rule);
    let list: Vec<String> = violations.map(|violation| format!("  {violation}")).collect();
    assert!(list.is_empty(), "{} found:\n{}", list.len(), list.join("\n"));
}

fn any(_: &File) -> bool {
    true
}

#[test]
fn crates_depend_on_lower_floors_only() {
    hold(File::is_manifest, floors::edges);
}

#[test]
fn there_is_one_feature_flag() {
    hold(File::is_manifest, floors::features);
}

#[test]
fn each_library_is_a_dependency_of_its_room_only() {
    hold(File::is_manifest, owners::manifests);
}

#[test]
fn each_library_is_named_in_its_room_only() {
    hold(File::is_rust, owners::sources);
}

#[test]
fn sql_is_in_the_store_only() {
    hold(any, owners::statements);
}

#[test]
fn files_begin_with_what_they_are() {
    hold(File::is_rust, shape::first_line);
}

#[test]
fn files_are_short() {
    hold(File::is_rust, shape::file_length);
    let long = shape::median_length(&repository());
    assert!(long.is_none(), "{}", long.unwrap());
}

#[test]
fn functions_are_short() {
    hold(File::is_rust, shape::function_length);
}

#[test]
fn names_say_what_is_inside() {
    hold(any, names::banned);
}

#[test]
fn code_is_there_and_not_promised() {
    hold(File::is_rust, habits::promises);
}

#[test]
fn every_test_runs() {
    hold(File::is_rust, habits::ignored_tests);
}

#[test]
fn every_file_is_text() {
    hold(any, habits::not_text);
}

#[test]
fn no_file_speaks_of_one_machine() {
    hold(any, habits::machine_paths);
}
