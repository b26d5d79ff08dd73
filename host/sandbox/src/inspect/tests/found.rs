//! What is found in components that can be skills.

use super::{documented, encoded, with_section};
use crate::json::tests::guest::{component, component_in, component_with};
use crate::{Export, Inspection, Shape, inspect};
use serde_json::json;
use std::path::Path;

const WEATHER: &str = "package demo:weather@1.2.0;
    interface forecast {
        /// A place on Earth.
        record place {
            /// Degrees north.
            lat: f64,
            lon: f64,
        }
        /// How it looks.
        variant sky {
            clear,
            /// Millimetres an hour.
            rain(f32),
        }
        /// Says what the weather will be.
        ///
        /// Up to ten days.
        at: func(where: place, days: option<u8>) -> result<list<sky>, string>;
        places: func() -> list<place>;
    }
    world w {
        export forecast;
        /// Says hello.
        export hello: func(name: string) -> string;
    }";

#[track_caller]
fn names(inspection: &Inspection) -> Vec<&str> {
    inspection.tools.iter().map(|tool| tool.name.as_str()).collect()
}

#[test]
fn functions_are_tools_with_their_types_and_words() {
    let component = documented(WEATHER);
    let found = inspect(&component).expect("a skill");
    assert_eq!((found.shape, found.size), (Shape::Typed, component.len() as u64));
    assert_eq!(names(&found), ["hello", "at", "places"]);
    let [hello, at, places] = &found.tools[..] else { panic!("three tools") };
    assert_eq!(
        (hello.description.as_str(), &hello.export),
        ("Says hello.", &Export::Function("hello".into()))
    );
    assert_eq!(at.description, "Says what the weather will be.\n\nUp to ten days.");
    assert_eq!(at.export, Export::Interface("demo:weather/forecast@1.2.0".into(), "at".into()));
    assert_eq!(places.description, "");

    let input = &at.input_schema;
    assert_eq!(input["required"], json!(["where"]));
    assert_eq!(input["properties"]["where"]["description"], "A place on Earth.");
    assert_eq!(input["properties"]["where"]["properties"]["lat"]["description"], "Degrees north.");
    let sky = &at.output_schema.as_ref().expect("known")["items"];
    assert_eq!(sky["description"], "How it looks.");
    assert_eq!(sky["anyOf"][1]["description"], "Millimetres an hour.");
    assert!(found.producers.iter().any(|name| name.starts_with("wit-component ")), "{:?}", found.producers);
}

#[test]
fn an_inspection_keeps_in_json() {
    let found = inspect(&documented(WEATHER)).expect("a skill");
    let kept = serde_json::to_string(&found).expect("writes");
    assert_eq!(serde_json::from_str::<Inspection>(&kept).expect("reads"), found);
}

#[test]
fn words_are_found_inside_a_core_module() {
    let wit = "package t:t; world w { /// Doubles.\n export double: func(n: u32) -> u32; }";
    let component = component_with(wit, |module| with_section(module, "skep:wit", &encoded(wit)));
    assert_eq!(inspect(&component).expect("a skill").tools[0].description, "Doubles.");
}

#[test]
fn words_that_cannot_be_read_or_fit_nothing_are_left_out() {
    let plain = component(WEATHER);
    let whole = encoded(WEATHER);
    let other = encoded("package t:t; interface forecast { /// Other.\n other: func(); }");
    for words in [&b"nonsense"[..], &whole[..whole.len() / 2], &[], &other] {
        let found = inspect(&with_section(plain.clone(), "skep:wit", words)).expect("a skill");
        assert!(found.tools.iter().all(|tool| tool.description.is_empty()));
    }
    for words in [&b""[..], b"\x01", b"\x01{", b"\x07{}", b"\x01{\"interfaces\":3}"] {
        assert_eq!(
            inspect(&with_section(plain.clone(), "package-docs", words)).expect("a skill").tools.len(),
            3
        );
    }
    let first_format = br#" {"interfaces":{"forecast":{"funcs":{"places":"Known places."}}}}"#;
    let first_format = [&[0], &first_format[1..]].concat();
    let found = inspect(&with_section(plain, "package-docs", &first_format)).expect("a skill");
    assert_eq!(found.tools[2].description, "Known places.");
}

#[test]
fn words_without_bound_are_left_out_and_the_tool_stays() {
    let fields: String = (0..60).map(|n| format!("/// {}\n m{n}: u8, ", "word ".repeat(2000))).collect();
    let wit = format!(
        "package t:t; interface i {{ record r {{ {fields} }} f: func(a: r, b: r, c: r); }} world w {{ export i; }}"
    );
    let found = inspect(&documented(&wit)).expect("a skill");
    let schema = found.tools[0].input_schema.to_string();
    assert!(schema.contains("word word") && schema.len() < 2 << 20, "{}", schema.len());
}

