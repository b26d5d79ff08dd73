//! Using up what is limited: time, memory, stack, output.

use std::hint::black_box;

use serde_json::{Value, json};

use crate::{
    exports::skep::skill::tools::Error,
    input::{number, size},
    wasi::random::random::get_random_bytes,
};

const MIB: usize = 1 << 20;

pub fn spin(_: &Value) -> Result<Value, Error> {
    let mut turns = 0_u64;
    loop {
        turns = black_box(turns).wrapping_add(1);
    }
}

/// Stops where it is refused; touches every page of what it gets.
pub fn alloc(input: &Value) -> Result<Value, Error> {
    let wanted = size(input, "mib")?;
    let mut taken: Vec<Vec<u8>> = Vec::with_capacity(wanted);
    for _ in 0..wanted {
        let mut block = Vec::new();
        if block.try_reserve_exact(MIB).is_err() {
            return Ok(json!({ "error": "out of memory", "mib": taken.len() }));
        }
        block.resize(MIB, 1_u8);
        taken.push(black_box(block));
    }
    Ok(json!({ "ok": taken.len() }))
}

pub fn recurse(_: &Value) -> Result<Value, Error> {
    #[expect(unconditional_recursion, reason = "overflowing the stack is the point")]
    fn deeper(depth: u64) -> u64 {
        let frame = black_box([depth; 32]);
        deeper(depth + 1) + frame[0]
    }
    Ok(deeper(0).into())
}

pub fn output(input: &Value) -> Result<Value, Error> {
    Ok("x".repeat(size(input, "bytes")?).into())
}

pub fn random(input: &Value) -> Result<Value, Error> {
    Ok(json!({ "bytes": get_random_bytes(number(input, "bytes")?).len() }))
}
