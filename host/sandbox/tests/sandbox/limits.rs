//! Every limit bites: each hostile guest ends in its own fault, within its limit, and the next call works.

use crate::kit::{Kit, component, fault, json, limits};
use skep_core::{FaultCode, Limits};

/// A component whose `hostile` does `body` in a module with `parts`, and whose `fine` answers 7.
fn guest(parts: &str, body: &str) -> String {
    format!(
        r#"(component
            (core module $m
                {parts}
                (func (export "hostile") {body})
                (func (export "fine") (result i32) i32.const 7))
            (core instance $i (instantiate $m))
            (func (export "hostile") (canon lift (core func $i "hostile")))
            (func (export "fine") (result u32) (canon lift (core func $i "fine"))))"#
    )
}

/// Calls `hostile`, then `fine`, and gives the message of the fault.
async fn ends_in(kit: &Kit, code: FaultCode, text: &str, limits: &Limits) -> String {
    let skill = kit.text(text).await;
    let report = kit.call(&skill, "hostile", "{}", limits).await;
    let message = fault(&report.outcome, code).to_owned();
    assert!(report.usage.memory_peak <= limits.memory.0);
    let next = kit.call(&skill, "fine", "{}", limits).await;
    assert_eq!(json(&next.outcome), 7);
    message
}

const GROW_FOREVER: &str = "(loop $again
    (if (i32.ne (memory.grow (i32.const 16)) (i32.const -1)) (then (br $again)))
    unreachable)";

#[tokio::test]
async fn a_memory_bomb_ends_in_limit_memory() {
    let kit = Kit::new();
    let text = guest("(memory 1)", GROW_FOREVER);
    let message = ends_in(&kit, FaultCode::LimitMemory, &text, &limits()).await;
    assert!(message.contains("limit `memory` of 64MiB"), "{message}");
}

#[tokio::test]
async fn many_memories_are_summed() {
    let kit = Kit::new();
    let body = "(loop $again
        (drop (memory.grow 1 (i32.const 16)))
        (if (i32.ne (memory.grow 0 (i32.const 16)) (i32.const -1)) (then (br $again)))
        unreachable)";
    let text = guest("(memory 1) (memory 1)", body);
    ends_in(&kit, FaultCode::LimitMemory, &text, &limits()).await;
}

#[tokio::test]
async fn more_memories_than_the_pool_has_are_refused_at_once() {
    let kit = Kit::new();
    let text = guest(&"(memory 1)".repeat(100), "");
    let fault = kit.sandbox.prepare(component(&text)).await.err().unwrap();
    assert_eq!(fault.code, FaultCode::InvalidComponent);
    assert!(fault.message.contains("memories"), "{fault}");
}

#[tokio::test]
async fn memory_taken_at_the_start_counts() {
    let kit = Kit::new();
    let limits = Limits { memory: "1MiB".parse().unwrap(), ..limits() };
    let skill = kit.text(&guest("(memory 100)", "")).await;
    let report = kit.call(&skill, "hostile", "{}", &limits).await;
    fault(&report.outcome, FaultCode::LimitMemory);
}

#[tokio::test]
async fn a_table_bomb_ends_in_limit_memory() {
    let kit = Kit::new();
    let body = "(loop $again
        (if (i32.ne (table.grow (ref.null func) (i32.const 1000)) (i32.const -1)) (then (br $again)))
        unreachable)";
    ends_in(&kit, FaultCode::LimitMemory, &guest("(table 1 funcref)", body), &limits()).await;
}

#[tokio::test]
async fn an_endless_loop_ends_in_limit_cpu() {
    let kit = Kit::new();
    let text = guest("", "(loop $again (br $again))");
    let message = ends_in(&kit, FaultCode::LimitCpu, &text, &limits()).await;
    assert!(message.contains("limit `cpu` of 300ms"), "{message}");
}

#[tokio::test]
async fn an_endless_loop_in_a_start_function_ends_in_limit_cpu() {
    let kit = Kit::new();
    let text = guest("(func $spin (loop $again (br $again))) (start $spin)", "");
    let skill = kit.text(&text).await;
    let report = kit.call(&skill, "hostile", "{}", &limits()).await;
    fault(&report.outcome, FaultCode::LimitCpu);
    assert!((30..90).contains(&report.usage.cpu_ticks), "{:?}", report.usage);
}

#[tokio::test]
async fn endless_recursion_ends_in_a_trap() {
    let kit = Kit::new();
    let text = guest("(func $deep (call $deep) (call $deep))", "(call $deep)");
    let message = ends_in(&kit, FaultCode::Trapped, &text, &limits()).await;
    assert!(message.contains("call stack exhausted"), "{message}");
}
