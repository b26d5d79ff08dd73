//! What is refused, and in which words.

use super::{documented, text, with_section};
use crate::json::tests::guest::component;
use crate::{Examination, examine, inspect};
use skep_core::FaultCode;

const HELLO: &str = "package t:t; world w { export hello: func(name: string) -> string; }";

#[track_caller]
fn refuse(component: &[u8], expect: &str) {
    let fault = inspect(component).expect_err("must be refused");
    assert_eq!(fault.code, FaultCode::InvalidComponent);
    assert!(fault.message.contains(expect), "{:?} has no {expect:?}", fault.message);
    assert!(fault.message.chars().count() < 600, "{}", fault.message);
}

#[test]
fn what_is_no_component() {
    let whole = component(HELLO);
    refuse(b"", "the file is empty");
    refuse(b"(component)", "it is WebAssembly text");
    refuse(b"\n\n  (module)", "it is WebAssembly text");
    refuse(b"#!/bin/sh\n", "it is no WebAssembly");
    refuse(&vec![0; 10 << 20], "it is no WebAssembly");
    refuse(&text("(module)"), "it is a core module, not a component");
    refuse(b"\0as", "it is cut off");
    refuse(b"\0asm\x01\0", "it is cut off");
    refuse(&whole[..whole.len() - 5], "it is cut off");
    refuse(&whole[..whole.len() / 2], "it is cut off");
    refuse(&[&whole[..8], b"\x63\x01\0"].concat(), "it is malformed");
}

#[test]
fn proposals_that_are_not_served_are_named() {
    let core = |module: &str| text(&format!("(component (core module {module}))"));
    for (component, expect) in [
        (core("(memory 1 1 shared)"), "it uses the threads proposal, which Skep does not serve yet"),
        (core("(memory i64 1)"), "it uses the memory64 proposal"),
        (core("(tag)"), "it uses the exceptions proposal"),
        (core("(type (struct))"), "it uses the garbage collection (GC) proposal"),
        (core("(func (param externref))"), "it uses the garbage collection (GC) proposal"),
        (core("(type $f (func)) (type (cont $f))"), "it uses the stack-switching proposal"),
        (text("(component (type (stream u8)))"), "it uses the component-model async (WASI 0.3) proposal"),
        (
            text(r#"(component (import "f" (func async)))"#),
            "it uses the component-model async (WASI 0.3) proposal",
        ),
        (text("(component (type (list u8 4)))"), "it uses the component-model fixed-length list proposal"),
        (text("(component (type (map string u8)))"), "it uses the component-model map proposal"),
        (text("(component (type error-context))"), "it uses the component-model error-context proposal"),
    ] {
        refuse(&component, expect);
    }
}

#[test]
fn proposals_that_are_served_pass() {
    let core = r#"(component (core module $m (memory 1) (memory 1)
        (func $t (param v128) (result i32 i64) i32.const 1 i64.const 2)
        (func (param v128) (result v128) local.get 0 i32x4.relaxed_trunc_f32x4_s)
        (func (export "f") (result i32) i32.const 0 i32.extend8_s return_call $g)
        (func $g (param i32) (result i32) (memory.fill (i32.const 0) (i32.const 0) (i32.const 0))
            (i32.trunc_sat_f32_s (f32.const 1))))
        (core instance $i (instantiate $m))
        (func (export "f") (result u32) (canon lift (core func $i "f"))))"#;
    assert_eq!(inspect(&text(core)).expect("a skill").tools.len(), 1);
}

#[test]
fn unknown_imports_are_named() {
    let importing = |name: &str| {
        let (path, version) = name.split_once('@').expect("a version");
        let (package, interface) = path.split_once('/').expect("an interface");
        let wit = format!(
            "package t:t; world w {{ import {name}; export hello: func(); }}
             package {package}@{version} {{ interface {interface} {{ f: func(); }} }}"
        );
        component(&wit)
    };
    refuse(&importing("acme:db/sql@1.0.0"), "it imports `acme:db/sql@1.0.0`, which Skep does not serve");
    refuse(&importing("wasi:http/handler@0.3.0"), "it imports `wasi:http/handler@0.3.0` of WASI 0.3");
    refuse(&importing("wasi:clocks/monotonic-clock@0.3.0"), "of WASI 0.3, which Skep does not serve yet");
    refuse(&importing("wasi:cli/shell@0.2.0"), "it imports `wasi:cli/shell@0.2.0`, which");
    refuse(&importing("wasi:cli/exit@0.20.0"), "it imports `wasi:cli/exit@0.20.0`, which");
    refuse(&importing("skep:skill/context@0.2.0"), "it imports `skep:skill/context@0.2.0`, which");
    let root = "package t:t; world w { import log: func(line: string); export hello: func(); }";
    refuse(&component(root), "it imports `log`, which Skep does not serve");
    refuse(&importing("wasi:keyvalue/watcher@0.2.0-draft"), "it imports `wasi:keyvalue/watcher@");
    refuse(&importing("wasi:keyvalue/store@0.2.0-draft2"), "it imports `wasi:keyvalue/store@");
    for known in [
        "wasi:cli/exit@0.2.0",
        "wasi:http/outgoing-handler@0.2.99",
        "wasi:config/store@0.2.0-rc.1",
        "wasi:keyvalue/batch@0.2.0-draft",
        "wasi:logging/logging@0.1.0-draft",
    ] {
        let found = inspect(&importing(known)).expect("a skill");
        assert_eq!((found.imports[0].name.as_str(), found.imports[0].served), (known, true));
    }
}

