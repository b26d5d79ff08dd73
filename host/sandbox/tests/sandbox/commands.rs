//! Programs as skills: what they are given, what they answer, and every limit on them.

use crate::kit::{Caller, Kit, call, component, fault, json, limits, permit};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use skep_core::{FaultCode, Grants, Limits};
use skep_sandbox::{Prepared, Report, Shape};
use std::sync::Arc;

/// Runs the fixture program with `args` and nothing else.
async fn run(kit: &Kit, args: &[&str], limits: &Limits) -> Report {
    let skill = kit.guest("program").await;
    kit.call(&skill, "run", &json!({ "args": args }).to_string(), limits).await
}

async fn granted(kit: &Kit, skill: &Prepared, grants: &Grants, input: &Value) -> Report {
    let caller = Arc::new(Caller::default());
    kit.sandbox.run(skill, &permit(grants, &limits()), call("run", &input.to_string()), caller).await
}

#[tokio::test]
async fn a_program_gets_its_name_and_arguments_and_answers_its_streams() {
    let kit = Kit::new();
    let skill = kit.guest("program").await;
    assert_eq!(skill.inspection().shape, Shape::Command);
    let report = run(&kit, &["args", "", "two words", "ünï"], &limits()).await;
    let expect = json!({ "stdout": "tested\nargs\n\ntwo words\nünï\n", "stderr": "", "exit_code": 0 });
    assert_eq!(json(&report.outcome), expect);
    assert!(report.logs.is_empty(), "what it answers is not logged as well: {:?}", report.logs);
    let report = run(&kit, &["both", "out", "err"], &limits()).await;
    assert_eq!(json(&report.outcome), json!({ "stdout": "out", "stderr": "err", "exit_code": 0 }));
    let report = kit.call(&skill, "run", "{}", &limits()).await;
    let answer = json(&report.outcome);
    assert_eq!((&answer["exit_code"], &answer["stderr"]), (&json!(1), &json!("what does [] mean?\n")));
}

#[tokio::test]
async fn standard_input_is_text_or_bytes_and_so_is_what_is_printed() {
    let kit = Kit::new();
    let skill = kit.guest("program").await;
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let base64 = BASE64.encode(&bytes);
    for (input, expect) in [
        (json!({ "stdin": "one\ntwo" }), json!({ "stdout": "one\ntwo", "stderr": "", "exit_code": 0 })),
        (json!({}), json!({ "stdout": "", "stderr": "", "exit_code": 0 })),
        (json!({ "stdin_base64": base64 }), json!({ "stdout_base64": base64, "stderr": "", "exit_code": 0 })),
    ] {
        let mut input = input;
        input["args"] = json!(["cat"]);
        let report = kit.call(&skill, "run", &input.to_string(), &limits()).await;
        assert_eq!(json(&report.outcome), expect);
    }
}

#[tokio::test]
async fn a_program_says_how_it_ended() {
    let kit = Kit::new();
    // Rust's own exit passes no more than success or failure on to WASI 0.2; exit-with-code passes all.
    for (args, code) in [
        (["exit-with-code", "3"], 3),
        (["exit-with-code", "255"], 255),
        (["exit", "0"], 0),
        (["exit", "3"], 1),
        (["return", "3"], 1),
    ] {
        let report = run(&kit, &args, &limits()).await;
        assert_eq!(json(&report.outcome)["exit_code"], code, "{args:?}");
    }
}

#[tokio::test]
async fn a_run_by_hand_answers_its_result() {
    let kit = Kit::new();
    let program = |ty: &str, result: &str| {
        component(&format!(
            r#"(component
                (core module $m (func (export "run") (result i32) {result}))
                (core instance $i (instantiate $m))
                (func $run {ty} (canon lift (core func $i "run")))
                (instance $it (export "run" (func $run)))
                (export "wasi:cli/run@0.2.0" (instance $it)))"#
        ))
    };
    for (result, code) in [("i32.const 0", 0), ("i32.const 1", 1)] {
        let skill = kit.sandbox.prepare(program("(result (result))", result)).await.unwrap();
        let report = kit.call(&skill, "run", "{}", &limits()).await;
        assert_eq!(json(&report.outcome)["exit_code"], code);
        let report = kit.call(&skill, "walk", "{}", &limits()).await;
        assert!(fault(&report.outcome, FaultCode::UnknownTool).contains("it has: run"));
    }
    let refused = kit.sandbox.prepare(program("(result u32)", "i32.const 0")).await.err().unwrap();
    assert_eq!(refused.code, FaultCode::InvalidComponent);
    assert!(refused.message.contains("is not `func() -> result`"), "{refused}");
}

