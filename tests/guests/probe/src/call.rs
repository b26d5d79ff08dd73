//! The call itself: its context, configuration, log, progress, waiting and cancellation.

use std::{
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    exports::skep::skill::tools::Error,
    input::{number, refused, text, worked},
    skep::skill::context,
    wasi::{
        config::store,
        logging::logging::{self, Level},
    },
};

const POLL: Duration = Duration::from_millis(5);

pub fn config(input: &Value) -> Result<Value, Error> {
    if input["key"].is_null() {
        return Ok(store::get_all().map_or_else(
            |error| refused(format!("{error:?}")),
            |all| worked(all.into_iter().map(|(key, value)| (key, Value::from(value))).collect::<Value>()),
        ));
    }
    let value = store::get(text(input, "key")?);
    Ok(value.map_or_else(|error| refused(format!("{error:?}")), worked))
}

pub fn context(_: &Value) -> Result<Value, Error> {
    Ok(json!({
        "call_id": context::call_id(),
        "attempt": context::attempt(),
        "deadline": context::deadline(),
        "caller": context::caller(),
        "idempotency_key": context::idempotency_key(),
        "session": context::session(),
        "cancelled": context::cancelled(),
    }))
}

pub fn say(input: &Value) -> Result<Value, Error> {
    let level = match text(input, "level")? {
        "trace" => Level::Trace,
        "debug" => Level::Debug,
        "info" => Level::Info,
        "warn" => Level::Warn,
        "error" => Level::Error,
        _ => Level::Critical,
    };
    let times = input["times"].as_u64().unwrap_or(1);
    for _ in 0..times {
        logging::log(level, text(input, "context")?, text(input, "message")?);
    }
    Ok(worked(times))
}

pub fn progress(input: &Value) -> Result<Value, Error> {
    let steps = number(input, "steps")?;
    let pause = Duration::from_millis(input["ms"].as_u64().unwrap_or_default());
    for step in 1..=steps {
        context::progress(step, Some(steps), Some(&format!("step {step}")));
        if !pause.is_zero() {
            thread::sleep(pause);
        }
    }
    Ok(json!({ "steps": steps }))
}

pub fn wait_cancel(input: &Value) -> Result<Value, Error> {
    let patience = Duration::from_millis(number(input, "ms_max")?);
    let start = Instant::now();
    while start.elapsed() < patience {
        if context::cancelled() {
            return Ok(json!({ "cancelled": true }));
        }
        thread::sleep(POLL);
    }
    Ok(json!({ "cancelled": false }))
}

pub fn sleep(input: &Value) -> Result<Value, Error> {
    let ms = number(input, "ms")?;
    thread::sleep(Duration::from_millis(ms));
    Ok(json!({ "slept_ms": ms }))
}
