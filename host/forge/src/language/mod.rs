//! The languages: a file each, which says how a project of that language becomes a component.
//!
//! # Adding a language
//!
//! 1. `src/language/LANG.rs` with a `pub(super) static RECIPE: Recipe`. A language file is self-contained:
//!    it names the [`Program`]s it needs as constants and has one function `build`.
//! 2. Its name in [`RECIPES`], below.
//! 3. `sdk/LANG/library/` (if it has one; put into projects as `.skep/sdk/`) and `sdk/LANG/template/SHAPE/`.
//!    All of `sdk/` is embedded: no other list names the files.
//!
//! # What `build` can rely on
//!
//! - The project was read and its shape is one of [`Recipe::shapes`]; its WIT was parsed and is good.
//! - `.skep/sdk` and `.skep/wit` (Skep's WIT, `skill.wit` and `deps/`) are there and match this program;
//!   `.skep/out` is there for all that the recipe generates, and keeps what the last build left.
//! - [`Project::world`] has the world with its folders ([`World::dirs`](crate::World)), name and `Resolve`:
//!   the project's own for typed skills, Skep's `skep:skill/skill` for contract skills, none for commands.
//! - [`Tools::command`] finds a program or fails with the way to get it; [`Tools::run`] runs it.
//!
//! It leaves a component, or a core module that [`componentize`](crate::componentize) takes, anywhere below
//! the project, and returns its path. Componentising, attaching the WIT and putting the component into its
//! place are done for it. A missing tool, package or target is always [`ForgeError::MissingTool`], a failed
//! one is whatever [`Tools::run`] returns: never text that was made up here.
//!
//! # Templates
//!
//! `skep new` writes `sdk/template/SHAPE/` (`skill.toml`, `README.md`, `.gitignore`, `tests/cases.toml`; for
//! typed skills `wit/world.wit`) and over it `sdk/LANG/template/SHAPE/`, whose files win. A name's suffix
//! `.tmpl` is dropped. In file names and texts `{{name}}` is kebab-case, `{{name_snake}}` and `{{NameCamel}}`
//! say what they are; `{{language}}`, `{{title}}` and `{{shape}}` are the recipe's, as is `{{first}}`,
//! the line before the first build.
//!
//! So that one README and one `tests/cases.toml` fit all languages, every template has the same one tool:
//! - typed: the world `skill` in `wit/world.wit` (package `local:skill`) exports `greet: func(name: string) -> result<string, string>`,
//!   which gives `Hello, Ann!`, or the error `whom shall I greet?` for an empty name;
//! - contract: a tool `greet`, `{"name": string}` to `{"greeting": "Hello, Ann!"}`, which fails (`failed`, that is
//!   `tool_error`) with `whom shall I greet?` for an empty name; the word `Hello` is the configuration value
//!   `greeting`, `Hello` if it isn't set;
//! - command: prints `Hello, Ann!` for the argument `Ann`; without an argument it writes
//!   `whom shall I greet?` to standard error and ends with code 1.

mod c;
mod go;
mod javascript;
mod python;
mod rust;
mod zig;

use crate::tools::{Program, Said, Tools};
use crate::{ForgeError, Project, ProjectShape};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// The languages there are, in the order that people are told of them.
static RECIPES: [&Recipe; 7] = [
    &rust::RECIPE,
    &python::RECIPE,
    &javascript::JAVASCRIPT,
    &javascript::TYPESCRIPT,
    &go::RECIPE,
    &c::RECIPE,
    &zig::RECIPE,
];