#[tokio::test]
async fn variables_are_granted_or_the_callers_own_and_never_both() {
    let kit = Kit::new();
    let skill = kit.guest("program").await;
    let grants = Grants::from_flags(&[], &["REGION=north".to_owned()], &[]).unwrap();
    let input = |env: Value| json!({ "args": ["env"], "env": env });
    let report = granted(&kit, &skill, &grants, &input(json!({ "COLOUR": "red" }))).await;
    assert_eq!(json(&report.outcome)["stdout"], "REGION=north\nCOLOUR=red\n");
    let report = granted(&kit, &skill, &grants, &input(json!({ "REGION": "south" }))).await;
    assert!(fault(&report.outcome, FaultCode::InvalidInput).contains("`REGION` was set by the operator"));
}

#[tokio::test]
async fn inputs_that_no_program_can_be_given_are_refused() {
    let kit = Kit::new();
    let skill = kit.guest("program").await;
    for (input, says) in [
        ("[]", "a command's input"),
        ("{\"args\":\"ls\"}", "a command's input"),
        ("{\"argv\":[]}", "unknown field `argv`"),
        ("{\"args\":[\"a\\u0000b\"]}", "zero character"),
        ("{\"env\":{\"A\":\"\\u0000\"}}", "zero character"),
        ("{\"env\":{\"A=B\":\"\"}}", "can't be a variable's name"),
        ("{\"env\":{\"\":\"\"}}", "can't be a variable's name"),
        ("{\"stdin_base64\":\"*\"}", "`stdin_base64`"),
        ("{\"stdin\":\"\",\"stdin_base64\":\"\"}", "not both"),
    ] {
        let report = kit.call(&skill, "run", input, &limits()).await;
        let message = fault(&report.outcome, FaultCode::InvalidInput);
        assert!(message.contains(says), "{input}: {message}");
    }
}

#[tokio::test]
async fn files_are_those_that_are_granted() {
    let kit = Kit::new();
    let skill = kit.guest("program").await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.txt"), "inside").unwrap();
    let rule = |access: &str| vec![format!("{}:/data:{access}", folder.path().display())];
    let (read, write) = (
        Grants::from_flags(&rule("ro"), &[], &[]).unwrap(),
        Grants::from_flags(&rule("rw"), &[], &[]).unwrap(),
    );
    let input = |args: &[&str]| json!({ "args": args, "stdin": "written" });
    let report = granted(&kit, &skill, &read, &input(&["read", "/data/a.txt"])).await;
    assert_eq!(json(&report.outcome)["stdout"], "inside");
    let report = granted(&kit, &skill, &write, &input(&["write", "/data/b.txt"])).await;
    assert_eq!(json(&report.outcome)["exit_code"], 0);
    assert_eq!(std::fs::read_to_string(folder.path().join("b.txt")).unwrap(), "written");
    for (grants, args) in [
        (&read, ["write", "/data/c.txt"]),
        (&read, ["read", "/data/../a.txt"]),
        (&read, ["read", "/etc/passwd"]),
        (&Grants::default(), ["read", "/data/a.txt"]),
    ] {
        let answer = json(&granted(&kit, &skill, grants, &input(&args)).await.outcome);
        assert_eq!((&answer["exit_code"], &answer["stdout"]), (&json!(1), &json!("")), "{args:?}");
        assert!(answer["stderr"].as_str().unwrap().starts_with(args[1]), "{answer}");
    }
}

#[tokio::test]
async fn every_limit_holds_for_programs() {
    let kit = Kit::new();
    for (args, code, says) in [
        (&["flood", "stdout"][..], FaultCode::LimitOutput, "printed more than it may answer"),
        (&["flood", "stderr"], FaultCode::LimitOutput, "the limit `output`"),
        (&["spin"], FaultCode::LimitCpu, "the limit `cpu`"),
        (&["grow"], FaultCode::LimitMemory, "the limit `memory`"),
    ] {
        let report = run(&kit, args, &limits()).await;
        let message = fault(&report.outcome, code);
        assert!(message.contains(says), "{args:?}: {message}");
        assert!(report.usage.memory_peak <= limits().memory.0);
        assert_eq!(json(&run(&kit, &["args"], &limits()).await.outcome)["exit_code"], 0);
    }
}

