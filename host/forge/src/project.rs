//! A skill's project: a folder with `skill.toml`, sources, and `.skep/`, which each build writes anew.

use crate::embedded::{self, Embedded};
use crate::{ForgeError, Language, ProjectShape, World};
use skep_core::{Digest, Manifest};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What is kept in `.skep` to know whether it is up to date.
const STAMP: &str = "made-from";

/// A project that can be built.
#[derive(Debug, Clone)]
pub struct Project {
    dir: PathBuf,
    manifest: Manifest,
    language: Language,
    shape: ProjectShape,
}

impl Project {
    /// Reads a project's `skill.toml`.
    pub fn open(dir: &Path) -> Result<Self, ForgeError> {
        let dir = std::path::absolute(dir).map_err(ForgeError::at(dir))?;
        let path = dir.join("skill.toml");
        let text = fs::read_to_string(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => ForgeError::NoProject(dir.clone()),
            _ => ForgeError::Io { path: path.clone(), source: error },
        })?;
        let manifest =
            Manifest::parse(&text).map_err(|source| ForgeError::Manifest { path: path.clone(), source })?;
        let build = manifest.build.as_ref().ok_or(ForgeError::NoBuild(path))?;
        let (language, shape) = (build.language.parse::<Language>()?, build.shape.parse()?);
        language.check(shape)?;
        Ok(Self { dir, manifest, language, shape })
    }

    /// Its folder, as an absolute path.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Its manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The language of its sources.
    pub fn language(&self) -> Language {
        self.language
    }

    /// How it offers its tools.
    pub fn shape(&self) -> ProjectShape {
        self.shape
    }

    /// `.skep`: what belongs to Skep, and what recipes generate; no source.
    pub fn skep_dir(&self) -> PathBuf {
        self.dir.join(".skep")
    }

    /// `.skep/sdk`: the library of the project's language.
    pub fn sdk_dir(&self) -> PathBuf {
        self.skep_dir().join("sdk")
    }

    /// `.skep/wit`: Skep's own WIT, with all that it refers to in `deps`.
    pub fn skep_wit_dir(&self) -> PathBuf {
        self.skep_dir().join("wit")
    }

    /// `.skep/out`: for what a recipe generates and builds. It is there and keeps what earlier builds left.
    pub fn out_dir(&self) -> PathBuf {
        self.skep_dir().join("out")
    }

    /// `wit`: the project's own WIT, where it has one.
    pub fn wit_dir(&self) -> PathBuf {
        self.dir.join("wit")
    }

    /// Where the component is put.
    pub fn component(&self) -> PathBuf {
        self.dir.join(&self.manifest.skill.component)
    }

    /// The world that the component has; none for a command.
    pub fn world(&self) -> Result<Option<World>, ForgeError> {
        match self.shape {
            ProjectShape::Command => Ok(None),
            ProjectShape::Typed | ProjectShape::Contract => World::of(self).map(Some),
        }
    }

    /// Puts the SDK and the WIT of this very program into `.skep`. Touches nothing that is up to date, so
    /// that no tool builds without need.
    pub(crate) fn refresh(&self) -> Result<(), ForgeError> {
        let (sdk, wit) = (self.sdk_dir(), self.skep_wit_dir());
        let library = format!("sdk/{}/library", self.language.sdk());
        let stamp = stamp(embedded::below(&library).chain(embedded::below("wit")));
        let stamp_path = self.skep_dir().join(STAMP);
        make_dir(&self.out_dir())?;
        let is_current = fs::read_to_string(&stamp_path).is_ok_and(|found| found == stamp);
        if is_current && sdk.is_dir() && wit.is_dir() {
            return Ok(());
        }
        write_anew(&sdk, embedded::below(&library))?;
        write_anew(&wit, embedded::below("wit"))?;
        fs::write(&stamp_path, stamp).map_err(ForgeError::at(&stamp_path))
    }
}

fn stamp(files: impl Iterator<Item = Embedded>) -> String {
    let parts: Vec<&[u8]> = files.flat_map(|(name, bytes)| [name.as_bytes(), bytes]).collect();
    Digest::of_parts(&parts).to_string()
}

fn write_anew(dir: &Path, files: impl Iterator<Item = Embedded>) -> Result<(), ForgeError> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(ForgeError::at(dir)(error)),
        _ => {}
    }
    make_dir(dir)?;
    for (name, bytes) in files {
        write_file(&dir.join(name), bytes)?;
    }
    Ok(())
}

/// Writes a file and the folders above it.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), ForgeError> {
    path.parent().map_or(Ok(()), make_dir)?;
    fs::write(path, bytes).map_err(ForgeError::at(path))
}

fn make_dir(dir: &Path) -> Result<(), ForgeError> {
    fs::create_dir_all(dir).map_err(ForgeError::at(dir))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write_manifest(dir: &Path, build: &str) {
        let skill = "[skill]\nname = \"a\"\nversion = \"0.1.0\"\ncomponent = \"a.wasm\"\n";
        fs::write(dir.join("skill.toml"), format!("{skill}{build}")).unwrap();
    }

    #[test]
    fn what_is_no_project_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let check = |says: &str| {
            let said = Project::open(dir.path()).unwrap_err().to_string();
            assert!(said.contains(says), "{said}");
        };
        check("skep new");
        write_manifest(dir.path(), "");
        check("[build]");
        write_manifest(dir.path(), "[build]\nlanguage = \"cobol\"\nshape = \"typed\"\n");
        check("cobol");
        write_manifest(dir.path(), "[build]\nlanguage = \"rust\"\nshape = \"round\"\n");
        check("round");
        write_manifest(dir.path(), "[built]\n");
        check("built");
    }

    #[test]
    fn what_is_up_to_date_is_not_touched() {
        let dir = tempfile::tempdir().unwrap();
        write_manifest(dir.path(), "[build]\nlanguage = \"rust\"\nshape = \"command\"\n");
        let project = Project::open(dir.path()).unwrap();
        let (mark, stamp) = (project.skep_wit_dir().join("mark"), project.skep_dir().join(STAMP));
        project.refresh().unwrap();
        fs::write(&mark, "").unwrap();
        project.refresh().unwrap();
        assert!(mark.exists());
        fs::write(&stamp, "of another version").unwrap();
        project.refresh().unwrap();
        assert!(!mark.exists() && project.skep_wit_dir().join("deps/http.wit").exists());
        fs::remove_dir_all(project.sdk_dir()).unwrap();
        project.refresh().unwrap();
        assert!(project.sdk_dir().is_dir());
    }
}
