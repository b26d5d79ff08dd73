//! Where tests find what `make guests` built.

use std::path::{Path, PathBuf};

/// The top of the repository.
pub fn repository() -> PathBuf {
    let room = Path::new(env!("CARGO_MANIFEST_DIR"));
    room.ancestors().nth(2).unwrap_or(room).to_owned()
}

/// The component of the fixture guest `name`.
///
/// # Panics
/// If it isn't built.
#[track_caller]
pub fn guest(name: &str) -> PathBuf {
    built(format!("target/guests/out/{name}.wasm"))
}

/// The folder of the example skill `name`: its component, `skill.toml` and `SKILL.md`.
///
/// # Panics
/// If it isn't built.
#[track_caller]
pub fn skill_folder(name: &str) -> PathBuf {
    built(format!("target/skills/{name}"))
}

#[track_caller]
fn built(relative: String) -> PathBuf {
    let path = repository().join(relative);
    assert!(path.exists(), "{} is missing: run `make guests`", path.display());
    path
}
