//! The tools as a caller meets them, on a real folder.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use skep::Error;

use crate::{
    list::{list, stat},
    read::read,
    search::search,
    write::write,
};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        std::fs::create_dir_all(folder.path("a/b")).unwrap();
        std::fs::write(folder.path("a/one.txt"), "first line\nA needle here\n").unwrap();
        std::fs::write(folder.path("a/b/two.md"), "needle\nneedle\n").unwrap();
        std::fs::write(folder.path("a/b/zeros.bin"), [0, 1, 2, b'n']).unwrap();
        std::os::unix::fs::symlink("/etc", folder.path("a/link")).unwrap();
        folder
    }

    fn path(&self, below: &str) -> String {
        self.0.path().join(below).to_str().unwrap().to_owned()
    }
}

fn call<I: DeserializeOwned, O: Serialize>(
    tool: fn(I) -> Result<O, Error>,
    input: Value,
) -> Result<Value, String> {
    skep::testing::call(tool, input).map_err(|error| error.to_string())
}

fn names(listing: &Value) -> Vec<&str> {
    let entries = listing["entries"].as_array().unwrap();
    entries.iter().map(|entry| entry["path"].as_str().unwrap().rsplit('/').next().unwrap()).collect()
}

#[test]
fn unknown_members_are_refused() {
    let strange = json!({ "no_such_field": 1 });
    for problem in [
        call(list, strange.clone()).unwrap_err(),
        call(stat, strange.clone()).unwrap_err(),
        call(read, strange.clone()).unwrap_err(),
        call(write, strange.clone()).unwrap_err(),
        call(search, strange).unwrap_err(),
    ] {
        assert!(problem.contains("no_such_field"), "{problem}");
    }
}

#[test]
fn folders_are_listed_in_order_and_links_not_followed() {
    let folder = Folder::new();
    let listing = call(list, json!({ "path": folder.path("a") })).unwrap();
    assert_eq!(names(&listing), ["b", "link", "one.txt"]);
    assert_eq!(listing["entries"][1]["kind"], "link");
    assert_eq!(listing["entries"][2]["size"], 25);
    let all = call(list, json!({ "path": folder.path(""), "recursive": true })).unwrap();
    assert_eq!(names(&all), ["a", "b", "two.md", "zeros.bin", "link", "one.txt"]);
    let some = call(list, json!({ "path": folder.path(""), "recursive": true, "limit": 2 })).unwrap();
    assert_eq!((names(&some), &some["truncated"]), (vec!["a", "b"], &json!(true)));
}

#[test]
fn a_file_is_read_in_parts() {
    let folder = Folder::new();
    let path = folder.path("a/one.txt");
    let first = call(read, json!({ "path": path, "length": 6 })).unwrap();
    assert_eq!(first["content"], "first ");
    assert_eq!((&first["next_offset"], &first["more"]), (&json!(6), &json!(true)));
    let rest = call(read, json!({ "path": path, "offset": 6 })).unwrap();
    assert_eq!(rest["content"], "line\nA needle here\n");
    assert_eq!(rest["more"], false);
    let binary = call(read, json!({ "path": folder.path("a/b/zeros.bin"), "base64": true })).unwrap();
    assert_eq!((&binary["content"], &binary["encoding"]), (&json!("AAECbg=="), &json!("base64")));
    let problem = call(read, json!({ "path": folder.path("a") })).unwrap_err();
    assert!(problem.contains("is a folder"), "{problem}");
}

#[test]
fn what_exists_is_changed_only_on_request() {
    let folder = Folder::new();
    let path = folder.path("new/deep/note.txt");
    let missing = call(write, json!({ "path": path, "content": "x" })).unwrap_err();
    assert!(missing.contains("no such file or folder"), "{missing}");
    call(write, json!({ "path": path, "content": "one\n", "parents": true })).unwrap();
    let exists = call(write, json!({ "path": path, "content": "two\n" })).unwrap_err();
    assert!(exists.contains("mode `replace`"), "{exists}");
    let appended = call(write, json!({ "path": path, "content": "dHdv", "base64": true, "mode": "append" }));
    assert_eq!(appended.unwrap(), json!({ "written": 3, "size": 7 }));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ntwo");
    call(write, json!({ "path": path, "content": "three", "mode": "replace" })).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "three");
    let too_much = "x".repeat((1 << 20) + 1);
    assert!(call(write, json!({ "path": path, "content": too_much })).unwrap_err().contains("then append"));
}

#[test]
fn lines_are_found_and_binaries_skipped() {
    let folder = Folder::new();
    let look = |more: Value| {
        let mut input = json!({ "path": folder.path("") });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        call(search, input)
    };
    let found = look(json!({ "pattern": "needle" })).unwrap();
    let lines: Vec<_> = found["hits"].as_array().unwrap().iter().map(|hit| hit["line"].clone()).collect();
    assert_eq!(lines, [json!(1), json!(2), json!(2)]);
    assert_eq!((&found["files"], &found["skipped"]), (&json!(2), &json!(1)));
    let few = look(json!({ "pattern": "needle", "limit": 1 })).unwrap();
    assert_eq!((few["hits"].as_array().unwrap().len(), &few["truncated"]), (1, &json!(true)));
    let markdown = look(json!({ "pattern": "NEEDLE", "ignore_case": true, "suffix": ".md" })).unwrap();
    assert_eq!(markdown["files"], 1);
    let matched = look(json!({ "pattern": "^A n.*e$", "regex": true })).unwrap();
    assert_eq!(matched["hits"][0]["text"], "A needle here");
    let dot = look(json!({ "pattern": "n.edle" })).unwrap();
    assert_eq!(dot["hits"], json!([]));
    assert!(look(json!({ "pattern": "(", "regex": true })).unwrap_err().starts_with("pattern:"));
}
