//! What a filter runs on.

use std::{
    fs::File,
    io::{self, BufReader},
    iter,
};

use jaq_json::{Val, read};
use serde_json::Value;
use skep::Error;

pub type Inputs = Box<dyn Iterator<Item = Result<Val, Error>>>;

/// One value.
pub fn value(value: Value) -> Result<Inputs, Error> {
    Ok(Box::new(iter::once(Ok(val(value)?))))
}

/// The value as the filter sees it.
pub fn val(value: Value) -> Result<Val, Error> {
    serde_json::from_value(value).map_err(Error::invalid_input)
}

/// Each JSON value in a file, read as it is needed.
pub fn file(path: String) -> Result<Inputs, Error> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => {
            Error::Failed(format!("{path}: no such file here; the operator can grant files with --fs"))
        }
        _ => Error::Failed(format!("{path}: {error}")),
    };
    let file = File::open(&path).map_err(failed)?;
    if file.metadata().map_err(failed)?.is_dir() {
        return Err(Error::Failed(format!("{path}: is a folder; name a JSON file in it")));
    }
    let values = read::read_many(BufReader::new(file)).enumerate();
    Ok(Box::new(values.map(move |(at, value)| {
        value.map_err(|error| Error::Failed(format!("{path}, value {}: {error}", at + 1)))
    })))
}

/// All of them as one array.
pub fn slurped(inputs: Inputs) -> Inputs {
    Box::new(iter::once_with(|| inputs.collect()))
}
