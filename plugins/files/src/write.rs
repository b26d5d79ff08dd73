//! `write`: a new file, or a change to one that exists if that is what was asked for.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::Path,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use skep::Error;

use crate::scope::Scope;

const CONTENT_LEN_MAX: usize = 1 << 20;
/// As base64.
const BASE64_LEN_MAX: usize = CONTENT_LEN_MAX.div_ceil(3) * 4;

#[derive(Clone, Copy, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Mode {
    #[default]
    Create,
    Replace,
    Append,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteRequest {
    path: String,
    #[schemars(length(max = BASE64_LEN_MAX))]
    content: String,
    /// Whether `content` is base64
    #[serde(default)]
    base64: bool,
    #[serde(default)]
    mode: Mode,
    /// Make the folders above it
    #[serde(default)]
    parents: bool,
}

#[derive(Serialize, JsonSchema)]
pub struct Written {
    /// Bytes
    written: u64,
    /// Of the file, now
    size: u64,
}

/// Writes a file. Leaves one that exists alone unless `mode` says otherwise.
#[skep::tool]
pub fn write(request: WriteRequest) -> Result<Written, Error> {
    let scope = Scope::granted();
    let path = scope.path(&request.path)?;
    let bytes = content(request.content, request.base64)?;
    if let Some(parent) = path.parent().filter(|parent| request.parents && scope.covers(parent)) {
        fs::create_dir_all(parent).map_err(|error| scope.failed(parent, &error))?;
    }
    let size = store(&path, &bytes, request.mode).map_err(|error| scope.failed(&path, &error))?;
    Ok(Written { written: bytes.len() as u64, size })
}

fn content(content: String, base64: bool) -> Result<Vec<u8>, Error> {
    let bytes = if base64 {
        BASE64_STANDARD.decode(&content).map_err(|e| Error::InvalidInput(format!("content: {e}")))?
    } else {
        content.into_bytes()
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
