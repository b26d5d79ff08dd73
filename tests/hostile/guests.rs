//! Hostile guests as text: typed components with one tool, `go`.

/// A component around a core module that exports `go`, with what else the module needs.
fn component(module: &str) -> Vec<u8> {
    let text = format!(
        "(component
           (core module $m {module})
           (core instance $i (instantiate $m))
           (func (export \"go\") (result u32) (canon lift (core func $i \"go\"))))"
    );
    wat::parse_str(text).expect("the guest's text")
}

/// Grows `what` with `grow` until it is refused, then breaks.
fn grow_until_refused(declarations: &str, grow: &str) -> Vec<u8> {
    component(&format!(
        "{declarations}
         (func (export \"go\") (result i32)
           (loop $more
             (br_if $more (i32.ne ({grow}) (i32.const -1))))
           unreachable)"
    ))
}

/// Takes memory a MiB at a time.
pub fn memory_bomb() -> Vec<u8> {
    grow_until_refused("(memory 1)", "memory.grow (i32.const 16)")
}

/// Four memories, each of which stays below the limit while their sum doesn't.
pub fn many_memories() -> Vec<u8> {
    let grow = (0..4)
        .map(|n| format!("(if (i32.eq (memory.grow {n} (i32.const 96)) (i32.const -1)) (then unreachable))"));
    component(&format!(
        "(memory 1) (memory 1) (memory 1) (memory 1)
         (func (export \"go\") (result i32) {} (i32.const 0))",
        grow.collect::<String>()
    ))
}

/// Many instances of one module, each with a memory of its own.
pub fn many_instances() -> Vec<u8> {
    let instances: String = (0..6).map(|n| format!("(core instance $i{n} (instantiate $m))")).collect();
    let text = format!(
        "(component
           (core module $m (memory 48) (func (export \"go\") (result i32) (i32.const 0)))
           {instances}
           (func (export \"go\") (result u32) (canon lift (core func $i5 \"go\"))))"
    );
    wat::parse_str(text).expect("the guest's text")
}

/// Takes table elements, 100,000 at a time.
pub fn table_bomb() -> Vec<u8> {
    grow_until_refused("(table 1 funcref)", "table.grow (ref.null func) (i32.const 100000)")
}

/// Calls itself until the stack ends.
pub fn stack_bomb() -> Vec<u8> {
    component("(func $go (export \"go\") (result i32) (i32.add (i32.const 1) (call $go)))")
}

/// Never gets past its start function.
pub fn start_loop() -> Vec<u8> {
    component(
        "(func $for_ever (loop $again (br $again)))
         (start $for_ever)
         (func (export \"go\") (result i32) (i32.const 0))",
    )
}