#[test]
fn imported_types_need_nobody_to_serve_them() {
    let wit = "package t:t; interface types { record point { x: u8, } }
        world w { use types.{point}; export hello: func(at: point); }";
    assert_eq!(inspect(&component(wit)).expect("a skill").imports, []);
}

#[test]
fn what_offers_no_tool() {
    refuse(&text("(component)"), "it offers no tool: export a function of plain types");
    let command = "package t:t; world w { export wasi:cli/run@0.3.0; }
        package wasi:cli@0.3.0 { interface run { run: func() -> result; } }";
    refuse(&component(command), "it is a command of `wasi:cli/run@0.3.0`, which Skep does not serve yet");
    let resources = "package t:t; interface i { resource r; make: func() -> r; } world w { export i; }";
    refuse(&component(resources), "its types mention a resource");
    let future =
        "package skep:skill@0.2.0; interface tools { ask: func() -> string; } world w { export tools; }";
    refuse(&component(future), "it exports `skep:skill/tools@0.2.0`: this host serves version 0.1");
}

#[test]
fn types_without_bound_are_refused() {
    let mut types = "type t0 = string; ".to_owned();
    for n in 1..11 {
        types.push_str(&format!("record t{n} {{ a: t{0}, b: t{0}, c: t{0}, }} ", n - 1));
    }
    let wit = format!("package t:t; interface i {{ {types} f: func(v: t10); }} world w {{ export i; }}");
    refuse(&component(&wit), "`t:t/i.f`: its types are too large");
    let deep = format!("{}u16{}", "list<".repeat(60), ">".repeat(60));
    let wit = format!("package t:t; world w {{ export f: func(v: {deep}); }}");
    refuse(&component(&wit), "`f`: its types nest deeper than 48 levels");
}

/// Everything that is wrong with a component, and what is known of it all the same.
#[test]
fn an_examination_does_not_end_at_the_first_reason() {
    let wit =
        "package t:t; interface i { /// Doubles.\n double: func(n: u32) -> u32; wait: func(s: stream<u8>); }
         world w { import acme:db/sql@1.0.0; import wasi:nn/tensor@0.2.0; import wasi:clocks/wall-clock@0.2.0;
                   export i; export run: async func(); }
         package acme:db@1.0.0 { interface sql { f: func(); } }
         package wasi:nn@0.2.0 { interface tensor { f: func(); } }
         package wasi:clocks@0.2.0 { interface wall-clock { f: func(); } }";
    let bytes = documented(wit);
    assert_eq!(inspect(&bytes).expect_err("must be refused").code, FaultCode::InvalidComponent);
    let Examination { inspection, refusals } = examine(&bytes).expect("can be read");
    let asynchronous = "it uses the component-model async (WASI 0.3) proposal, which Skep does not serve yet";
    let imports = ["acme:db/sql@1.0.0", "wasi:nn/tensor@0.2.0"];
    let unserved = imports.map(|name| format!("it imports `{name}`, which Skep does not serve"));
    assert_eq!(refusals, [asynchronous, &unserved[0], &unserved[1]]);
    let served: Vec<_> = inspection.imports.iter().map(|i| (i.name.as_str(), i.served)).collect();
    assert_eq!(served, [(imports[0], false), (imports[1], false), ("wasi:clocks/wall-clock@0.2.0", true)]);
    let double = inspection.tools.iter().find(|tool| tool.name.as_str() == "double").expect("a tool");
    assert_eq!(double.description, "Doubles.");
    assert!(inspection.exports_ignored.iter().any(|e| e.contains("a stream")), "{inspection:?}");

    let two = text("(component (core module (memory i64 1 1 shared)))");
    let refusals = examine(&two).expect("can be read").refusals.join("; ");
    for proposal in ["the threads proposal", "the memory64 proposal", "it offers no tool"] {
        assert!(refusals.contains(proposal), "{refusals}");
    }
    assert_eq!(examine(&component(HELLO)).expect("can be read").refusals, [""; 0]);
    examine(b"\0as").expect_err("can't be read");
}

#[test]
fn a_fault_names_the_first_reasons_only() {
    let imports: String = (0..50).map(|n| format!(r#"(import "f{n}" (func))"#)).collect();
    refuse(&text(&format!("(component {imports})")), "and 48 more reasons, which `skep check` lists");
}

#[test]
fn long_names_are_cut_in_messages() {
    let name = format!("a{}", "b".repeat(50_000));
    let wat = format!(r#"(component (import "{name}" (func)))"#);
    refuse(&text(&wat), "…`, which Skep does not serve");
    let producers = with_section(component(HELLO), "producers", &[1, 200, 1]);
    assert_eq!(inspect(&producers).expect("a skill").tools.len(), 1);
}
