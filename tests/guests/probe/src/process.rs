//! What a program has of its surroundings: environment, arguments, streams, its end.

use std::{
    io::{self, Read, Write},
    sync::atomic::{AtomicU64, Ordering},
};

use serde_json::{Value, json};

use crate::{
    exports::skep::skill::tools::Error,
    input::{number, refused, size, worked},
};

pub fn env(_: &Value) -> Result<Value, Error> {
    Ok(std::env::vars().map(|(name, value)| (name, Value::from(value))).collect())
}

pub fn args(_: &Value) -> Result<Value, Error> {
    Ok(std::env::args().map(Value::from).collect())
}

pub fn stdin(_: &Value) -> Result<Value, Error> {
    let mut all = Vec::new();
    Ok(match io::stdin().read_to_end(&mut all) {
        Ok(_) => worked(String::from_utf8_lossy(&all)),
        Err(error) => refused(error),
    })
}

pub fn exit(input: &Value) -> Result<Value, Error> {
    let code = number(input, "code")?;
    std::process::exit(i32::try_from(code).unwrap_or(1))
}

pub fn panic(input: &Value) -> Result<Value, Error> {
    panic!("{}", input["message"].as_str().unwrap_or("the probe was asked to panic"))
}

/// Each line starts with its number, so that a test sees where a log was cut.
pub fn log(input: &Value) -> Result<Value, Error> {
    let (lines, bytes) = (number(input, "lines")?, size(input, "bytes")?);
    let mut stream: Box<dyn Write> = match input["stream"].as_str() {
        Some("stderr") => Box::new(io::stderr()),
        _ => Box::new(io::stdout()),
    };
    for line in 0..lines {
        let written = writeln!(stream, "{:x<bytes$}", format!("{line} ")).and_then(|()| stream.flush());
        if let Err(error) = written {
            return Ok(json!({ "error": error.to_string(), "lines": line }));
        }
    }
    Ok(json!({ "ok": lines }))
}

/// 1 in every call, unless an instance serves more than one.
pub fn counter(_: &Value) -> Result<Value, Error> {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    Ok(json!({ "calls": CALLS.fetch_add(1, Ordering::Relaxed) + 1 }))
}
