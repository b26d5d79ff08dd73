//! Compiling in a process of its own: what is bad or too much ends there, in a typed fault.

use crate::kit::{Caller, call, component, json, limits, permit, settings};
use skep_core::{Fault, FaultCode, Grants};
use skep_sandbox::{CompileLimits, Compiler, Sandbox, SandboxSettings};
use std::sync::Arc;
use wasm_encoder::{CodeSection, Function, FunctionSection, Instruction, Module, TypeSection, ValType};

const COMPILER: &str = env!("CARGO_BIN_EXE_skep-sandbox-compile");

fn process(cache: &tempfile::TempDir, compile: CompileLimits) -> SandboxSettings {
    SandboxSettings { compiler: Compiler::Process(vec![COMPILER.into()]), compile, ..settings(cache.path()) }
}

async fn refused(compile: CompileLimits, component: Vec<u8>) -> Fault {
    let cache = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::new(process(&cache, compile)).unwrap();
    let fault = sandbox.prepare(component.into()).await.err().expect("a fault");
    let kept = std::fs::read_dir(cache.path().join("artefacts")).unwrap().count();
    assert_eq!(kept, 0, "nothing of it is cached");
    fault
}

/// A component around a module with one function of so many additions.
fn component_with(additions: u32) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([], [ValType::I32]);
    let mut functions = FunctionSection::new();
    functions.function(0);
    let mut body = Function::new([(1, ValType::I32)]);
    for n in 0..additions {
        body.instruction(&Instruction::LocalGet(0));
        body.instruction(&Instruction::I32Const(n.cast_signed()));
        body.instruction(&Instruction::I32Mul);
        body.instruction(&Instruction::LocalTee(0));
        body.instruction(&Instruction::I32Popcnt);
        body.instruction(&Instruction::LocalSet(0));
    }
    body.instruction(&Instruction::LocalGet(0)).instruction(&Instruction::End);
    let mut code = CodeSection::new();
    code.function(&body);
    let mut exports = wasm_encoder::ExportSection::new();
    exports.export("f", wasm_encoder::ExportKind::Func, 0);
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&exports).section(&code);
    wrapped(&module)
}

/// The component that exports the module's `f`.
fn wrapped(module: &Module) -> Vec<u8> {
    use wasm_encoder::{ComponentBuilder, ComponentExportKind, ModuleArg, PrimitiveValType};
    let mut component = ComponentBuilder::default();
    let module = component.core_module(None, module);
    let instance = component.core_instantiate(None, module, Vec::<(&str, ModuleArg)>::new());
    let core = component.core_alias_export(None, instance, "f", wasm_encoder::ExportKind::Func);
    let (ty, mut function) = component.type_function(None);
    function.params::<[(&str, PrimitiveValType); 0], _>([]).result(Some(PrimitiveValType::U32.into()));
    let lifted = component.lift_func(None, core, ty, []);
    component.export("f", ComponentExportKind::Func, lifted, None);
    component.finish()
}

#[tokio::test]
async fn a_component_compiled_by_the_process_runs() {
    let cache = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::new(process(&cache, CompileLimits::default())).unwrap();
    let bytes = std::fs::read(skep_harness::guest("echo-typed")).unwrap();
    let skill = sandbox.prepare(bytes.into()).await.unwrap();
    let (permit, call) = (permit(&Grants::default(), &limits()), call("add", r#"{"a": 1, "b": 2}"#));
    let report = sandbox.run(&skill, &permit, call, Arc::new(Caller::default())).await;
    assert_eq!(json(&report.outcome), 3);
}

#[tokio::test]
async fn more_memory_than_allowed_ends_in_limit_compile() {
    let compile = CompileLimits { memory: "200MiB".parse().unwrap(), ..CompileLimits::default() };
    let fault = refused(compile, component_with(300_000)).await;
    assert_eq!(fault.code, FaultCode::LimitCompile, "{fault}");
    assert!(fault.message.contains("memory") && fault.message.contains("200MiB"), "{fault}");
}

#[tokio::test]
async fn more_time_than_allowed_ends_in_limit_compile() {
    let compile = CompileLimits { wall: "300ms".parse().unwrap(), ..CompileLimits::default() };
    let fault = refused(compile, component_with(300_000)).await;
    assert_eq!(fault.code, FaultCode::LimitCompile, "{fault}");
    assert!(fault.message.contains("300ms"), "{fault}");
}

#[tokio::test]
async fn more_bytes_than_allowed_end_in_limit_compile_before_anything_reads_them() {
    let fault = refused(CompileLimits::default(), vec![0; 100_000_000]).await;
    assert_eq!(fault.code, FaultCode::LimitCompile, "{fault}");
    assert!(fault.message.contains("64MiB"), "{fault}");
}

#[tokio::test]
async fn what_is_no_component_is_refused_by_name() {
    let whole = component("(component)");
    let core = wat::parse_str("(module)").unwrap();
    for bad in
        [b"hello, I am text".to_vec(), Vec::new(), whole[..whole.len() - 1].to_vec(), core, vec![0; 1000]]
    {
        let fault = refused(CompileLimits::default(), bad).await;
        assert_eq!(fault.code, FaultCode::InvalidComponent, "{fault}");
    }
}

#[tokio::test]
async fn a_compiler_that_cannot_start_is_the_hosts_fault() {
    let cache = tempfile::tempdir().unwrap();
    let nothing = Compiler::Process(vec!["/nonexistent/skep".into(), "compile".into()]);
    let sandbox = Sandbox::new(SandboxSettings { compiler: nothing, ..settings(cache.path()) }).unwrap();
    let fault = sandbox.prepare(component_with(1).into()).await.err().unwrap();
    assert_eq!(fault.code, FaultCode::Internal);
    assert!(fault.message.contains("/nonexistent/skep"), "{fault}");
}