/// How a language makes skills.
struct Recipe {
    /// Its name as people type it, and as `[build] language` has it.
    name: &'static str,
    /// Other names that are understood.
    aliases: &'static [&'static str],
    /// Its name as people write it.
    title: &'static str,
    /// Its folder in `sdk/`; languages may share one.
    sdk: &'static str,
    /// The folder of its templates in that folder.
    template: &'static str,
    /// The shapes that it makes, the first by default. Each has a template.
    shapes: &'static [ProjectShape],
    /// Why it makes no others; empty if it makes all.
    why_no_others: &'static str,
    /// What its tools write into a project besides `.skep`: folders, which git ignores, end with `/`;
    /// others are files such as locks, which git keeps. `skep dev` doesn't watch them.
    leaves: &'static [&'static str],
    /// What is typed in a new project before its first build, if anything must be.
    first: Option<&'static str>,
    /// Whether its tools are there.
    ready: fn(&Tools<'_>) -> Result<(), ForgeError>,
    /// Makes a component or core module of a project.
    build: fn(&Project, &Tools<'_>) -> Result<Artifact, ForgeError>,
}

/// What a recipe made: the path of a component, or of a core module that can become one.
#[derive(Debug)]
pub(crate) struct Artifact(pub(crate) PathBuf);

/// A language that skills are written in.
#[derive(Clone, Copy)]
pub struct Language(&'static Recipe);

impl Language {
    /// All languages.
    pub fn all() -> impl Iterator<Item = Self> {
        RECIPES.into_iter().map(Self)
    }

    /// Its name as people type it.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// Its name as people write it.
    pub fn title(self) -> &'static str {
        self.0.title
    }

    /// The shapes that it makes, the first by default.
    pub fn shapes(self) -> &'static [ProjectShape] {
        self.0.shapes
    }

    /// What is typed in a new project before its first build, if anything must be.
    pub fn first(self) -> Option<&'static str> {
        self.0.first
    }

    /// The names of all languages, as people type them.
    pub fn names() -> String {
        RECIPES.map(|recipe| recipe.name).join(", ")
    }

    /// What its tools write into a project besides `.skep`; folders end with `/`.
    pub fn leaves(self) -> &'static [&'static str] {
        self.0.leaves
    }

    /// Its folder in `sdk/`.
    pub(crate) fn sdk(self) -> &'static str {
        self.0.sdk
    }

    /// The folder of its template for a shape, from the top of the repository.
    pub(crate) fn template(self, shape: ProjectShape) -> String {
        format!("sdk/{}/{}/{shape}", self.0.sdk, self.0.template)
    }

    /// Whether it makes skills of this shape; if not, why.
    pub(crate) fn check(self, shape: ProjectShape) -> Result<(), ForgeError> {
        if self.0.shapes.contains(&shape) {
            return Ok(());
        }
        Err(ForgeError::NoSuchShape { language: self.0.title, shape, why: self.0.why_no_others })
    }

    /// Whether its tools are there; if not, which one is missing and how to get it.
    pub fn ready(self, tools: &Tools<'_>) -> Result<(), ForgeError> {
        (self.0.ready)(tools)
    }

    /// Runs its tools.
    pub(crate) fn build(self, project: &Project, tools: &Tools<'_>) -> Result<Artifact, ForgeError> {
        (self.0.build)(project, tools)
    }
}

impl FromStr for Language {
    type Err = ForgeError;
    fn from_str(text: &str) -> Result<Self, ForgeError> {
        let lower = text.to_lowercase();
        let is_named = |recipe: &&Recipe| recipe.name == lower || recipe.aliases.contains(&lower.as_str());
        let found = RECIPES.into_iter().find(is_named).map(Self);
        found.ok_or_else(|| ForgeError::UnknownLanguage { name: text.to_owned(), known: Self::names() })
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name)
    }
}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.title)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded;

    #[test]
    fn every_shape_of_every_language_has_a_template() {
        for language in Language::all() {
            for shape in language.shapes() {
                let template = language.template(*shape);
                assert!(embedded::below(&template).count() > 0, "{template} is empty");
            }
            assert_eq!(language.shapes()[0], ProjectShape::Contract, "what `skep new` makes if not told");
            let makes_all = language.shapes().len() == 3;
            assert_eq!(makes_all, language.0.why_no_others.is_empty(), "{language:?}");
        }
    }

    #[test]
    fn languages_are_found_by_the_names_people_type() {
        for language in Language::all() {
            for name in language.0.aliases.iter().chain([&language.0.name, &language.0.title]) {
                assert_eq!(name.parse::<Language>().unwrap().name(), language.name());
            }
        }
        let said = "cobol".parse::<Language>().unwrap_err().to_string();
        assert!(said.contains("cobol") && said.contains("rust"), "{said}");
    }
}
