//! Lists what `skep new` and `skep build` put into projects, for `src/embedded.rs`: the libraries and
//! templates of `sdk/`, and `wit/`.

use std::error::Error;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// What tools leave behind when somebody works on the SDKs in place.
const LEFT_BEHIND: [&str; 9] = [
    ".pytest_cache",
    ".ruff_cache",
    ".skep",
    ".venv",
    ".zig-cache",
    "__pycache__",
    "node_modules",
    "target",
    "zig-out",
];

fn main() -> Result<(), Box<dyn Error>> {
    let top = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../..").canonicalize()?;
    let mut files = Vec::new();
    for folder in ["wit", "sdk"] {
        println!("cargo::rerun-if-changed={}", top.join(folder).display());
        collect(&top.join(folder), &mut files)?;
    }
    let mut table = String::from("pub(super) static FILES: &[(&str, &[u8])] = &[\n");
    for file in files {
        let name = file.strip_prefix(&top)?.to_string_lossy().into_owned();
        if is_wanted(&name) {
            writeln!(table, "    ({name:?}, include_bytes!({:?})),", file.to_string_lossy())?;
        }
    }
    table.push_str("];\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("embedded.rs"), table)?;
    Ok(())
}

/// All files below a folder, in the order of their names.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    let mut entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let is_kept = !LEFT_BEHIND.iter().any(|name| entry.file_name() == *name);
        match entry.file_type()? {
            kind if kind.is_dir() && is_kept => collect(&entry.path(), files)?,
            kind if kind.is_file() && is_kept => files.push(entry.path()),
            _ => {}
        }
    }
    Ok(())
}

/// Of `sdk/`, libraries and templates; no documentation and no tests.
fn is_wanted(name: &str) -> bool {
    let mut parts = name.split('/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some("wit"), ..) => name.ends_with(".wit"),
        (Some("sdk"), Some("template"), _) => true,
        (Some("sdk"), Some(_), Some(part)) => part == "library" || part.starts_with("template"),
        _ => false,
    }
}