#[test]
fn ambiguous_names_get_their_interface_in_front() {
    let found = inspect(&component(
        "package t:t; interface a { run: func(); one: func(); } interface b { run: func(); two: func(); }
         world w { export a; export b; export two: func(); }",
    ));
    let found = found.expect("a skill");
    let mut names = names(&found);
    names.sort_unstable();
    assert_eq!(names, ["a.run", "b.run", "b.two", "one", "two"]);
}

#[test]
fn what_mentions_a_resource_is_no_tool() {
    let found = inspect(&component(
        "package t:t; interface files { resource file { constructor(name: string); size: func() -> u64;
         all: static func() -> u32; } open: func(name: string) -> file; count: func() -> u32; }
         world w { export files; }",
    ));
    let found = found.expect("a skill");
    assert_eq!(names(&found), ["count"]);
    assert!(
        found
            .exports_ignored
            .contains(&"`t:t/files.open`: its types mention a resource, which has no JSON form".to_owned()),
        "{:?}",
        found.exports_ignored
    );
    assert_eq!(found.exports_ignored.len(), 4);
}

#[test]
fn a_contract_skill_describes_its_own_tools() {
    let wit = concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit");
    let found = inspect(&component_in(Path::new(wit), "skill")).expect("a skill");
    assert_eq!((found.shape, found.tools.len()), (Shape::Contract, 0));
    let state = "keep state between calls (its own)";
    for (import, wants) in [
        ("skep:skill/context@0.1.0", "know its call, and report progress"),
        ("skep:skill/state@0.1.0", state),
        ("skep:skill/skills@0.1.0", "call other skills (only those that are granted)"),
        ("skep:skill/secrets@0.1.0", "use secrets that it never sees (only those that are granted)"),
        ("wasi:config/store@0.2.0-rc.1", "its configuration"),
        ("wasi:keyvalue/store@0.2.0-draft", state),
        ("wasi:keyvalue/atomics@0.2.0-draft", state),
        ("wasi:logging/logging@0.1.0-draft", "log"),
    ] {
        let import = found.imports.iter().find(|i| i.name == import).unwrap_or_else(|| panic!("{import}"));
        assert_eq!((&*import.wants, import.served), (wants, true));
    }
    assert_eq!(found.imports.len(), 8);
}

const RUN: &str = "package wasi:cli@0.2.6 { interface run { run: func() -> result; } }";

#[test]
fn a_program_is_a_command_with_one_tool() {
    let found = inspect(&component(&format!("package t:t; world w {{ export wasi:cli/run@0.2.6; }} {RUN}")));
    let found = found.expect("a skill");
    assert_eq!((found.shape, names(&found)), (Shape::Command, vec!["run"]));
    let [tool] = &found.tools[..] else { panic!("one tool") };
    assert_eq!(tool.export, Export::Command("wasi:cli/run@0.2.6".into()));
    assert_eq!(tool.input_schema["properties"]["args"]["items"]["type"], "string");
    assert_eq!(tool.output_schema.as_ref().expect("known")["required"], json!(["exit_code"]));
    assert_eq!(found.exports_ignored, [""; 0]);
}

#[test]
fn a_program_that_offers_functions_too_is_no_command() {
    let wit = format!("package t:t; world w {{ export wasi:cli/run@0.2.6; export hello: func(); }} {RUN}");
    let found = inspect(&component(&wit)).expect("a skill");
    assert_eq!((found.shape, names(&found)), (Shape::Typed, vec!["hello"]));
    assert_eq!(found.exports_ignored, ["`wasi:cli/run@0.2.6`: how a command starts, but it offers tools"]);
}

#[test]
fn exports_of_toolchains_are_no_tools() {
    let found = inspect(&component(
        "package t:t; world w { export exports: interface { helper: func(); } export hello: func();
         export init: func(shim: string, script: string, disable-gc: bool, entry-path: option<string>); }",
    ));
    let found = found.expect("a skill");
    assert_eq!(names(&found), ["hello"]);
    let mut ignored = found.exports_ignored;
    ignored.sort_unstable();
    let reason = "made by the toolchain for itself";
    assert_eq!(ignored, [format!("`exports`: {reason}"), format!("`init`: {reason}")]);

    // Another function of that name is a tool as any other.
    let found = inspect(&component("package t:t; world w { export init: func(folder: string); }"));
    assert_eq!(names(&found.expect("a skill")), ["init"]);
}

#[test]
fn producers_are_named_once() {
    let word = |text: &str| [&[text.len() as u8], text.as_bytes()].concat();
    let field = |values: &[(&str, &str)]| {
        let values: Vec<u8> =
            values.iter().flat_map(|(name, version)| [word(name), word(version)].concat()).collect();
        [vec![1], word("processed-by"), vec![2], values].concat()
    };
    let plain = component("package t:t; world w { export hello: func(); }");
    let made = with_section(plain, "producers", &field(&[("one", "1.0"), ("one", "1.0")]));
    let named = inspect(&made).expect("a skill").producers;
    assert_eq!(named.iter().filter(|name| *name == "one 1.0").count(), 1);
}