#[tokio::test]
async fn an_answer_that_outgrows_the_limit_as_json_is_refused() {
    let kit = Kit::new();
    let limits = Limits { output: "1KiB".parse().unwrap(), ..limits() };
    let report = run(&kit, &["both", &"\u{1}".repeat(600), ""], &limits).await;
    assert!(fault(&report.outcome, FaultCode::LimitOutput).contains("makes an answer of"));
    let report = run(&kit, &["both", &"x".repeat(600), ""], &limits).await;
    assert_eq!(json(&report.outcome)["exit_code"], 0);
}

#[tokio::test]
async fn what_a_broken_program_printed_is_in_the_log() {
    let kit = Kit::new();
    let report = run(&kit, &["panic"], &limits()).await;
    fault(&report.outcome, FaultCode::Trapped);
    let said: Vec<_> = report.logs.iter().map(|r| (r.source.as_str(), r.text.as_str())).collect();
    assert!(said.contains(&("stderr", "no way on")), "{said:?}");
}

/// A program that logs and prints the same line, often, and then breaks.
const TWO_MOUTHS: &str = r#"(component
    (import "wasi:logging/logging@0.1.0-draft" (instance $logging
        (type $l (enum "trace" "debug" "info" "warn" "error" "critical"))
        (export "level" (type $level (eq $l)))
        (export "log" (func (param "level" $level) (param "context" string) (param "message" string)))))
    (import "wasi:io/error@0.2.0" (instance $error (export "error" (type (sub resource)))))
    (alias export $error "error" (type $broken))
    (import "wasi:io/streams@0.2.0" (instance $streams
        (export "output-stream" (type $stream (sub resource)))
        (alias outer 1 $broken (type $b))
        (export "error" (type $e (eq $b)))
        (type $s (variant (case "last-operation-failed" (own $e)) (case "closed")))
        (export "stream-error" (type $fault (eq $s)))
        (export "[method]output-stream.blocking-write-and-flush" (func
            (param "self" (borrow $stream)) (param "contents" (list u8)) (result (result (error $fault)))))))
    (alias export $streams "output-stream" (type $stream))
    (import "wasi:cli/stdout@0.2.0" (instance $stdout
        (alias outer 1 $stream (type $s))
        (export "output-stream" (type $out (eq $s)))
        (export "get-stdout" (func (result (own $out))))))
    (core module $memory (memory (export "memory") 1) (data (i32.const 0) "the same line, here\n"))
    (core instance $memory (instantiate $memory))
    (core func $log (canon lower (func $logging "log") (memory (core memory $memory "memory"))))
    (core func $print (canon lower (func $streams "[method]output-stream.blocking-write-and-flush")
        (memory (core memory $memory "memory"))))
    (core func $stdout (canon lower (func $stdout "get-stdout")))
    (core module $m
        (import "host" "log" (func $log (param i32 i32 i32 i32 i32)))
        (import "host" "print" (func $print (param i32 i32 i32 i32)))
        (import "host" "stdout" (func $stdout (result i32)))
        (func (export "run") (result i32) (local $left i32) (local $out i32)
            (local.set $out (call $stdout))
            (local.set $left (i32.const 100))
            (loop $again
                (call $log (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 19))
                (call $print (local.get $out) (i32.const 0) (i32.const 20) (i32.const 64))
                (local.set $left (i32.sub (local.get $left) (i32.const 1)))
                (br_if $again (local.get $left)))
            unreachable))
    (core instance $i (instantiate $m (with "host" (instance
        (export "log" (func $log)) (export "print" (func $print)) (export "stdout" (func $stdout))))))
    (func $run (result (result)) (canon lift (core func $i "run")))
    (instance $it (export "run" (func $run)))
    (export "wasi:cli/run@0.2.0" (instance $it)))"#;

#[tokio::test]
async fn what_is_logged_and_what_is_printed_share_one_limit() {
    let kit = Kit::new();
    let skill = kit.text(TWO_MOUTHS).await;
    let whole = kit.call(&skill, "run", "{}", &limits()).await;
    fault(&whole.outcome, FaultCode::Trapped);
    assert_eq!(whole.logs.iter().filter(|r| r.source == "stdout").count(), 100, "{:?}", whole.logs.first());
    assert_eq!(whole.logs.len(), 200);
    let cut = kit.call(&skill, "run", "{}", &Limits { log: "1KiB".parse().unwrap(), ..limits() }).await;
    let marks = cut.logs.iter().filter(|r| r.text.starts_with("log cut here")).count();
    assert_eq!((marks, cut.logs.iter().any(|r| r.source == "stdout")), (1, false));
}
