//! Why a project can't be made or built; each says what to do about it.

use crate::ComponentError;
use crate::shape::ProjectShape;
use skep_core::ManifestError;
use std::io;
use std::path::{Path, PathBuf};

/// Why a project can't be made or built.
#[derive(Debug, thiserror::Error)]
pub enum ForgeError {
    /// Nobody knows the language.
    #[error("no language `{name}`; there are: {known}")]
    UnknownLanguage {
        /// As it was typed.
        name: String,
        /// The languages there are.
        known: String,
    },
    /// Nobody knows the shape.
    #[error("no shape `{0}`; there are: typed, contract, command")]
    UnknownShape(String),
    /// The language doesn't make skills of this shape.
    #[error("{language} makes no {shape} skills: {why}")]
    NoSuchShape {
        /// The language.
        language: &'static str,
        /// The shape.
        shape: ProjectShape,
        /// Why not.
        why: &'static str,
    },
    /// There is something where the project should be.
    #[error("`{}` isn't empty: name another folder with --dir, or empty it", .0.display())]
    NotEmpty(PathBuf),
    /// There is no project.
    #[error("`{}` is no skill's folder: it has no skill.toml; `skep new LANG NAME` makes a project", .0.display())]
    NoProject(PathBuf),
    /// The manifest can't be used.
    #[error("`{}`: {source}", path.display())]
    Manifest {
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it.
        source: ManifestError,
    },
    /// The manifest doesn't say how the skill is built.
    #[error(
        "`{}` doesn't say how the skill is built: add\n  [build]\n  language = \"LANG\"\n  shape = \"typed\"",
        .0.display()
    )]
    NoBuild(PathBuf),
    /// The WIT of the project can't be used.
    #[error("the WIT can't be used: {0}")]
    Wit(String),
    /// A tool isn't installed.
    #[error("{tool} is missing: {why}{}", ways(how))]
    MissingTool {
        /// The tool.
        tool: String,
        /// What it is needed for.
        why: String,
        /// Commands that install it, the usual one first.
        how: Vec<String>,
    },
    /// A tool failed.
    #[error("`{command}` failed ({status})\n{said}")]
    ToolFailed {
        /// The command line.
        command: String,
        /// How it ended.
        status: String,
        /// The end of what it printed.
        said: String,
    },
    /// The tools ended well and left nothing that can become a component.
    #[error("{tool} made no WebAssembly: {way_out}")]
    NoArtifact {
        /// The tool.
        tool: &'static str,
        /// What to change.
        way_out: &'static str,
    },
    /// What the tools made can't become a component.
    #[error(transparent)]
    Component(#[from] ComponentError),
    /// The cases of a project can't be used.
    #[error("`{}`: {said}", path.display())]
    Cases {
        /// Where they are.
        path: PathBuf,
        /// What is wrong with them.
        said: String,
    },
    /// A file can't be read or written; its source says why.
    #[error("`{}`", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl ForgeError {
    /// Names the file that an error of the system is about.
    pub fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { path: path.to_owned(), source }
    }
}

fn ways(how: &[String]) -> String {
    let lines = how.iter().enumerate();
    lines.map(|(n, how)| format!("\n  {} {how}", if n == 0 { "get it:" } else { "or:    " })).collect()
}
