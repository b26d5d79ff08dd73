//! The repository's own files: what git tracks or would, not what a build leaves behind.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use walkdir::WalkDir;

use crate::File;

/// What a build leaves behind, where there is no git to tell.
const LEFT_BEHIND: [&str; 4] = [".git", "target", "node_modules", "__pycache__"];

/// All files of the repository at `root`, by path.
pub fn files(root: &Path) -> io::Result<Vec<File>> {
    let mut paths = if root.join(".git").exists() { git_paths(root)? } else { walked_paths(root)? };
    paths.sort();
    paths
        .into_iter()
        // Tracked, but deleted or a link.
        .filter(|path| fs::symlink_metadata(root.join(path)).is_ok_and(|about| about.is_file()))
        .map(|path| {
            let bytes = fs::read(root.join(&path))?;
            Ok(File { path, bytes })
        })
        .collect()
}

fn git_paths(root: &Path) -> io::Result<Vec<String>> {
    let output = Command::new("git")
        // The checkout may belong to somebody else.
        .args(["-c", "safe.directory=*", "ls-files", "-z"])
        .args(["--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(io::Error::other(said));
    }
    let listing = String::from_utf8_lossy(&output.stdout);
    let paths = listing.split('\0').filter(|path| !path.is_empty());
    Ok(paths.map(str::to_owned).collect())
}

fn walked_paths(root: &Path) -> io::Result<Vec<String>> {
    let left_behind = |name: &str| LEFT_BEHIND.contains(&name);
    WalkDir::new(root)
        .min_depth(1)
        .into_iter()
        .filter_entry(|entry| !left_behind(&entry.file_name().to_string_lossy()))
        .filter(|entry| !entry.as_ref().is_ok_and(|entry| entry.file_type().is_dir()))
        .map(|entry| {
            let entry = entry?;
            let path = entry.path().strip_prefix(root).unwrap_or(entry.path());
            Ok(path.to_string_lossy().into_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(root: &Path) -> Vec<String> {
        let files = files(root).unwrap();
        files.into_iter().map(|file| file.path).collect()
    }

    #[test]
    fn what_a_build_leaves_is_no_file_of_the_repository() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("b.rs", "");
        write("a/c.rs", "");
        write("target/d.rs", "");
        write(".gitignore", "/target");
        let expected = [".gitignore", "a/c.rs", "b.rs"];
        assert_eq!(paths(root.path()), expected);

        let git = |arguments: &[&str]| {
            let done = Command::new("git").args(arguments).current_dir(root.path()).output().unwrap();
            assert!(done.status.success(), "{done:?}");
        };
        git(&["init"]);
        git(&["add", "b.rs"]);
        assert_eq!(paths(root.path()), expected);
        fs::remove_file(root.path().join("b.rs")).unwrap();
        assert_eq!(paths(root.path()), [".gitignore", "a/c.rs"]);
    }
}
