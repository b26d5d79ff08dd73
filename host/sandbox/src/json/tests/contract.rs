//! The tables of `wit/JSON.md`, row by row: what the public contract shows is what happens.

use super::guest::{signature, write};
use crate::json::Signature;
use wasmtime::component::Val;

const PAGE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit/JSON.md"));

/// The rows below a heading, each cell without its backticks.
fn rows(heading: &str) -> Vec<Vec<&'static str>> {
    let section = PAGE.split("\n## ").find(|section| section.starts_with(heading)).expect("the section");
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let cells = |row: &'static str| {
        let inner = row.trim_start_matches("| ").trim_end_matches(" |");
        inner.split(" | ").map(|cell| cell.trim().trim_matches('`')).collect()
    };
    rows.map(cells).collect()
}

/// A function that takes `v` of the type and gives it back in a tuple.
fn echo(ty: &str) -> Signature {
    let declared =
        ["record", "variant", "enum", "flags"].iter().any(|kind| ty.starts_with(&format!("{kind} ")));
    match declared {
        true => signature(&ty.replacen(" {", " t {", 1), "(v: t) -> tuple<t>"),
        false => signature("", &format!("(v: {ty}) -> tuple<{ty}>")),
    }
}

#[test]
fn every_type_reads_and_writes_as_shown() {
    let rows = rows("The types");
    assert!(rows.len() > 25, "the table is found");
    for row in rows {
        let (ty, json) = (row[0], row[1]);
        let expect = row.get(2).filter(|cell| !cell.is_empty() && **cell != "|").unwrap_or(&json);
        let signature = echo(ty);
        let values = signature.params_from_json(format!("{{\"v\":{json}}}").as_bytes()).expect(json);
        let written = write(&signature, Val::Tuple(values)).expect("writes");
        assert_eq!(written, format!("[{expect}]"), "{ty}");
    }
}

#[test]
fn every_mistake_is_refused_as_shown() {
    let rows = rows("Mistakes");
    assert!(rows.len() > 5, "the table is found");
    for row in rows {
        let fault = echo(row[0]).params_from_json(row[1].as_bytes()).expect_err(row[1]);
        assert_eq!((fault.code.as_str(), fault.message.replace('`', "").as_str()), ("invalid_input", row[2]));
    }
}
