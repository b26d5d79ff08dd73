//! Loops that never compute for long: each turn asks the host for something.

use serde_json::Value;

use crate::{
    exports::skep::skill::tools::Error,
    input::text,
    skep::skill::skills,
    wasi::{
        keyvalue::store,
        logging::logging::{self, Level},
    },
};

pub fn run(input: &Value) -> Result<Value, Error> {
    match text(input, "what")? {
        "log" => loop {
            logging::log(Level::Info, "endless", "again");
        },
        "find" => loop {
            let _found = skills::find("");
        },
        "state" => {
            let bucket = store::open("hot").map_err(|error| Error::Failed(error.to_string()))?;
            loop {
                let _value = bucket.get("k");
            }
        }
        other => Err(Error::InvalidInput(format!("what: no {other}"))),
    }
}
