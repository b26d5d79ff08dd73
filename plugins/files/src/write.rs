//! `write`: a new file, or a change to one that exists if that is what was asked for.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::Path,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};

use crate::{exports::skep::skill::tools::Error, scope::Scope};

const CONTENT_LEN_MAX: usize = 1 << 20;

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mode {
    #[default]
    Create,
    Replace,
    Append,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WriteRequest {
    path: String,
    content: String,
    #[serde(default)]
    base64: bool,
    #[serde(default)]
    mode: Mode,
    #[serde(default)]
    parents: bool,
}

#[derive(Serialize)]
pub struct Written {
    written: u64,
    size: u64,
}

pub fn write(scope: &Scope, request: &WriteRequest) -> Result<Written, Error> {
    let path = scope.path(&request.path)?;
    let bytes = content(request)?;
    if let Some(parent) = path.parent().filter(|parent| request.parents && scope.covers(parent)) {
        fs::create_dir_all(parent).map_err(|error| scope.failed(parent, &error))?;
    }
    let size = store(&path, &bytes, request.mode).map_err(|error| scope.failed(&path, &error))?;
    Ok(Written { written: bytes.len() as u64, size })
}

fn content(request: &WriteRequest) -> Result<Vec<u8>, Error> {
    let bytes = if request.base64 {
        BASE64_STANDARD.decode(&request.content).map_err(|e| Error::InvalidInput(format!("content: {e}")))?
    } else {
        request.content.clone().into_bytes()
    };
    if bytes.len() > CONTENT_LEN_MAX {
        let problem =
            format!("content: {} bytes; at most {CONTENT_LEN_MAX} at once, then append", bytes.len());
        return Err(Error::InvalidInput(problem));
    }
    Ok(bytes)
}

fn store(path: &Path, bytes: &[u8], mode: Mode) -> io::Result<u64> {
    let mut options = OpenOptions::new();
    match mode {
        Mode::Create => options.write(true).create_new(true),
        Mode::Replace => options.write(true).create(true).truncate(true),
        Mode::Append => options.append(true).create(true),
    };
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    Ok(file.metadata()?.len())
}
