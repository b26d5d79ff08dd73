//! Tools that tell how far they are.

use crate::content::text;
use crate::exports::skep::skill::tools::Error;
use crate::skep::skill::context;
use serde_json::{Value, json};
use std::thread::sleep;
use std::time::Duration;

/// Between two reports: a host passes on ten a second.
const STEP: Duration = Duration::from_millis(120);

pub fn logging(_: &Value) -> Result<Value, Error> {
    for line in ["Tool execution started", "Tool processing data", "Tool execution completed"] {
        println!("{line}");
        sleep(STEP);
    }
    Ok(json!({ "content": [text("logged")] }))
}

pub fn progress(_: &Value) -> Result<Value, Error> {
    for done in [0, 50, 100] {
        context::progress(done, Some(100), None);
        sleep(STEP);
    }
    Ok(json!({ "content": [text("done")] }))
}
