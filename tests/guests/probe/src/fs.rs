//! File operations through the standard library: the way that a real skill would try them.

use std::{
    fs::{self, File, FileTimes, OpenOptions},
    io::{self, Read, Write},
    time::{Duration, SystemTime},
};

use serde_json::{Value, json};

use crate::{
    exports::skep::skill::tools::Error,
    input::{text, worked},
};

/// `{"ok": …}` or `{"error": kind, "message": …, "errno": …}`.
pub fn run(input: &Value) -> Result<Value, Error> {
    let (op, path) = (text(input, "op")?, text(input, "path")?);
    let to = input["to"].as_str().unwrap_or_default();
    let data = input["data"].as_str().unwrap_or_default().as_bytes();
    let len = input["len"].as_u64().unwrap_or_default();
    let done = match op {
        "read" => read(path),
        "write" => nothing(fs::write(path, data)),
        "append" => nothing(append(path, data)),
        "create" => nothing(File::create_new(path)),
        "truncate" => nothing(OpenOptions::new().write(true).open(path).and_then(|file| file.set_len(len))),
        "mkdir" => nothing(fs::create_dir(path)),
        "rename" => nothing(fs::rename(path, to)),
        "unlink" => nothing(fs::remove_file(path)),
        "rmdir" => nothing(fs::remove_dir(path)),
        "set-times" => nothing(set_times(path)),
        "symlink" => nothing(symlink(to, path)),
        "hardlink" => nothing(fs::hard_link(path, to)),
        "readlink" => fs::read_link(path).map(|target| target.to_string_lossy().into()),
        "list" => list(path),
        "stat" => fs::metadata(path).map(|found| facts(&found)),
        "lstat" => fs::symlink_metadata(path).map(|found| facts(&found)),
        _ => return Err(Error::InvalidInput(format!("op: no operation {op}"))),
    };
    Ok(done.map_or_else(|error| fault(&error), worked))
}

fn nothing<T>(done: io::Result<T>) -> io::Result<Value> {
    done.map(|_| Value::Null)
}

/// What older C libraries say of a path that no grant covers; newer ones say that nothing is there.
const NOT_CAPABLE: i32 = 76;

fn fault(error: &io::Error) -> Value {
    let kind = match error.raw_os_error() {
        Some(NOT_CAPABLE) => io::ErrorKind::NotFound,
        _ => error.kind(),
    };
    json!({ "error": format!("{kind:?}"), "message": error.to_string(), "errno": error.raw_os_error() })
}

fn read(path: &str) -> io::Result<Value> {
    let mut bytes = Vec::new();
    File::open(path)?.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into())
}

fn append(path: &str, data: &[u8]) -> io::Result<()> {
    OpenOptions::new().append(true).open(path)?.write_all(data)
}

fn set_times(path: &str) -> io::Result<()> {
    let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let times = FileTimes::new().set_accessed(then).set_modified(then);
    // Without the right to write, the times are tried through a handle that may only read.
    OpenOptions::new().write(true).open(path).or_else(|_| File::open(path))?.set_times(times)
}

fn list(path: &str) -> io::Result<Value> {
    let mut names = fs::read_dir(path)?
        .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
        .collect::<io::Result<Vec<_>>>()?;
    names.sort();
    Ok(names.into())
}

fn facts(found: &fs::Metadata) -> Value {
    let kind = match found.file_type() {
        kind if kind.is_file() => "file",
        kind if kind.is_dir() => "directory",
        kind if kind.is_symlink() => "symlink",
        _ => "other",
    };
    let modified = found.modified().ok().and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
    json!({ "kind": kind, "size": found.len(), "modified_s": modified.map(|at| at.as_secs()) })
}

/// The standard library keeps WASI's symlinks behind an unstable feature.
fn symlink(target: &str, path: &str) -> io::Result<()> {
    unsafe extern "C" {
        fn symlink(target: *const std::ffi::c_char, path: *const std::ffi::c_char) -> i32;
    }
    let (target, path) = (std::ffi::CString::new(target)?, std::ffi::CString::new(path)?);
    // SAFETY: both are strings that end in a zero and live through the call.
    match unsafe { symlink(target.as_ptr(), path.as_ptr()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
