//! What was granted, and errors that say so.

use std::{
    io,
    path::{Component, Path, PathBuf},
};

use skep::Error;

#[cfg(target_family = "wasm")]
mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "
            package skep-plugins:files;
            world granted {
                import wasi:filesystem/preopens@0.2.12;
            }
        ",
        generate_all,
    });
}

/// The folders that the host opened for this call.
pub struct Scope {
    pub roots: Vec<String>,
}

impl Scope {
    #[cfg(target_family = "wasm")]
    pub fn granted() -> Self {
        let opened = bindings::wasi::filesystem::preopens::get_directories();
        Self { roots: opened.into_iter().map(|(_, root)| root).collect() }
    }

    #[cfg(not(target_family = "wasm"))]
    pub fn granted() -> Self {
        Self { roots: vec!["/".to_owned()] }
    }

    /// The path as it is asked for, absolute and without `.` and `..`.
    pub fn path(&self, asked: &str) -> Result<PathBuf, Error> {
        let mut path = PathBuf::from("/");
        for part in Path::new(asked).components() {
            match part {
                Component::Normal(name) => path.push(name),
                Component::ParentDir if !path.pop() => {
                    return Err(Error::InvalidInput(format!("path: {asked} leads out of /")));
                }
                _ => {}
            }
        }
        if self.covers(&path) { Ok(path) } else { Err(self.nothing_there(&path)) }
    }

    /// Whether a root is this path or above it.
    pub fn covers(&self, path: &Path) -> bool {
        self.roots.iter().any(|root| path.starts_with(root))
    }

    fn nothing_there(&self, path: &Path) -> Error {
        let asked = path.display();
        Error::Failed(match self.roots.as_slice() {
            [] => format!(
                "{asked}: no files are granted; the operator can grant some with --fs HOST:GUEST[:rw]"
            ),
            roots => format!("{asked}: not granted; what is granted is below {}", roots.join(", ")),
        })
    }

    /// Says which path a failure is about, and what to do where it is for the operator.
    pub fn failed(&self, path: &Path, error: &io::Error) -> Error {
        let shown = path.display();
        Error::Failed(match error.kind() {
            io::ErrorKind::NotFound => format!("{shown}: there is no such file or folder"),
            io::ErrorKind::ReadOnlyFilesystem => {
                format!("{shown}: granted read-only; the operator can allow writing with --fs HOST:GUEST:rw")
            }
            io::ErrorKind::PermissionDenied => {
                format!(
                    "{shown}: not permitted; reading needs a grant (--fs HOST:GUEST), writing --fs HOST:GUEST:rw"
                )
            }
            io::ErrorKind::AlreadyExists => {
                format!("{shown}: exists already; mode `replace` or `append` would change it")
            }
            _ => format!("{shown}: {error}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(roots: &[&str], asked: &str, expect: Result<&str, &str>) {
        let scope = Scope { roots: roots.iter().map(|&root| root.to_owned()).collect() };
        match (scope.path(asked), expect) {
            (Ok(path), Ok(expect)) => assert_eq!(path, Path::new(expect)),
            (Err(Error::Failed(text) | Error::InvalidInput(text)), Err(part)) => {
                assert!(text.contains(part), "{text}")
            }
            (found, _) => panic!("{asked}: {found:?}"),
        }
    }

    #[test]
    fn paths_are_made_absolute_and_checked() {
        check(&["/data"], "/data/a.txt", Ok("/data/a.txt"));
        check(&["/data"], "data/./b/../a.txt", Ok("/data/a.txt"));
        check(&["/"], "anything", Ok("/anything"));
        check(&["/data"], "/database", Err("below /data"));
        check(&["/data", "/notes"], "/data/../etc", Err("below /data, /notes"));
        check(&["/"], "../x", Err("leads out"));
        check(&[], "/data", Err("--fs"));
    }
}
